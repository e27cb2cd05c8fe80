"""The way out by the request-to-exit button (REX).  Leaving is always allowed and needs no pass."""

from dataclasses import replace

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Note
from gate.core.lane.state import BARRIER
from gate.core.lane.transition import Transition
from gate.core.model import Direction, Stance


def button(lane: Transition, *, pressed: bool) -> None:
    """Take a press or a release of the button."""
    if not pressed:
        lane.state = replace(lane.state, rex_waits=False)
    elif why := _why_it_waits(lane):
        lane.state = replace(lane.state, rex_waits=True)
        lane.do(Note(JournalEvent.REX, f"not heard: {why}", Direction.EXIT))
    else:
        _release(lane)


def tick(lane: Transition) -> None:
    """End the release when its time is over."""
    if lane.state.exit is not None and lane.at >= lane.state.exit:
        judge_unseen(lane)
        lane.end_exit()


def judge_unseen(lane: Transition) -> None:
    """Count a release that no sensor ended.  Where the door has a contact, a press without an opening proves
    nothing about the sensor."""
    state, equipment = lane.state, lane.equipment
    if state.exit is None or Direction.EXIT not in equipment.sensed or equipment.watchers & state.in_doubt:
        return
    began = state.exit - equipment.lasts(Direction.EXIT, extended=equipment.always_extended)
    if state.door.opened_at >= began or not equipment.door.contact:
        lane.state = state.unseen(Direction.EXIT)


def apply_waiting_button(lane: Transition) -> None:
    """Serve a button that had to wait, once the reason is gone and if it is still pressed."""
    if lane.state.rex_waits and not _why_it_waits(lane):
        _release(lane)


def _why_it_waits(lane: Transition) -> str:
    """Return why the button has to wait, or "".  In a fire only a missing barrier makes it wait."""
    if BARRIER in lane.state.missing:
        return "the barrier cannot be driven"
    if lane.state.fire:
        return ""
    if lane.state.interlocked:
        return "the other door is open"
    return lane.state.door.why_rex_is_ignored(lane.at, lane.state.granted_at, lane.equipment.door)


def _release(lane: Transition) -> None:
    """Release the way out, journalled before it opens."""
    equipment = lane.equipment
    lane.state = replace(lane.state, rex_waits=False)
    if lane.state.stance is Stance.FREE:
        lane.do(Note(JournalEvent.REX, "pressed; the way is free", Direction.EXIT))
        return
    until = lane.at + equipment.lasts(Direction.EXIT, extended=equipment.always_extended)
    lane.state = replace(lane.state, exit=until)
    lane.do(Note(JournalEvent.REX, "released", Direction.EXIT, counts=Direction.EXIT not in equipment.sensed))
    lane.release(Direction.EXIT, extended=equipment.always_extended)
