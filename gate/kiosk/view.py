"""What the page shows.  Pure: events and the time go in, frozen values come out.

    state = step(state, event, now)       for every event of the bus
    state = settle(state, now)            when due(state) has come
    page = show(state, about, wall)       what to send to the screen, ready for JSON

`now` is monotonic seconds, `wall` Unix seconds.  The page never decides: green appears only for a
`Decided` that says `admitted` and `let_through`, and only while the lane is in service.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from gate.core.events import (
    Alarm,
    AlarmChanged,
    ClockChanged,
    CodeSeen,
    Decided,
    DeviceChanged,
    Event,
    GrantEnded,
    ListChanged,
    Mode,
    Phase,
    PhaseChanged,
)
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.kiosk.knowledge import ClockNote, ListNote, clock_note, list_note, unable
from gate.kiosk.texts import INTERFACE, Words, reason_words

# Seconds.
SEEN_FOR = 3.0  # a code came into view and no verdict followed
REFUSED_FOR = 4.5
WAIT_FOR = 8.0
GRANTED_AT_LEAST = 1.5  # even where the grant ended at once, for want of a passage sensor
GRANTED_AT_MOST = 12.0

LONGEST_PROBLEM = 160  # characters of a driver's message


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while the gate runs."""

    device_id: str
    venue_id: str
    category: str
    languages: tuple[str, ...]  # of gate.kiosk.texts.LANGUAGES; the first is the largest
    mode: Mode
    simulated: tuple[str, ...] = ()  # "barrier: fake": drivers that move nothing real


class Scene(StrEnum):
    IDLE = "idle"
    SEEN = "seen"
    WAIT = "wait"
    ADMITTED = "admitted"
    LET_THROUGH = "let_through"  # refused, but the venue runs as a pilot
    REFUSED = "refused"
    OUT_OF_SERVICE = "out_of_service"
    FIRE = "fire"
    NO_SIGNAL = "no_signal"  # shown by the page itself when the stream is silent


ALARMS = {  # for the technician, as problems of devices are
    Alarm.HELD_OPEN_SOON: "the door has stood open for long: shut it",
    Alarm.HELD_OPEN: "the door stands open: shut it, and see what holds it",
    Alarm.FORCED_OPEN: "the door was opened without a grant: go and see",
    Alarm.UNABLE_TO_LOCK: "the bolt does not go home: guard the door, see to the lock",
    Alarm.UNABLE_TO_UNLOCK: "the bolt does not come back: see to the lock",
    Alarm.TAMPER: "a box or a cable is being opened: go and see",
}

GRANTED = frozenset({Scene.ADMITTED, Scene.LET_THROUGH})


@dataclass(frozen=True, slots=True)
class State:
    """Before the lane has told its phase the gate counts as out of service."""

    phase: Phase | None = None
    scene: Scene = Scene.IDLE  # what is shown while the lane is in service
    reason: Reason | None = None
    direction: Direction | None = None
    since: float = 0.0
    until: float | None = None  # monotonic; None: until something happens
    queued: bool = False  # during a grant the next person already shows a code
    number: int = 0  # of the last decision
    verdict: int = 0  # number of the decision on show, 0 when there is none
    grant: int = 0  # number of the decision whose grant has not ended, 0 when there is none
    problems: tuple[DeviceChanged, ...] = ()  # by device
    known: ListChanged | None = None
    clock: ClockChanged | None = None

    @property
    def in_service(self) -> bool:
        return self.phase in (Phase.READY, Phase.RELEASED, Phase.FREE)


@dataclass(frozen=True, slots=True)
class Line:
    lang: str
    headline: str
    advice: str


