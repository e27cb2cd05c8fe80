"""What a visitor reads, by scene and reason, in every language of the venue.  Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from gate.core.reason import Reason
from gate.kiosk.about import About
from gate.kiosk.fault_codes import REASON_CODES
from gate.kiosk.notices import wait_in_words
from gate.kiosk.page_state import PageState, Scene
from gate.texts.catalogue import Texts, Words

_QUOTED = {"en": "“{}”"}  # the others: «»


@dataclass(frozen=True, slots=True)
class PageLine:
    lang: str
    headline: str
    advice: str


@dataclass(frozen=True, slots=True)
class ShownAt:
    """The time at which the page is shown, and the lane's state."""

    wall: float  # Unix s, trusted
    local: datetime  # the same on the venue's wall clock
    state: PageState


def lines_of(scene: Scene, reason: Reason | None, about: About, moment: ShownAt | None) -> tuple[PageLine, ...]:
    """Return one line a language.  `reason`: of the verdict, or the fault of the gate; `moment`: None where the page
    is shown without a lane."""
    lines = []
    for language in about.languages:
        own = about.texts(language)
        words = _words(scene, reason, own, about)
        if scene is Scene.LET_THROUGH:
            words = replace(words, advice=_would_be_refused(reason or Reason.OUT_OF_SERVICE, language, own))
        if moment is not None:
            words = _at(moment, words, scene, reason, own)
        lines.append(PageLine(language, words.headline, words.advice))
    return tuple(lines)


def _words(scene: Scene, reason: Reason | None, own: Texts, about: About) -> Words:
    match scene:
        case Scene.IDLE | Scene.SEEN | Scene.HELD | Scene.FREE | Scene.SHUT_DOOR:
            words: Words = getattr(own, scene.value)
            return words
        case Scene.FIRE:
            return own.fire_entry if about.screen.side == "entry" else own.fire
        case Scene.NO_SIGNAL:
            return _elsewhere(own.no_signal, own, about)
        case Scene.UNAVAILABLE:
            return _elsewhere(own.unavailable, own, about)
        case Scene.MAINTENANCE:
            return _elsewhere(own.maintenance, own, about)
        case Scene.OUT_OF_SERVICE:
            return _elsewhere(own.reasons[Reason.OUT_OF_SERVICE], own, about)
        case Scene.LOCKED_DOWN:
            return own.reasons[Reason.LOCKED_DOWN]
        case Scene.WAIT:
            return own.reasons[Reason.LANE_BUSY]
        case Scene.LET_THROUGH:
            return own.reasons[Reason.ADMITTED]
        case Scene.ADMITTED | Scene.REFUSED | Scene.COACH:
            return own.reasons[reason or Reason.OUT_OF_SERVICE]


def _elsewhere(words: Words, own: Texts, about: About) -> Words:
    """Return the words with another lane or a number to call, where the venue has one, in the place of its staff."""
    where = "_".join((*(["lane"] if about.lanes > 1 else []), *(["phone"] if about.help.phone else [])))
    return Words(words.headline, own.elsewhere[where]) if where else words


def _at(moment: ShownAt, words: Words, scene: Scene, reason: Reason | None, own: Texts) -> Words:
    """Return the words with what depends on the time and on how long the lane has been so."""
    state = moment.state
    match scene:
        case Scene.COACH:
            return own.hints[state.coach] if state.coach else words
        case Scene.ADMITTED if own.season and own.season.holds(f"{moment.local:%m-%d}"):
            return replace(words, advice=own.season.line)
        case Scene.OUT_OF_SERVICE | Scene.MAINTENANCE if state.ends is not None and state.ends > moment.wall:
            return replace(words, advice=own.waits["back"].format(time=_clock_time(state.ends, moment.local)))
        case Scene.REFUSED | Scene.UNAVAILABLE if state.hint:  # the reason's advice was read by now
            return replace(words, advice=f"{own.held.headline}. {own.held.advice}")
        case Scene.REFUSED if state.advice is not None:
            return replace(words, advice=own.hints[state.advice].advice)
        case Scene.REFUSED if reason is Reason.ALREADY_USED and state.used_at is not None:
            age = wait_in_words(moment.wall - state.used_at, own)
            return replace(words, advice=own.waits["used"].format(age=age))
        case Scene.REFUSED if reason is Reason.TOO_SOON and state.again_at is not None:
            age = wait_in_words(state.again_at - moment.wall, own)
            return Words(own.waits["wait"].format(age=age), own.waits["again"])
        case _:
            return words


def _clock_time(at: float, local: datetime) -> str:
    """Return a time on the venue's wall clock, with the day where it is another one than that of `local`."""
    then = datetime.fromtimestamp(at, local.tzinfo)
    return f"{then:%H:%M}" if then.date() == local.date() else f"{then:%H:%M} ({then:%d.%m})"


def _would_be_refused(reason: Reason, language: str, own: Texts) -> str:
    """Return the refusal that a gate in service would have shown, in one line: this person walks on."""
    refused = own.unavailable if reason in REASON_CODES else own.reasons[reason]
    return f"{own.trial_refused} {_QUOTED.get(language, '«{}»').format(refused.headline)}"
