"""What happens at the lane, as the page follows it.  Pure: events and the time in, frozen values out.

    state = step(state, event, now)       for every event of the bus
    state = settle(state, now)            when due(state) has come

`now` is monotonic seconds.  gate.kiosk.view makes the content of the screen of it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from gate.core import outlet_events
from gate.core.coaching import Hint
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.reason import Reason

# Seconds.
SEEN_FOR = 3.0  # a code came into view and no verdict followed
COACHED_FOR = 2.5  # a hint; it is sent again every second while it holds
REFUSED_FOR = 4.5  # at least, and as long as the code is held up
HINT_AFTER = 10.0  # a refused code is still held up: the advice is to take it away
LOWERED_FOR = 1.5  # after it was taken away: the person looks at the screen only now
GRANTED_FOR = 1.5  # at least, and until the grant ends or the next person has to wait


class Scene(StrEnum):
    IDLE = "idle"
    SEEN = "seen"
    WAIT = "wait"
    ADMITTED = "admitted"
    LET_THROUGH = "let_through"  # refused, in a venue that runs as a pilot
    REFUSED = "refused"
    COACH = "coach"  # a code is seen and not read, and the person can do something about it
    HELD = "held"  # no message any more, and the code is still held up
    SHUT_DOOR = "shut_door"  # to the person at a door that stands open
    UNAVAILABLE = "unavailable"  # the gate cannot check: no fault of the visitor's
    OUT_OF_SERVICE = "out_of_service"
    MAINTENANCE = "maintenance"
    LOCKED_DOWN = "locked_down"
    FREE = "free"  # the way stands open, and no code is needed
    FIRE = "fire"
    NO_SIGNAL = "no_signal"  # shown by the page itself when the stream is silent


GRANTED = frozenset({Scene.ADMITTED, Scene.LET_THROUGH})


@dataclass(frozen=True, slots=True)
class PageState:
    """The state of the page.  Before the lane's first phase the gate counts as out of service."""

    phase: Phase | None = None
    mode: Mode | None = None  # in force; None: the configured one
    ends: float | None = None  # Unix s at which the order behind it ends by itself
    scene: Scene = Scene.IDLE  # shown while the lane is in service
    reason: Reason | None = None
    direction: Direction | None = None
    used_at: float | None = None  # Unix s, as in Decided
    again_at: float | None = None
    coach: Hint | None = None  # of the scene COACH
    advice: Hint | None = None  # of a refusal, in the place of its reason's
    since: float = 0.0
    until: float | None = None  # monotonic; ignored while `_stays`; None: until the next event
    answered: bool = False  # a code is held up that has had its verdict
    waiting: bool = False  # someone shows a code and has to wait
    going: bool = False  # the person who is let through still holds the code up
    hint: bool = False  # the refused code has been held up for long
    number: int = 0  # of the last decision
    verdict: int = 0  # number of the decision on show, 0 when there is none
    grant: int = 0  # number of the decision whose grant has not ended, 0 when there is none
    problems: tuple[outlet_events.DeviceChanged, ...] = ()  # by device
    alarms: tuple[outlet_events.AlarmChanged, ...] = ()  # that are on
    readers: frozenset[str] = frozenset()  # that reported
    status_list: outlet_events.ListChanged | None = None
    clock: outlet_events.ClockChanged | None = None

    @property
    def blind(self) -> bool:
        """No reader is well: no code can be read."""
        return bool(self.readers) and self.readers <= {problem.device for problem in self.problems}

    @property
    def in_service(self) -> bool:
        return self.phase in (Phase.READY, Phase.RELEASED, Phase.BUSY, Phase.FREE)


def step(state: PageState, event: outlet_events.Event, now: float) -> PageState:
    """Return the state after an event.  `now`: monotonic seconds."""
    state = settle(state, now)
    match event:
        case outlet_events.CodeSeen():
            return _change_scene(state, Scene.SEEN, now, SEEN_FOR)
        case outlet_events.Coached():
            return _coached(state, event.hint, now)
        case outlet_events.CodesInView():
            return _in_view(state, event, now)
        case outlet_events.Decided():
            return _decided(state, event, now)
        case outlet_events.GrantEnded():
            return _grant_ended(state, now)
        case outlet_events.PhaseChanged():
            followed = replace(state, mode=event.mode, ends=event.until)
            # Another mode alone is no news for the people at the lane.
            return followed if event.phase is state.phase and followed != state else _phase(followed, event.phase, now)
        case outlet_events.DeviceChanged():
            return _problems(state, event)
        case outlet_events.AlarmChanged():
            others = tuple(other for other in state.alarms if other.alarm is not event.alarm)
            return replace(state, alarms=(*others, event) if event.on else others)
        case outlet_events.ListChanged():
            return replace(state, status_list=event)
        case outlet_events.ClockChanged():
            return replace(state, clock=event)
        case outlet_events.ReaderDropped():  # for the metrics and the log only
            return state


