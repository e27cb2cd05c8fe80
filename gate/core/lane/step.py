"""The lane between a granted decision and a closed barrier: a pure reducer.

    step(state, event, timing) -> (state, effects)

It knows monotonic seconds only, and does nothing itself: the controller carries the effects out, in
their order.  One person per grant: while a grant is open the lane is busy.  How a grant ends:

    the passage sensor speaks             -> lock behind the person, PASSED
    it stays silent for passage_timeout   -> lock, then NOT_PASSED: the use is given back
    no sensor, but the door opened        -> PASSED; it stayed shut: NOT_PASSED
    neither tells, or what tells was lost -> UNKNOWN: the use stays used
    the barrier did not take the order    -> NOT_PASSED at once

Every release belongs to a grant or to the exit button, and is locked when that ends.  Only a stance
lets the way stand open: a fire alarm, or a mode that says so.  Fire > lockdown > out of service >
schedule > grant (`gate.core.lane.modes`); leaving by the button works in all of them.
"""

from dataclasses import replace

from gate.core.lane import door as contact
from gate.core.lane.door import FAULTS, Relock
from gate.core.lane.effects import Alarmed, Amnesty, Effect, EndGrant, Note, Passed, Release, Remember, Secure, Stand
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
    Panic,
    Released,
    ReleaseFailed,
    Reset,
    Scheduled,
    Tampered,
    Tick,
)
from gate.core.lane.modes import Alarm, Mode, refusal
from gate.core.lane.stance import wanted_stance
from gate.core.lane.state import BARRIER, LaneState, OpenGrant, Timing
from gate.core.model import Direction, Stance

Outcome = tuple[LaneState, tuple[Effect, ...]]


def step(state: LaneState, event: LaneEvent, timing: Timing) -> Outcome:
    """The next state, and what to do about it in this order."""
    after, effects = _happen(state, event, timing)
    grant = after.grant
    if grant and not _serves(after, grant.direction, staff=grant.staff):
        after, more = _end_grant(after, _judged(grant, timing), event.at, timing)
        effects += more
    after, effects = _take_stance(after, effects, event.at, timing)
    effects += tuple(Alarmed(alarm, True) for alarm in sorted(after.alarms - state.alarms))
    effects += tuple(Alarmed(alarm, False) for alarm in sorted(state.alarms - after.alarms))
    if (after.orders, after.fire) != (state.orders, state.fire):
        effects += (Remember(after.orders, after.fire),)
    return after, effects


def _happen(state: LaneState, event: LaneEvent, timing: Timing) -> Outcome:
    match event:
        case Granted():
            return _granted(state, event, timing)
        case Crossed(direction, at):
            return _crossed(state, direction, at, timing)
        case Tick(at):
            return _ticked(state, at, timing)
        case Button(pressed, at):
            return _pressed(state, at, timing) if pressed else (replace(state, rex_waits=False), ())
        case DoorMoved(opened, at):
            return _door_moved(state, opened, at, timing)
        case BoltMoved(home, _):
            return replace(state, door=contact.bolted(state.door, home)), ()
        case Fire(active, _):
            return _fire(state, active=active)
        case Reset(at):
            return _reset(state, at, timing)
        case Extend(at):
            return _extend(state, at, timing)
        case DeviceState(device, present, at):
            return _device(state, device, at, timing, present=present)
        case ContactFault():
            return _contact_fault(state, event, timing)
        case Released():
            return _released(state), ()
        case ReleaseFailed(moved, at):
            return _release_failed(state, at, timing, moved=moved)
        case _:
            return _told(state, event)


def _told(state: LaneState, event: Panic | Tampered | Interlock | Ordered | Scheduled) -> Outcome:
    match event:
        case Panic(active, _):
            note = Note("mode", f"lockdown switch {'on' if active else 'off'}")
            return replace(state, panic=active), (note,) if active is not state.panic else ()
        case Tampered(active, _):
            return replace(state, tampered=active), ()
        case Interlock(active, _):
            return replace(state, interlocked=active), ()
        case Ordered(mode, on, _):
            orders = state.orders | {mode} if on else state.orders - {mode}
            note = Note("mode", f"{mode} {'on' if on else 'off'}")
            return replace(state, orders=orders), (note,) if orders != state.orders else ()
        case Scheduled(mode, _):
            note = Note("schedule", mode or "over")
            return replace(state, scheduled=mode), (note,) if mode != state.scheduled else ()


