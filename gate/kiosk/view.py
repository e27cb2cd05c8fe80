"""The content of the page.  Pure: events and the time in, frozen values out.

    state = step(state, event, now)       for every event of the bus
    state = settle(state, now)            when due(state) has come
    page = show(state, about, wall)       the content of the screen, ready for JSON

`now` is monotonic seconds, `wall` Unix seconds.  The page never decides: green appears only for a
`Decided` with `admitted` and `let_through`, and only while the lane is in service.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from gate.core import outlet_events
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.kiosk.notices import ClockNote, ListNote, clock_note, list_note, why_nobody_enters
from gate.texts.catalogue import Texts, Words, texts_in

# Seconds.
SEEN_FOR = 3.0  # a code came into view and no verdict followed
REFUSED_FOR = 4.5  # at least, and as long as the code is held up
HINT_AFTER = 10.0  # a refused code is still held up: the advice is to take it away
LOWERED_FOR = 1.5  # after it was taken away: the person looks at the screen only now
GRANTED_FOR = 1.5  # at least, and until the grant ends or the next person has to wait

LONGEST_PROBLEM = 240  # characters of a driver's message


@dataclass(frozen=True, slots=True)
class About:
    """The constants of a running gate."""

    device_id: str
    venue_id: str
    category: str
    languages: tuple[str, ...]  # of gate.core.language.LANGUAGES; the first is the largest
    mode: Mode
    simulated: tuple[str, ...] = ()  # "barrier: fake": drivers that move nothing real
    wording: str = ""  # folder of a venue's own texts

    def texts(self, language: str) -> Texts:
        """Return a language's texts.  Raises ConfigError for a venue's own texts that cannot be used."""
        return texts_in(language, Path(self.wording) if self.wording else None)


class Scene(StrEnum):
    IDLE = "idle"
    SEEN = "seen"
    WAIT = "wait"
    ADMITTED = "admitted"
    LET_THROUGH = "let_through"  # refused, in a venue that runs as a pilot
    REFUSED = "refused"
    HELD = "held"  # no message any more, and the code is still held up
    OUT_OF_SERVICE = "out_of_service"
    FREE = "free"  # the way stands open, and no code is needed
    FIRE = "fire"
    NO_SIGNAL = "no_signal"  # shown by the page itself when the stream is silent


GRANTED = frozenset({Scene.ADMITTED, Scene.LET_THROUGH})


@dataclass(frozen=True, slots=True)
class PageState:
    """The state of the page.  Before the lane's first phase the gate counts as out of service."""

    phase: Phase | None = None
    mode: Mode | None = None  # in force; None: the configured one
    scene: Scene = Scene.IDLE  # shown while the lane is in service
    reason: Reason | None = None
    direction: Direction | None = None
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


@dataclass(frozen=True, slots=True)
class PageLine:
    lang: str
    headline: str
    advice: str


@dataclass(frozen=True, slots=True)
class PageNote:
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    scene: Scene
    reason: Reason | None  # of the verdict on show
    direction: Direction | None
    number: int  # of that verdict, 0 when none is on show
    lines: tuple[PageLine, ...]  # one a language, in the venue's order
    trial: tuple[PageNote, ...]  # banner of a pilot, else empty
    simulated: tuple[PageNote, ...]  # banner, else empty
    drivers: tuple[str, ...]  # which are simulated
    place: str
    mode: PageNote
    list: ListNote | None  # None while fresh
    clock: ClockNote | None  # None while trusted
    alarms: tuple[PageNote, ...]
    problems: tuple[str, ...]


def step(state: PageState, event: outlet_events.Event, now: float) -> PageState:
    """Return the state after an event.  `now`: monotonic seconds."""
    state = settle(state, now)
    match event:
        case outlet_events.CodeSeen():
            return _change_scene(state, Scene.SEEN, now, SEEN_FOR)
        case outlet_events.CodesInView():
            return _in_view(state, event, now)
        case outlet_events.Decided():
            return _decided(state, event, now)
        case outlet_events.GrantEnded():
            return _grant_ended(state, now)
        case outlet_events.PhaseChanged():
            if event.phase is state.phase and event.mode is not state.mode:  # no news for the people at the lane
                return replace(state, mode=event.mode)
            return _phase(replace(state, mode=event.mode), event.phase, now)
        case outlet_events.DeviceChanged():
            return _problems(state, event)
        case outlet_events.AlarmChanged():
            others = tuple(other for other in state.alarms if other.alarm is not event.alarm)
            return replace(state, alarms=(*others, event) if event.on else others)
        case outlet_events.ListChanged():
            return replace(state, status_list=event)
        case outlet_events.ClockChanged():
            return replace(state, clock=event)
        case outlet_events.ReaderDropped() | outlet_events.Coached():  # for the metrics and the log only
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
    return replace(state, scene=scene, reason=None, direction=None, verdict=0, since=now, until=until, hint=False)


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
        if _must_wait(state) and state.scene in (Scene.IDLE, Scene.SEEN)
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
    return replace(state, reason=reason, direction=event.direction, verdict=state.number)


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


