"""The lane between a granted decision and a closed barrier: a pure reducer.

    step(state, event, equipment) -> (state, effects)

Rules
-----
* It takes monotonic seconds only, and does nothing itself: the controller carries the effects out, in
  their order.
* One person per grant: while a grant is open the lane is busy.
* Every release belongs to a grant or to the exit button, and is locked when that ends.  Only a stance
  lets the way stand open: a fire alarm, or a mode that orders it.
* Precedence is that of `gate.core.lane.modes.PRECEDENCE`.  Leaving by the button works in all modes.
* A grant ends in one of these ways:

    the passage sensor sees the person       -> lock behind the person, PASSED
    it sees nobody for passage_timeout       -> lock, then NOT_PASSED: the use is given back
    no sensor, but the door opened           -> PASSED; it stayed shut: NOT_PASSED
    neither is fitted, or one was lost       -> UNKNOWN: the use stays used
    the barrier did not take the order       -> NOT_PASSED at once

Transitions are of two kinds.  An *event* triggers one of those in `_happen`.  After every event the
*state* triggers those in `step`: a grant that the mode forbids ends, and the barrier takes the wanted
stance.  Alarms are reported when they begin and end; state that must survive a restart is stored.
"""

from collections.abc import Mapping
from dataclasses import replace

from gate.core.journal_event import JournalEvent
from gate.core.lane import exits, faults, grants, orders
from gate.core.lane.effects import Alarmed, Effect, Note, SetStance, StoreOrders
from gate.core.lane.events import (
    BoltMoved,
    Button,
    ContactFault,
    Crossed,
    DeviceState,
    DoorMoved,
    Extend,
    Fire,
    Granted,
    Interlock,
    LaneEvent,
    Ordered,
    OrdersDue,
    Panic,
    Released,
    ReleaseFailed,
    Reset,
    Scheduled,
    Tampered,
    Tick,
)
from gate.core.lane.modes import Mode
from gate.core.lane.stance import required_stance
from gate.core.lane.state import BARRIER, Equipment, LaneState
from gate.core.lane.terms import OrderTerms
from gate.core.lane.transition import Transition
from gate.core.model import Stance


def step(state: LaneState, event: LaneEvent, equipment: Equipment) -> tuple[LaneState, tuple[Effect, ...]]:
    """Return the next state, and the effects in the order to carry them out."""
    lane = Transition(state, event.at, equipment)
    _happen(lane, event)
    grants.end_what_the_mode_forbids(lane)
    _take_stance(lane)
    lane.do(*(Alarmed(alarm, True) for alarm in sorted(lane.state.alarms - state.alarms)))
    lane.do(*(Alarmed(alarm, False) for alarm in sorted(state.alarms - lane.state.alarms)))
    if _stored(lane.state) != _stored(state):
        lane.do(StoreOrders(*_stored(lane.state)))
    return lane.state, tuple(lane.effects)


def _stored(state: LaneState) -> tuple[frozenset[Mode], bool, Mapping[Mode, OrderTerms]]:
    """Return what must survive a restart."""
    return state.orders, state.fire, state.terms


def _happen(lane: Transition, event: LaneEvent) -> None:
    match event:
        case Granted():
            grants.begin(lane, event)
        case Released():
            grants.released(lane)
        case ReleaseFailed():
            grants.release_failed(lane, event)
        case Crossed(direction):
            grants.crossed(lane, direction)
        case Extend(on=on):
            grants.extend(lane, on=on)
        case Ordered():
            orders.order(lane, event)
        case OrdersDue():
            orders.due(lane, event)
        case Button(pressed):
            exits.button(lane, pressed=pressed)
        case DoorMoved(opened):
            grants.door_moved(lane, opened=opened)
        case Fire(active):
            faults.fire(lane, active=active)
        case Reset():
            faults.reset(lane)
        case DeviceState(device, present):
            faults.device(lane, device, present=present)
        case ContactFault():
            faults.contact(lane, event)
        case Tick():
            _tick(lane)
        case _:
            _set(lane, event)


def _set(lane: Transition, event: BoltMoved | Panic | Tampered | Interlock | Scheduled) -> None:
    """Set a value of the lane; the state triggers the rest."""
    state = lane.state
    match event:
        case BoltMoved(home):
            lane.state = replace(state, door=state.door.bolt_moved(home))
        case Panic(active):
            if active is not state.panic:
                lane.do(Note(JournalEvent.MODE, f"lockdown switch {'on' if active else 'off'}"))
            lane.state = replace(state, panic=active, panic_known=True)
        case Tampered(active):
            lane.state = replace(state, tampered=active)
        case Interlock(active):
            lane.state = replace(state, interlocked=active, interlock_known=True)
        case Scheduled(mode):
            if mode != state.scheduled:
                lane.do(Note(JournalEvent.SCHEDULE, mode or "over"))
            lane.state = replace(state, scheduled=mode)


def _tick(lane: Transition) -> None:
    """Apply the passing of time."""
    grants.tick(lane)
    exits.tick(lane)
    state = lane.state
    free = state.fire or state.stance is Stance.FREE
    watched = not (free or state.mode is Mode.MAINTENANCE)
    unlocked = bool(free or state.grant or state.exit is not None)
    lane.state = replace(state, door=state.door.tick(lane.at, lane.equipment.door, watched=watched, unlocked=unlocked))
    exits.apply_waiting_button(lane)


def _take_stance(lane: Transition) -> None:
    """Order the barrier's stance, if it has changed."""
    before, required = lane.state.stance, required_stance(lane.state, lane.equipment)
    if required is before or BARRIER in lane.state.missing:
        return
    lane.state = replace(lane.state, stance=required)
    if before is Stance.FREE:  # leaving it locks: a person on the way needs a release again
        lane.do_first(SetStance(required))
        lane.state = replace(lane.state, door=lane.state.door.lock(lane.at, lane.equipment.door))
        if required is Stance.CONTROLLED:
            lane.release_again()
        return
    if required is Stance.FREE:
        grants.way_is_free(lane)
    # A release needs a controlled barrier.  In a fire the stance comes first; else the cause does.
    if required is Stance.CONTROLLED or lane.state.fire:
        lane.do_first(SetStance(required))
    else:
        lane.do(SetStance(required))
