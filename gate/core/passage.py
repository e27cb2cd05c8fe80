"""The lane between a granted decision and a closed barrier: a pure reducer.

    step(state, event, timing) -> (state, effects)

It knows monotonic seconds only, and does nothing itself: the controller carries the effects out, in
their order.  One person per grant: while a grant is open the lane is busy.  How a grant ends:

    the passage sensor speaks            -> lock behind the person, PASSED
    it stays silent for passage_timeout  -> lock, then NOT_PASSED: the use is given back
    there is no sensor that way          -> after `hold`, UNKNOWN: the use stays used
"""

from dataclasses import dataclass, replace

from gate.core.events import Passed, Phase
from gate.core.model import Direction


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds.  `sensed`: the directions in which a passage sensor can see a person."""

    hold: float
    passage_timeout: float
    sensed: frozenset[Direction]


@dataclass(frozen=True, slots=True)
class OpenGrant:
    seq: int  # journal row of the decision
    direction: Direction
    deadline: float  # monotonic s


@dataclass(frozen=True, slots=True)
class LaneState:
    grant: OpenGrant | None = None
    fire: bool = False
    missing: frozenset[str] = frozenset()  # devices without which nobody can enter

    @property
    def phase(self) -> Phase:
        if self.fire:
            return Phase.FIRE
        if self.grant:
            return Phase.RELEASED
        return Phase.OUT_OF_SERVICE if self.missing else Phase.READY


# What happens to the lane.


@dataclass(frozen=True, slots=True)
class Granted:
    seq: int
    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Crossed:
    """The passage sensor saw a person."""

    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    at: float


@dataclass(frozen=True, slots=True)
class Fire:
    active: bool


@dataclass(frozen=True, slots=True)
class ExitAsked:
    """The request-to-exit button was pressed."""

    at: float


@dataclass(frozen=True, slots=True)
class DeviceState:
    device: str
    present: bool


LaneEvent = Granted | Crossed | Tick | Fire | ExitAsked | DeviceState


# What the controller then does.


@dataclass(frozen=True, slots=True)
class Release:
    direction: Direction


@dataclass(frozen=True, slots=True)
class Secure:
    pass


@dataclass(frozen=True, slots=True)
class EndGrant:
    seq: int
    passed: Passed


@dataclass(frozen=True, slots=True)
class Note:
    """A journal row that is not a decision."""

    event: str
    detail: str
    direction: Direction | None = None


Effect = Release | Secure | EndGrant | Note


def step(state: LaneState, event: LaneEvent, timing: Timing) -> tuple[LaneState, tuple[Effect, ...]]:
    """The next state, and what to do about it in this order."""
    match event:
        case Granted():
            return _granted(state, event, timing)
        case Crossed():
            return _crossed(state, event)
        case Tick(at):
            return _ticked(state, at, timing)
        case Fire(active):
            return _fire(state, active=active)
        case ExitAsked():
            return state, _exit_asked(state)
        case DeviceState(device, present):
            missing = state.missing - {device} if present else state.missing | {device}
            return replace(state, missing=missing), ()


def _granted(state: LaneState, event: Granted, timing: Timing) -> tuple[LaneState, tuple[Effect, ...]]:
    if state.fire or state.grant:  # decided before the alarm or the other grant was known: nobody goes on it
        return state, (EndGrant(event.seq, Passed.NOT_PASSED),)
    wait = timing.passage_timeout if event.direction in timing.sensed else timing.hold
    grant = OpenGrant(event.seq, event.direction, event.at + wait)
    return replace(state, grant=grant), (Release(event.direction),)


def _crossed(state: LaneState, event: Crossed) -> tuple[LaneState, tuple[Effect, ...]]:
    grant = state.grant
    if grant and grant.direction is event.direction:
        # Locked behind this person: a pulse that still runs would let the next one in unasked.
        return replace(state, grant=None), (Secure(), EndGrant(grant.seq, Passed.PASSED))
    if state.fire:
        return state, ()
    return state, (Note("passage", "without a grant", event.direction),)


def _ticked(state: LaneState, at: float, timing: Timing) -> tuple[LaneState, tuple[Effect, ...]]:
    grant = state.grant
    if grant is None or at < grant.deadline:
        return state, ()
    ended = replace(state, grant=None)
    if grant.direction in timing.sensed:  # locked first: the use is not given back while the way is open
        return ended, (Secure(), EndGrant(grant.seq, Passed.NOT_PASSED))
    return ended, (EndGrant(grant.seq, Passed.UNKNOWN),)


def _fire(state: LaneState, *, active: bool) -> tuple[LaneState, tuple[Effect, ...]]:
    """Escape is the wiring's job; the lane stops granting, says so, and steps aside."""
    if active == state.fire:
        return state, ()
    note = Note("fire", "alarm" if active else "over")
    if active and state.grant:  # whoever was granted may or may not have gone: the use stays used
        return replace(state, fire=True, grant=None), (EndGrant(state.grant.seq, Passed.UNKNOWN), note)
    return replace(state, fire=active), (note,)


def _exit_asked(state: LaneState) -> tuple[Effect, ...]:
    """Leaving is always allowed, and needs no pass.  Journalled before it opens, like everything."""
    if state.fire or state.missing:
        return (Note("rex", "pressed, but the barrier cannot be driven", Direction.EXIT),)
    return (Note("rex", "released", Direction.EXIT), Release(Direction.EXIT))
