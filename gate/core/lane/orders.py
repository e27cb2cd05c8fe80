"""Standing orders of staff: given, taken back, and ended by time."""

from dataclasses import replace
from datetime import UTC, datetime

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Note
from gate.core.lane.events import Ordered, OrdersDue
from gate.core.lane.terms import moved
from gate.core.lane.transition import Transition


def order(lane: Transition, event: Ordered) -> None:
    """Take an order, given or taken back.  One that holds already keeps its terms, but for another end."""
    state, mode = lane.state, event.mode
    held = state.terms.get(mode)
    others = {other: terms for other, terms in state.terms.items() if other != mode}
    if not event.on:
        if mode in state.orders:
            lane.do(Note(JournalEvent.MODE, f"{mode} off"))
        lane.state = replace(state, orders=state.orders - {mode}, terms=others)
        return
    until = event.terms.until
    if mode in state.orders and until == (held.until if held else None):
        return
    end = f" until {datetime.fromtimestamp(until, UTC).isoformat(timespec='seconds')}" if until is not None else ""
    lane.do(Note(JournalEvent.MODE, f"{mode} on{end}"))
    lane.state = replace(state, orders=state.orders | {mode}, terms={**others, mode: event.terms})


def due(lane: Transition, event: OrdersDue) -> None:
    """End the orders whose time is over.  None lasts longer from now on than it was meant to in all, whatever the
    clock did."""
    terms = {mode: moved(one, event.now) for mode, one in lane.state.terms.items()}
    over = frozenset(mode for mode, one in terms.items() if one.until is not None and one.until <= event.now)
    for mode in sorted(over):
        lane.do(Note(JournalEvent.MODE, f"{mode} off: its time is over"))
    left = {mode: one for mode, one in terms.items() if mode not in over}
    lane.state = replace(lane.state, orders=lane.state.orders - over, terms=left)