def show(state: PageState, about: About, wall: float) -> Page:
    """Return the page.  `wall`: trusted Unix seconds, for the age of the list."""
    scene = _scene(state)
    idle = state.in_service and state.scene is Scene.IDLE
    mode = state.mode or about.mode
    closed = why_nobody_enters(state.status_list, state.clock) if idle and mode is Mode.ENFORCE else None
    if idle and state.blind:
        closed = Reason.OUT_OF_SERVICE
    if state.phase is Phase.FREE:  # the way is open, even if no list can be read
        closed = None
    if state.phase is Phase.LOCKED_DOWN:
        closed = Reason.LOCKED_DOWN
    if closed:  # no person should queue here for a refusal
        scene = Scene.OUT_OF_SERVICE
    first = about.texts(about.languages[0])
    verdict = scene in GRANTED or scene is Scene.REFUSED
    pilot = mode is Mode.PILOT
    return Page(
        scene=scene,
        reason=state.reason if verdict else None,
        direction=state.direction if verdict else None,
        number=state.verdict if verdict else 0,
        lines=_lines(scene, closed or state.reason, about, hint=state.hint),
        trial=tuple(PageNote(language, about.texts(language).trial) for language in about.languages) if pilot else (),
        simulated=_simulated(about),
        drivers=about.simulated,
        place=f"{about.venue_id} / {about.device_id}",
        mode=PageNote(about.languages[0], first.modes[mode]),
        list=list_note(state.status_list, first, wall),
        clock=clock_note(state.clock, first),
        alarms=_alarms(state, about),
        problems=tuple(_problem(problem) for problem in state.problems),
    )


def no_signal(about: About) -> tuple[PageLine, ...]:
    """Return the lines that the page shows by itself when the stream is silent."""
    return _lines(Scene.NO_SIGNAL, None, about)


def _scene(state: PageState) -> Scene:
    if state.phase is Phase.FIRE:
        return Scene.FIRE
    if not state.in_service:
        return Scene.OUT_OF_SERVICE
    held = state.scene is Scene.IDLE and state.answered and not state.waiting
    idle = Scene.FREE if state.phase is Phase.FREE else Scene.IDLE
    return Scene.HELD if held else idle if state.scene is Scene.IDLE else state.scene


def _lines(scene: Scene, reason: Reason | None, about: About, *, hint: bool = False) -> tuple[PageLine, ...]:
    if scene is Scene.LET_THROUGH:
        return tuple(_let_through(reason or Reason.OUT_OF_SERVICE, lang, about) for lang in about.languages)
    words = [(language, _words(scene, reason, about.texts(language))) for language in about.languages]
    if hint and scene is Scene.REFUSED:  # the reason's advice was read by now
        words = [(language, Words(own.headline, _sentences(about.texts(language).held))) for language, own in words]
    return tuple(PageLine(language, own.headline, own.advice) for language, own in words)


def _sentences(words: Words) -> str:
    return f"{words.headline}. {words.advice}"


def _let_through(reason: Reason, language: str, about: About) -> PageLine:
    """Return "go", and the refusal that a gate in service would have shown.

    Its advice is in the first language only: this person has no need to stop and read."""
    own = about.texts(language)
    admitted, refused = own.reasons[Reason.ADMITTED], own.reasons[reason]
    words = f"{own.trial_refused} {_lower(refused.headline)}"
    return PageLine(
        language, admitted.headline, f"{words}. {refused.advice}" if language == about.languages[0] else words
    )


def _words(scene: Scene, reason: Reason | None, own: Texts) -> Words:
    match scene:
        case Scene.IDLE:
            return own.idle
        case Scene.SEEN:
            return own.seen
        case Scene.HELD:
            return own.held
        case Scene.FREE:
            return own.free
        case Scene.FIRE:
            return own.fire
        case Scene.NO_SIGNAL:
            return own.no_signal
        case Scene.WAIT:
            return own.reasons[Reason.LANE_BUSY]
        case Scene.OUT_OF_SERVICE | Scene.ADMITTED | Scene.REFUSED | Scene.LET_THROUGH:
            return own.reasons[reason or Reason.OUT_OF_SERVICE]


def _lower(headline: str) -> str:
    """Return a headline for the middle of a sentence."""
    return headline[:1].lower() + headline[1:]


def _simulated(about: About) -> tuple[PageNote, ...]:
    """Return the banner in English, which every technician reads, and in the venue's first language."""
    if not about.simulated:
        return ()
    return tuple(
        PageNote(language, about.texts(language).simulated) for language in dict.fromkeys(("en", about.languages[0]))
    )


def _alarms(state: PageState, about: About) -> tuple[PageNote, ...]:
    language = about.languages[0]
    words = about.texts(language).alarms
    alarms = sorted(state.alarms, key=lambda event: event.alarm)
    texts = [f"{words[event.alarm]}{f': {event.what}' if event.what else ''}" for event in alarms]
    return tuple(PageNote(language, _bounded(text)) for text in texts)


def _problem(problem: outlet_events.DeviceChanged) -> str:
    # A path that is not UTF-8 contains surrogates, which no JSON reader accepts.
    words = problem.problem.removeprefix(f"{problem.driver} ")  # drivers begin with their own name
    return _bounded(f"{problem.device} ({problem.driver}): {words}".encode("utf-8", "replace").decode())


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_PROBLEM else text[: LONGEST_PROBLEM - 1] + "…"
