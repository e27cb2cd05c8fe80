"""Grants: their begin, service and end.  The rules are those of `gate.core.lane.step`."""

from dataclasses import replace

from gate.core.journal_event import JournalEvent
from gate.core.lane import exits
from gate.core.lane.door import Relock
from gate.core.lane.effects import EndGrant, Note, OrderRefused, Passed
from gate.core.lane.events import Granted, ReleaseFailed
from gate.core.lane.modes import Mode, refusal
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.state import BARRIER, Equipment, LaneState, OpenGrant
from gate.core.lane.transition import Transition
from gate.core.model import Direction, Stance

EXTENDS_FOR = 60.0
"""Seconds in which the next person has more time once staff ordered that: they see that person come."""


def begin(lane: Transition, event: Granted) -> None:
    """Begin a grant that is recorded."""
    state, equipment = lane.state, lane.equipment
    # Staff need no reader and see whether the door obeys: only the barrier must be there.
    ready = not (state.taken or BARRIER in state.missing) if event.staff else not (state.busy or state.out_of_order)
    if not ready or not _is_served(state, event.direction, staff=event.staff):
        # Decided before the alarm, the order or the other grant was known: nobody goes through on it.
        lane.do(EndGrant(event.seq, Passed.NOT_PASSED, moved=False))
        return
    armed = state.extend_until is not None and event.at < state.extend_until
    extended = equipment.always_extended or armed
    deadline = event.at + equipment.lasts(event.direction, extended=extended)
    free = state.stance is Stance.FREE
    blind = bool(equipment.watchers & state.in_doubt) or (
        free and event.direction not in equipment.sensed
    )  # the door opens for anybody
    grant = OpenGrant(event.seq, event.direction, deadline, event.staff, released=free, blind=blind)
    lane.state = replace(state, grant=grant, granted_at=event.at, extend_until=None)
    lane.release(event.direction, extended=extended)


def released(lane: Transition) -> None:
    """Note that the barrier has taken the order."""
    if lane.state.grant:
        lane.state = replace(lane.state, grant=replace(lane.state.grant, released=True))


def release_failed(lane: Transition, event: ReleaseFailed) -> None:
    """End the grant whose release the barrier did not take: nobody waits for it."""
    if lane.state.exit is not None:
        lane.do(Note(JournalEvent.REX, "the barrier did not open", Direction.EXIT))
    lane.state = replace(lane.state, exit=None)
    if grant := lane.state.grant:
        passed = Passed.UNKNOWN if grant.released or grant.opened else Passed.NOT_PASSED
        lane.end_grant(grant, passed, moved=event.moved, cause=event.cause)
    else:
        lane.lock()


def crossed(lane: Transition, direction: Direction) -> None:
    """Take a person seen by a passage sensor."""
    lane.state = state = lane.state.seen(direction)
    if direction is Direction.EXIT and state.exit is not None:
        lane.end_exit()
        lane.do(Note(JournalEvent.PASSAGE, "by the exit button", direction, counts=True))
    elif state.grant and state.grant.direction is direction:
        lane.end_grant(state.grant, Passed.PASSED)
    elif not state.fire:
        way = "the way is free" if state.stance is Stance.FREE else "without a grant"
        lane.do(Note(JournalEvent.PASSAGE, way, direction, counts=True))


def extend(lane: Transition, *, on: bool) -> None:
    """Give the person at the lane more time; without one, the next, if that one comes soon."""
    grant = lane.state.grant
    if not on:
        if lane.state.extend_until is not None:
            lane.do(Note(JournalEvent.EXTENDED, "not the next person"))
        lane.state = replace(lane.state, extend_until=None)
    elif grant is None:
        if lane.state.extend_until is None:
            lane.do(Note(JournalEvent.EXTENDED, "the next person"))
        lane.state = replace(lane.state, extend_until=lane.at + EXTENDS_FOR)
    elif lane.state.interlocked:  # it is not released again then, and the old release would outlast its limit
        why = OrderRefusal(OrderCode.BUSY, "the other door is open")
        lane.do(OrderRefused(JournalEvent.EXTENDED, why, grant.direction))
    else:
        deadline = lane.at + lane.equipment.lasts(grant.direction, extended=True)
        lane.state = replace(lane.state, grant=replace(grant, deadline=deadline))
        lane.do(Note(JournalEvent.EXTENDED, "this person", grant.direction))
        lane.release(grant.direction, extended=True)