@dataclass(frozen=True, slots=True)
class Note:
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    scene: Scene
    reason: Reason | None  # of the verdict on show
    direction: Direction | None
    number: int  # of that verdict, 0 when none is on show
    lines: tuple[Line, ...]  # one a language, in the venue's order
    trial: tuple[Note, ...]  # banner of a pilot, else empty
    simulated: tuple[Note, ...]  # banner, else empty
    drivers: tuple[str, ...]  # which are simulated
    place: str
    mode: Note
    list: ListNote | None  # None while fresh
    clock: ClockNote | None  # None while trusted
    problems: tuple[str, ...]


def step(state: State, event: Event, now: float) -> State:
    state = settle(state, now)
    match event:
        case CodeSeen():
            return _seen(state, now)
        case Decided():
            return _decided(state, event, now)
        case GrantEnded():
            return _freed(replace(state, grant=0), now)
        case PhaseChanged():
            return _phase(state, event.phase, now)
        case DeviceChanged():
            return _problems(state, event)
        case AlarmChanged(at, alarm, on):
            return _problems(state, DeviceChanged(at, f"alarm {alarm}", "lane", ALARMS[alarm] if on else ""))
        case ListChanged():
            return replace(state, known=event)
        case ClockChanged():
            return replace(state, clock=event)


def _problems(state: State, event: DeviceChanged) -> State:
    others = [problem for problem in state.problems if problem.device != event.device]
    bad = [*others, event] if event.problem else others
    return replace(state, problems=tuple(sorted(bad, key=lambda problem: problem.device)))


def due(state: State) -> float | None:
    """Monotonic seconds at which `settle` changes something."""
    return state.until


def settle(state: State, now: float) -> State:
    """A verdict whose time is over gives way to the prompt, or to the next person's wait."""
    if state.until is None or now < state.until:
        return state
    if state.queued and state.phase is Phase.RELEASED:
        return _turn(state, Scene.WAIT, now, WAIT_FOR)
    return _turn(state, Scene.IDLE, now)


def _turn(state: State, scene: Scene, now: float, seconds: float | None = None) -> State:
    until = None if seconds is None else now + seconds
    return replace(state, scene=scene, reason=None, direction=None, verdict=0, since=now, until=until, queued=False)


def _seen(state: State, now: float) -> State:
    return _wait(state, now) if state.phase is Phase.RELEASED else _turn(state, Scene.SEEN, now, SEEN_FOR)


def _wait(state: State, now: float) -> State:
    """Someone is going through.  They see their green for a moment, then the next must not take it for theirs."""
    if state.scene in GRANTED:
        return _shorten(replace(state, queued=True), now)
    return _turn(state, Scene.WAIT, now, WAIT_FOR)


def _decided(state: State, event: Decided, now: float) -> State:
    state = replace(state, number=state.number + 1)
    if event.reason is Reason.LANE_BUSY and not event.let_through:
        return _wait(state, now)
    if event.let_through:
        scene = Scene.ADMITTED if event.admitted else Scene.LET_THROUGH
        state = replace(_turn(state, scene, now, GRANTED_AT_MOST), grant=state.number)
    else:
        state = _turn(state, Scene.REFUSED, now, REFUSED_FOR)
    # Admitted and yet not let through: the barrier did not follow, so no green.
    reason = Reason.DEVICE_FAILED if event.admitted and not event.let_through else event.reason
    return replace(state, reason=reason, direction=event.direction, verdict=state.number)


def _freed(state: State, now: float) -> State:
    """The grant ended or the lane is ready again."""
    if state.scene in GRANTED:
        return _shorten(replace(state, queued=False), now)
    return _turn(state, Scene.IDLE, now) if state.scene is Scene.WAIT else state


def _shorten(state: State, now: float) -> State:
    earliest = max(now, state.since + GRANTED_AT_LEAST)
    until = earliest if state.until is None else min(state.until, earliest)
    return settle(replace(state, until=until), now)


def _phase(state: State, phase: Phase, now: float) -> State:
    state = replace(state, phase=phase)
    if not state.in_service:  # no verdict outlives it
        return _turn(state, Scene.IDLE, now)
    return _freed(state, now) if phase is Phase.READY else state


