"""What the gate knows and how far it may be believed, in words: the age of its list, its clock.  Pure."""

from dataclasses import dataclass

from gate.core.outlet_events import ClockChanged, ListChanged
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import Standing
from gate.kiosk.texts import INTERFACE

_NOBODY_ENTERS: dict[str, Reason] = {
    Freshness.REFUSE: Reason.LIST_EXPIRED,
    Freshness.MISSING: Reason.LIST_MISSING,
}


@dataclass(frozen=True, slots=True)
class ListNote:
    grade: str  # warn, restrict, refuse, missing
    text: str


@dataclass(frozen=True, slots=True)
class ClockNote:
    standing: str  # ahead, behind, untrusted
    text: str


def list_note(known: ListChanged | None, language: str, wall: float) -> ListNote | None:
    """For the technician; None while the list is fresh.  `wall`: trusted Unix seconds."""
    if known is None or known.freshness == Freshness.FRESH:
        return None
    own = INTERFACE[language]
    grade = known.freshness if known.freshness in own.list_grades and known.as_of is not None else Freshness.MISSING
    age = "" if known.as_of is None else age_in_words(wall - known.as_of, language)
    return ListNote(str(grade), own.list_grades[grade].format(age=age))


def clock_note(clock: ClockChanged | None, language: str) -> ClockNote | None:
    """For the technician; None while the clock is trusted."""
    if clock is None or clock.standing is Standing.TRUSTED:
        return None
    text = INTERFACE[language].clock_standings[clock.standing]
    return ClockNote(clock.standing.value, text.format(age=age_in_words(abs(clock.behind), language)))


def unable(known: ListChanged | None, clock: ClockChanged | None) -> Reason | None:
    """Why nobody at all could enter now, whatever they showed."""
    if clock is not None and clock.standing is Standing.UNTRUSTED:
        return Reason.CLOCK_UNTRUSTED
    if known is None:
        return None
    return _NOBODY_ENTERS.get(known.freshness)


def age_in_words(seconds: float, language: str) -> str:
    """In the largest unit that says something, as "6 h"; less than nothing is nothing."""
    minutes, hours, days = INTERFACE[language].ages
    seconds = max(0.0, seconds)
    if seconds < 2 * 3600:
        return minutes.format(int(seconds // 60))
    return hours.format(int(seconds // 3600)) if seconds < 72 * 3600 else days.format(int(seconds // 86400))