def _serves(state: LaneState, direction: Direction, *, staff: bool) -> bool:
    """Whether anybody may be let through in this mode; staff try the barrier under maintenance."""
    return refusal(state.mode, direction) is None or (staff and state.mode is Mode.MAINTENANCE)


# Grants.


def _granted(state: LaneState, event: Granted, timing: Timing) -> Outcome:
    # Staff need no reader, and see for themselves whether the door obeys: only the barrier must be there.
    ready = not (state.taken or BARRIER in state.missing) if event.staff else not (state.busy or state.out_of_order)
    if not ready or not _serves(state, event.direction, staff=event.staff):
        # Decided before the alarm, the order or the other grant was known: nobody goes on it.
        return state, (EndGrant(event.seq, Passed.NOT_PASSED, moved=False),)
    extended = timing.always_extended or state.extend_next
    deadline = event.at + timing.lasts(event.direction, extended=extended)
    free = state.stance is Stance.FREE
    doubtful = timing.watchers & (state.missing | {fault.source for fault in state.faults})
    blind = bool(doubtful) or (free and event.direction not in timing.sensed)  # the door opens for anybody
    grant = OpenGrant(event.seq, event.direction, deadline, event.staff, released=free, blind=blind)
    state = replace(state, grant=grant, granted_at=event.at, extend_next=False)
    return _release(state, event.direction, event.at, timing, extended=extended)


def _release(state: LaneState, direction: Direction, at: float, timing: Timing, *, extended: bool) -> Outcome:
    other_door = state.interlocked and not state.fire
    if state.stance is Stance.FREE or BARRIER in state.missing or other_door:
        return state, ()  # open already, or not to be opened
    door = contact.released(state.door, at, timing.door, extended=extended)
    return replace(state, door=door), (Release(direction, extended),)


def _lock(state: LaneState, at: float, timing: Timing) -> Outcome:
    """Behind this person.  Who is still being let through has the way released anew, and a way that is
    meant to stand open is left so."""
    if state.fire or state.stance is Stance.FREE:
        return state, ()
    state = replace(state, door=contact.locked(state.door, at, timing.door))
    state, releasing = _release_who_is_left(state, at, timing)
    return state, (Secure(), *releasing)


def _release_who_is_left(state: LaneState, at: float, timing: Timing) -> Outcome:
    if state.exit is not None:
        return _release(state, Direction.EXIT, at, timing, extended=timing.always_extended)
    if state.grant:
        return _release(state, state.grant.direction, at, timing, extended=timing.always_extended)
    return state, ()


def _end_grant(state: LaneState, passed: Passed, at: float, timing: Timing, *, moved: bool = True) -> Outcome:
    """Locked first: no use is given back while the way is open, and nobody follows the one who passed."""
    grant = state.grant
    if grant is None:
        return state, ()
    state, locking = _lock(replace(state, grant=None), at, timing)
    return state, (*locking, EndGrant(grant.seq, passed, moved))


def _time_is_up(state: LaneState, grant: OpenGrant, at: float, timing: Timing) -> Outcome:
    """The grant ends by itself.  Nobody passed: one person turned back, or the sensor is mute."""
    passed = _judged(grant, timing)
    if passed is not Passed.UNKNOWN:
        state = replace(state, unseen=state.unseen + 1 if passed is Passed.NOT_PASSED else 0)
    return _end_grant(state, passed, at, timing)


def _released(state: LaneState) -> LaneState:
    return replace(state, grant=replace(state.grant, released=True)) if state.grant else state


def _release_failed(state: LaneState, at: float, timing: Timing, *, moved: bool) -> Outcome:
    """Nobody waits for what does not open."""
    notes: tuple[Effect, ...] = ()
    if state.exit is not None:
        notes = (Note("rex", "the barrier did not open", Direction.EXIT),)
    state, grant = replace(state, exit=None), state.grant
    if grant is None:
        state, ending = _lock(state, at, timing)
    else:
        passed = Passed.UNKNOWN if grant.released or grant.opened else Passed.NOT_PASSED
        state, ending = _end_grant(state, passed, at, timing, moved=moved)
    return state, (*notes, *ending)