def show(state: State, about: About, wall: float) -> Page:
    """`wall`: trusted Unix seconds, for the age of the list."""
    scene = _scene(state)
    shut = unable(state.known, state.clock) if scene is Scene.IDLE and about.mode is Mode.ENFORCE else None
    if state.phase is Phase.LOCKED_DOWN:
        shut = Reason.LOCKED_DOWN
    if shut:  # nobody should queue here for a refusal
        scene = Scene.OUT_OF_SERVICE
    first = INTERFACE[about.languages[0]]
    verdict = scene in GRANTED or scene is Scene.REFUSED
    pilot = about.mode is Mode.PILOT
    return Page(
        scene=scene,
        reason=state.reason if verdict else None,
        direction=state.direction if verdict else None,
        number=state.verdict if verdict else 0,
        lines=_lines(scene, shut or state.reason, about),
        trial=tuple(Note(language, INTERFACE[language].trial) for language in about.languages) if pilot else (),
        simulated=_simulated(about),
        drivers=about.simulated,
        place=f"{about.venue_id} / {about.device_id}",
        mode=Note(about.languages[0], first.modes[about.mode]),
        list=list_note(state.known, about.languages[0], wall),
        clock=clock_note(state.clock, about.languages[0]),
        problems=tuple(_problem(problem) for problem in state.problems),
    )


def no_signal(about: About) -> tuple[Line, ...]:
    """What the page shows of itself when the stream is silent."""
    return _lines(Scene.NO_SIGNAL, None, about)


def _scene(state: State) -> Scene:
    if state.phase is Phase.FIRE:
        return Scene.FIRE
    return state.scene if state.in_service else Scene.OUT_OF_SERVICE


def _lines(scene: Scene, reason: Reason | None, about: About) -> tuple[Line, ...]:
    if scene is Scene.LET_THROUGH:
        return tuple(_let_through(reason or Reason.OUT_OF_SERVICE, lang, about) for lang in about.languages)
    words = [(language, _words(scene, reason, language)) for language in about.languages]
    return tuple(Line(language, said.headline, said.advice) for language, said in words)


def _let_through(reason: Reason, language: str, about: About) -> Line:
    """Go, and what would have been said.  What to do about it stands in the first language only: this
    person has no need to stop and read."""
    go, refused = reason_words(Reason.ADMITTED, language), reason_words(reason, language)
    said = f"{INTERFACE[language].trial_refused} {_lower(refused.headline)}"
    return Line(language, go.headline, f"{said}. {refused.advice}" if language == about.languages[0] else said)


def _words(scene: Scene, reason: Reason | None, language: str) -> Words:
    own = INTERFACE[language]
    match scene:
        case Scene.IDLE:
            return own.idle
        case Scene.SEEN:
            return own.seen
        case Scene.FIRE:
            return own.fire
        case Scene.NO_SIGNAL:
            return own.no_signal
        case Scene.WAIT:
            return reason_words(Reason.LANE_BUSY, language)
        case Scene.OUT_OF_SERVICE | Scene.ADMITTED | Scene.REFUSED | Scene.LET_THROUGH:
            return reason_words(reason or Reason.OUT_OF_SERVICE, language)


def _lower(headline: str) -> str:
    """A headline in the middle of a sentence."""
    return headline[:1].lower() + headline[1:]


def _simulated(about: About) -> tuple[Note, ...]:
    """In English, which every technician knows, and in the venue's first language."""
    if not about.simulated:
        return ()
    return tuple(
        Note(language, INTERFACE[language].simulated) for language in dict.fromkeys(("en", about.languages[0]))
    )


def _problem(problem: DeviceChanged) -> str:
    # A path that is not UTF-8 reaches us with surrogates, which no JSON reader takes.
    text = f"{problem.device} ({problem.driver}): {problem.problem}".encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_PROBLEM else text[: LONGEST_PROBLEM - 1] + "…"
