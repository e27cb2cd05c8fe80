"""Fire, lost devices, contacts that prove nothing, and the reset by staff."""

from dataclasses import replace

from gate.core.journal_event import JournalEvent
from gate.core.lane.door import FAULTS
from gate.core.lane.effects import Amnesty, EndGrant, Note, OrderRefused, Passed
from gate.core.lane.events import ContactFault
from gate.core.lane.modes import Alarm
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.state import BARRIER
from gate.core.lane.transition import Transition
from gate.core.model import Stance


def fire(lane: Transition, *, active: bool) -> None:
    """Take a change of the fire loop.  Escape is the wiring's job: the lane stops granting, reports the alarm,
    steps aside, and stays so until reset."""
    if active == lane.state.loop_open:
        return
    lane.state = state = replace(lane.state, loop_open=active)
    if not active:
        lane.do(Note(JournalEvent.FIRE, "the loop is closed again: to be reset by staff"))
        return
    if state.fire:
        return
    if state.grant:
        lane.do(EndGrant(state.grant.seq, Passed.UNKNOWN))  # whether they went is unknown
    lane.do(Note(JournalEvent.FIRE, "alarm"))
    lane.state = replace(state, fire=True, grant=None, exit=None)


def reset(lane: Transition) -> None:
    """Reset what is latched.  Alarms whose cause lasts stay."""
    door = replace(lane.state.door, alarms=lane.state.door.alarms - {*FAULTS, Alarm.FORCED_OPEN})
    lane.state = state = replace(lane.state, door=door, unseen_entries=0, unseen_exits=0)
    if not state.fire:
        lane.do(Note(JournalEvent.RESET, "by staff"))
        return
    if state.loop_open:
        lost = f", or its contact is lost ({', '.join(sorted(state.missing))})" if state.missing else ""
        why = OrderRefusal(OrderCode.FIRE_LOOP_OPEN, f"the fire loop is still open{lost}")
        lane.do(OrderRefused(JournalEvent.RESET, why))
        return
    lane.state = replace(state, fire=False)
    lane.lock()
    lane.do(Note(JournalEvent.FIRE, "over, reset by staff"), Amnesty())


def device(lane: Transition, name: str, *, present: bool) -> None:
    """Take a device that came up or was lost."""
    state = lane.state
    missing = state.missing - {name} if present else state.missing | {name}
    lane.state = state = replace(state, missing=missing)
    if name == BARRIER:  # a lost or new barrier is locked and controlled
        door = replace(state.door, unlock_due=None)
        lane.state = state = replace(state, stance=Stance.CONTROLLED, exit=None, door=door)
        if not present and state.grant and not (state.grant.released or state.grant.opened):
            lane.end_grant(state.grant, Passed.NOT_PASSED)
    if not present and name in lane.equipment.watchers:
        lane.mark_grant_uncertain()


def contact(lane: Transition, event: ContactFault) -> None:
    """Take a contact that sticks or chatters, or no longer does.  Meanwhile its reports prove nothing."""
    faults = frozenset(fault for fault in lane.state.faults if fault.what != event.what)
    lane.state = replace(lane.state, faults=faults | {event} if event.on else faults)
    if event.on and event.source in lane.equipment.watchers:
        lane.mark_grant_uncertain()
    lane.do(Note(JournalEvent.CONTACT, event.what if event.on else f"{event.what}: over"))