def _judged(grant: OpenGrant, timing: Timing) -> Passed:
    """How a grant ended on which no sensor saw anybody."""
    if grant.blind:
        return Passed.UNKNOWN
    if grant.direction in timing.sensed:
        return Passed.NOT_PASSED
    if timing.door.contact:
        return Passed.PASSED if grant.opened else Passed.NOT_PASSED
    return Passed.UNKNOWN


def _crossed(state: LaneState, direction: Direction, at: float, timing: Timing) -> Outcome:
    state = replace(state, unseen=0)
    if direction is Direction.EXIT and state.exit is not None:
        state, locking = _lock(replace(state, exit=None), at, timing)
        return state, (*locking, Note("passage", "by the exit button", direction, counts=True))
    if state.grant and state.grant.direction is direction:
        return _end_grant(state, Passed.PASSED, at, timing)
    if state.fire:
        return state, ()
    way = "the way is free" if state.stance is Stance.FREE else "without a grant"
    return state, (Note("passage", way, direction, counts=True),)


def _extend(state: LaneState, at: float, timing: Timing) -> Outcome:
    """The person at the lane gets more time; without one, the next."""
    grant = state.grant
    if grant is None:
        return replace(state, extend_next=True), (Note("extended", "the next person"),)
    if state.interlocked:  # a release is not made anew then, and the old one would outlast its limit
        return state, (Note("extended", "the other door is open", grant.direction, refused=True),)
    deadline = max(grant.deadline, at + timing.lasts(grant.direction, extended=True))
    state = replace(state, grant=replace(grant, deadline=deadline))
    state, releasing = _release(state, grant.direction, at, timing, extended=True)
    return state, (Note("extended", "this person", grant.direction), *releasing)


# Time.


def _ticked(state: LaneState, at: float, timing: Timing) -> Outcome:
    effects: tuple[Effect, ...] = ()
    if state.grant and at >= state.grant.deadline:
        state, effects = _time_is_up(state, state.grant, at, timing)
    if state.exit is not None and at >= state.exit:
        state, locking = _lock(replace(state, exit=None), at, timing)
        effects += locking
    free = state.fire or state.stance is Stance.FREE
    watched = not (free or state.mode is Mode.MAINTENANCE)
    unlocked = bool(free or state.grant or state.exit is not None)
    door = contact.passing(state.door, at, timing.door, watched=watched, unlocked=unlocked)
    state = replace(state, door=door)
    if state.rex_waits and not _unheard(state, at, timing):
        state, leaving = _leave(state, at, timing)
        effects += leaving
    return state, effects


# The way out.


def _pressed(state: LaneState, at: float, timing: Timing) -> Outcome:
    if why := _unheard(state, at, timing):
        return replace(state, rex_waits=True), (Note("rex", f"not heard: {why}", Direction.EXIT),)
    return _leave(state, at, timing)


def _unheard(state: LaneState, at: float, timing: Timing) -> str:
    """Why the button has to wait, "" when it has not: it is heard when the reason is gone, if it is still
    pressed then.  In a fire it waits for nothing but the barrier itself."""
    if BARRIER in state.missing:
        return "the barrier cannot be driven"
    if state.fire:
        return ""
    if state.interlocked:
        return "the other door is open"
    return contact.rex_ignored(state.door, at, state.granted_at, timing.door)


def _leave(state: LaneState, at: float, timing: Timing) -> Outcome:
    """Leaving is always allowed, and needs no pass.  Journalled before it opens, like everything."""
    state = replace(state, rex_waits=False)
    if state.stance is Stance.FREE:
        return state, (Note("rex", "pressed; the way is free", Direction.EXIT),)
    until = at + timing.lasts(Direction.EXIT, extended=timing.always_extended)
    state, releasing = _release(replace(state, exit=until), Direction.EXIT, at, timing, extended=timing.always_extended)
    unseen = Direction.EXIT not in timing.sensed
    return state, (Note("rex", "released", Direction.EXIT, counts=unseen), *releasing)


# The door.


