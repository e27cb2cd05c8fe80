"""The content of the page.  Pure: a state and the time in, frozen values out.

    page = show(state, about, wall)       the content of the screen, ready for JSON

`wall` is Unix seconds.  The page never decides: green appears only for a `Decided` with `admitted` and `let_through`,
and only while the lane is in service.
"""

from dataclasses import dataclass
from datetime import datetime

from gate.core import outlet_events
from gate.core.coaching import Hint
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.kiosk.about import About
from gate.kiosk.fault_codes import ALARM_CODES, REASON_CODES, device_code
from gate.kiosk.notices import ClockNote, ListNote, clock_note, list_note, why_nobody_enters
from gate.kiosk.page_state import GRANTED, PageState, Scene
from gate.kiosk.visitor_words import PageLine, ShownAt, lines_of

LONGEST_PROBLEM = 240  # characters of a driver's message

_CLOSED = {
    Phase.FIRE: Scene.FIRE,
    Phase.LOCKED_DOWN: Scene.LOCKED_DOWN,
    Phase.MAINTENANCE: Scene.MAINTENANCE,
}
"""Phases in which nobody is served, each with a scene of its own; any other is out of service."""

_HELD_OPEN = frozenset({Alarm.HELD_OPEN_SOON, Alarm.HELD_OPEN})
_YIELDS = frozenset(
    {Scene.IDLE, Scene.SEEN, Scene.COACH, Scene.HELD, Scene.WAIT, Scene.OUT_OF_SERVICE, Scene.LOCKED_DOWN}
)
"""Scenes that the call to shut the door replaces: an answer to a person stays."""


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
    codes: tuple[str, ...]  # of what is wrong, for the strip; the words are for staff and technician
    coach: Hint | None  # of the scene COACH
    quiet: bool  # silent and dim, by `[kiosk] quiet`
    alarms: tuple[PageNote, ...]
    problems: tuple[str, ...]


def show(state: PageState, about: About, wall: float) -> Page:
    """Return the page.  `wall`: trusted Unix seconds, for ages, waits and the venue's time."""
    scene, fault = _scene(state, about)
    first = about.texts(about.languages[0])
    verdict = scene in GRANTED or (scene in (Scene.REFUSED, Scene.UNAVAILABLE) and state.verdict > 0)
    moment = ShownAt(wall, datetime.fromtimestamp(wall, about.zone), state)
    pilot = (state.mode or about.mode) is Mode.PILOT
    return Page(
        scene=scene,
        reason=state.reason if verdict else None,
        direction=state.direction if verdict else None,
        number=state.verdict if verdict else 0,
        lines=lines_of(scene, fault or state.reason, about, moment),
        trial=tuple(PageNote(language, about.texts(language).trial) for language in about.languages) if pilot else (),
        simulated=_simulated(about),
        drivers=about.simulated,
        place=f"{about.venue_id} / {about.device_id}",
        mode=PageNote(about.languages[0], first.modes[state.mode or about.mode]),
        list=list_note(state.status_list, first, wall),
        clock=clock_note(state.clock, first),
        codes=_codes(state, scene, fault),
        coach=state.coach if scene is Scene.COACH else None,
        quiet=_is_quiet(about, moment.local),
        alarms=_alarms(state, about),
        problems=tuple(_problem(problem) for problem in state.problems),
    )


def no_signal(about: About) -> tuple[PageLine, ...]:
    """Return the lines that the page shows by itself when the stream is silent."""
    return lines_of(Scene.NO_SIGNAL, None, about, None)


def _scene(state: PageState, about: About) -> tuple[Scene, Reason | None]:
    """Return the scene, and the fault of the gate behind it."""
    scene, fault = _served(state, about) if state.in_service else (_closed(state), None)
    held_open = any(alarm.alarm in _HELD_OPEN for alarm in state.alarms)
    if held_open and scene in _YIELDS and state.phase is not Phase.FREE:
        return Scene.SHUT_DOOR, None
    return scene, fault


def _closed(state: PageState) -> Scene:
    return _CLOSED.get(state.phase, Scene.OUT_OF_SERVICE) if state.phase else Scene.OUT_OF_SERVICE


def _served(state: PageState, about: About) -> tuple[Scene, Reason | None]:
    if state.scene is Scene.REFUSED and state.reason in REASON_CODES:
        return Scene.UNAVAILABLE, state.reason
    if state.scene is not Scene.IDLE:
        return state.scene, None
    if state.phase is Phase.FREE:  # the way is open, even if no list can be read
        return Scene.HELD if _is_held(state) else Scene.FREE, None
    if state.blind:
        return Scene.OUT_OF_SERVICE, None
    enforced = (state.mode or about.mode) is Mode.ENFORCE
    if enforced and (fault := why_nobody_enters(state.status_list, state.clock)):
        return Scene.UNAVAILABLE, fault  # no person should queue here for a refusal
    return Scene.HELD if _is_held(state) else Scene.IDLE, None


def _is_held(state: PageState) -> bool:
    return state.answered and not state.waiting


def _is_quiet(about: About, local: datetime) -> bool:
    """Return whether it is quiet hours; an end before the start lies on the next day."""
    if about.screen.quiet is None:
        return False
    start, end = about.screen.quiet
    now = f"{local:%H:%M}"
    return start <= now < end if start < end else now >= start or now < end


def _codes(state: PageState, scene: Scene, fault: Reason | None) -> tuple[str, ...]:
    codes = {ALARM_CODES[event.alarm] for event in state.alarms}
    codes |= {device_code(problem.device) for problem in state.problems}
    if scene is Scene.UNAVAILABLE and fault:
        codes.add(REASON_CODES[fault])
    return tuple(sorted(codes))


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