def door_moved(lane: Transition, *, opened: bool) -> None:
    """Take a report of the position switch: whose opening it is, and whether it ends a release."""
    state, equipment = lane.state, lane.equipment.door
    if opened == state.door.open:
        return
    expected = bool(state.grant or state.exit is not None or state.fire or state.stance is Stance.FREE)
    allowed = expected or state.mode is Mode.MAINTENANCE
    state = replace(state, door=state.door.contact_moved(opened, lane.at, equipment, allowed=allowed))
    grant = state.grant
    if opened and grant:  # with a person leaving too, it is unknown who opened it
        grant = replace(grant, opened=True, blind=grant.blind or state.exit is not None)
        state = replace(state, grant=grant)
    lane.state = state
    if equipment.relock is not (Relock.ON_OPEN if opened else Relock.ON_CLOSE) or not expected:
        return
    if grant and grant.direction not in lane.equipment.sensed and grant.opened:
        _time_is_up(lane, grant)
    elif grant is None and state.exit is not None:
        if not opened:
            exits.judge_unseen(lane)
        lane.end_exit()


def tick(lane: Transition) -> None:
    """End what is over by time: the grant, and more time for a person who did not come."""
    if lane.state.extend_until is not None and lane.at >= lane.state.extend_until:
        lane.state = replace(lane.state, extend_until=None)
    grant = lane.state.grant
    if grant and lane.at >= grant.deadline:
        _time_is_up(lane, grant)


def end_what_the_mode_forbids(lane: Transition) -> None:
    """End the open grant if nobody is let through any more."""
    grant = lane.state.grant
    if grant and not _is_served(lane.state, grant.direction, staff=grant.staff):
        lane.end_grant(grant, _passed_unseen(grant, lane.equipment))


def way_is_free(lane: Transition) -> None:
    """Note that the barrier is ordered to stand open: the person on the way needs no release."""
    lane.state = replace(lane.state, door=lane.state.door.unlock(lane.at, lane.equipment.door, extended=False))
    if grant := lane.state.grant:
        blind = grant.blind or grant.direction not in lane.equipment.sensed
        lane.state = replace(lane.state, grant=replace(grant, released=True, blind=blind))


def _time_is_up(lane: Transition, grant: OpenGrant) -> None:
    """End the grant on time.  Nobody passed: the person turned back, or the sensor is mute."""
    passed = _passed_unseen(grant, lane.equipment)
    if passed is Passed.NOT_PASSED:
        lane.state = lane.state.unseen(grant.direction)
    elif passed is Passed.PASSED:  # by the door's contact, which is the same for both ways
        lane.state = lane.state.seen(*Direction)
    lane.end_grant(grant, passed)


def _passed_unseen(grant: OpenGrant, equipment: Equipment) -> Passed:
    """Return the end of a grant on which no sensor saw anybody."""
    if grant.blind:
        return Passed.UNKNOWN
    if grant.direction in equipment.sensed:
        return Passed.NOT_PASSED
    if equipment.door.contact:
        return Passed.PASSED if grant.opened else Passed.NOT_PASSED
    return Passed.UNKNOWN


def _is_served(state: LaneState, direction: Direction, *, staff: bool) -> bool:
    """Return whether this mode lets anybody through.  Under maintenance staff still try the barrier."""
    return refusal(state.mode, direction) is None or (staff and state.mode is Mode.MAINTENANCE)