def _problems(state: PageState, event: outlet_events.DeviceChanged) -> PageState:
    others = [problem for problem in state.problems if problem.device != event.device]
    faulty = [*others, event] if event.problem else others
    if event.device.startswith("reader"):
        state = replace(state, readers=state.readers | {event.device})
    return replace(state, problems=tuple(sorted(faulty, key=lambda problem: problem.device)))


def due(state: PageState) -> float | None:
    """Return the monotonic seconds at which `settle` changes something."""
    if not _stays(state):
        return state.until
    return state.since + HINT_AFTER if state.scene is Scene.REFUSED and not state.hint else None


def settle(state: PageState, now: float) -> PageState:
    """Replace a verdict whose time is over by the prompt, or by the next person's wait."""
    moment = due(state)
    if moment is None or now < moment:
        return state
    return replace(state, hint=True) if _stays(state) else _show_wait(_change_scene(state, Scene.IDLE, now), now)


def _stays(state: PageState) -> bool:
    """Return whether the scene stays until the next event, however long that takes."""
    match state.scene:
        case Scene.ADMITTED | Scene.LET_THROUGH:
            return state.grant > 0 and not _must_wait(state)
        case Scene.REFUSED:
            return state.answered and not _must_wait(state)
        case Scene.WAIT:
            return state.waiting
        case _:
            return False


def _change_scene(state: PageState, scene: Scene, now: float, seconds: float | None = None) -> PageState:
    until = None if seconds is None else now + seconds
    return replace(
        state,
        scene=scene,
        reason=None,
        direction=None,
        used_at=None,
        again_at=None,
        coach=None,
        advice=None,
        verdict=0,
        since=now,
        until=until,
        hint=False,
    )


def _coached(state: PageState, hint: Hint, now: float) -> PageState:
    """Show a hint, unless a verdict or a wait is on show, or a code that had its answer is held up."""
    free = state.scene in (Scene.IDLE, Scene.SEEN, Scene.COACH) and not (state.answered or state.waiting)
    if not free or state.phase is not Phase.READY:
        return state
    if state.scene is Scene.COACH and state.coach is hint:
        return replace(state, until=now + COACHED_FOR)
    return replace(_change_scene(state, Scene.COACH, now, COACHED_FOR), coach=hint)


def _in_view(state: PageState, event: outlet_events.CodesInView, now: float) -> PageState:
    stayed = _stays(state)
    state = replace(state, answered=event.answered, waiting=event.waiting, going=event.going)
    if stayed and not _stays(state) and state.scene not in GRANTED:
        state = replace(state, until=max(state.until or now, now + LOWERED_FOR))
    return settle(_show_wait(state, now), now)


def _must_wait(state: PageState) -> bool:
    """Return whether to ask the next person to wait: not while the one before still reads an answer."""
    return state.waiting and not state.going and state.phase in (Phase.RELEASED, Phase.BUSY)


def _show_wait(state: PageState, now: float) -> PageState:
    """Show the wait, after a person's answer has been shown for its time."""
    return (
        _change_scene(state, Scene.WAIT, now, 0.0)
        if _must_wait(state) and state.scene in (Scene.IDLE, Scene.SEEN, Scene.COACH)
        else state
    )


def _decided(state: PageState, event: outlet_events.Decided, now: float) -> PageState:
    state = replace(state, number=state.number + 1)
    if event.reason is Reason.LANE_BUSY and not event.let_through:
        return state  # a waiting code that has gone
    if event.let_through:
        scene = Scene.ADMITTED if event.admitted else Scene.LET_THROUGH
        state = replace(_change_scene(state, scene, now, GRANTED_FOR), grant=state.number)
    else:
        state = _change_scene(state, Scene.REFUSED, now, REFUSED_FOR)
    # Admitted but not let through: the barrier did not obey, so no green.
    reason = Reason.DEVICE_FAILED if event.admitted and not event.let_through else event.reason
    return replace(
        state,
        reason=reason,
        direction=event.direction,
        verdict=state.number,
        used_at=event.used_at,
        again_at=event.again_at,
        advice=event.hint,
    )


def _grant_ended(state: PageState, now: float) -> PageState:
    """Update after the grant ended or the lane is ready again."""
    state = replace(state, grant=0, going=False)
    return (
        _change_scene(state, Scene.IDLE, now) if state.scene is Scene.WAIT and not state.waiting else settle(state, now)
    )


def _phase(state: PageState, phase: Phase, now: float) -> PageState:
    state = replace(state, phase=phase)
    if not state.in_service:  # no verdict outlives the service
        return _change_scene(state, Scene.IDLE, now)
    return _grant_ended(state, now) if phase is Phase.READY else _show_wait(state, now)