def _door_moved(state: LaneState, opened: bool, at: float, timing: Timing) -> Outcome:
    if opened == state.door.open:
        return state, ()
    expected = bool(state.grant or state.exit is not None or state.fire or state.stance is Stance.FREE)
    allowed = expected or state.mode is Mode.MAINTENANCE
    state = replace(state, door=contact.moved(state.door, opened, at, timing.door, allowed=allowed))
    grant, relock = state.grant, timing.door.relock
    if opened and grant:  # by whom it was opened, when somebody is leaving too, nobody can tell
        grant = replace(grant, opened=True, blind=grant.blind or state.exit is not None)
        state = replace(state, grant=grant)
    if relock is not (Relock.ON_OPEN if opened else Relock.ON_CLOSE) or not expected:
        return state, ()
    if grant and grant.direction not in timing.sensed and grant.opened:
        return _time_is_up(state, grant, at, timing)
    if grant is None and state.exit is not None:
        return _lock(replace(state, exit=None), at, timing)
    return state, ()


# Alarms and devices.


def _fire(state: LaneState, *, active: bool) -> Outcome:
    """Escape is the wiring's job; the lane stops granting, says so, steps aside and stays so until reset."""
    if active == state.loop_open:
        return state, ()
    state = replace(state, loop_open=active)
    if not active:
        return state, (Note("fire", "the loop is closed again: to be reset by staff"),)
    if state.fire:
        return state, ()
    ending = (EndGrant(state.grant.seq, Passed.UNKNOWN),) if state.grant else ()  # they may have gone, or not
    return replace(state, fire=True, grant=None, exit=None), (*ending, Note("fire", "alarm"))


def _reset(state: LaneState, at: float, timing: Timing) -> Outcome:
    """What is over goes out; what is still so stays."""
    door = replace(state.door, alarms=state.door.alarms - {*FAULTS, Alarm.FORCED_OPEN})
    state = replace(state, door=door, unseen=0)
    if not state.fire:
        return state, (Note("reset", "by staff"),)
    if state.loop_open:
        lost = f", or its contact is lost ({', '.join(sorted(state.missing))})" if state.missing else ""
        return state, (Note("reset", f"the fire loop is still open{lost}", refused=True),)
    state, locking = _lock(replace(state, fire=False), at, timing)
    return state, (*locking, Note("fire", "over, reset by staff"), Amnesty())


def _device(state: LaneState, device: str, at: float, timing: Timing, *, present: bool) -> Outcome:
    state = replace(state, missing=state.missing - {device} if present else state.missing | {device})
    effects: tuple[Effect, ...] = ()
    if device == BARRIER:  # lost or new, it is locked and stands controlled
        state = replace(state, stance=Stance.CONTROLLED, exit=None, door=replace(state.door, unlock_due=None))
        if not present and state.grant and not (state.grant.released or state.grant.opened):
            state, effects = _end_grant(state, Passed.NOT_PASSED, at, timing)
    if not present and state.grant and device in timing.watchers:
        state = replace(state, grant=replace(state.grant, blind=True))
    return state, effects


def _contact_fault(state: LaneState, event: ContactFault, timing: Timing) -> Outcome:
    """What is told by a contact that sticks or chatters proves nothing."""
    faults = frozenset(fault for fault in state.faults if fault.what != event.what)
    state = replace(state, faults=faults | {event} if event.on else faults)
    if event.on and state.grant and event.source in timing.watchers:
        state = replace(state, grant=replace(state.grant, blind=True))
    return state, (Note("contact", event.what if event.on else f"{event.what}: over"),)


def _take_stance(state: LaneState, effects: tuple[Effect, ...], at: float, timing: Timing) -> Outcome:
    """Tell the barrier how to stand, if that has changed."""
    before, wanted = state.stance, wanted_stance(state, timing)
    if wanted is before or BARRIER in state.missing:
        return state, effects
    state = replace(state, stance=wanted)
    if before is Stance.FREE:  # which locks; whoever is on the way has the door to themselves again
        door = contact.locked(state.door, at, timing.door)
        state = replace(state, door=door)
        releasing: tuple[Effect, ...] = ()
        if wanted is Stance.CONTROLLED:
            state, releasing = _release_who_is_left(state, at, timing)
        return state, (Stand(wanted), *effects, *releasing)
    if wanted is Stance.FREE:
        state = replace(state, door=contact.released(state.door, at, timing.door, extended=False))
        if grant := state.grant:
            blind = grant.blind or grant.direction not in timing.sensed
            state = replace(state, grant=replace(grant, released=True, blind=blind))
    # A release needs a controlled barrier, and in a fire nothing comes first; else what led to it does.
    first = wanted is Stance.CONTROLLED or state.fire
    return state, (Stand(wanted), *effects) if first else (*effects, Stand(wanted))
