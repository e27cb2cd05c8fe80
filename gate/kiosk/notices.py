"""Notices of the age of the list and of the clock, in words.  Pure."""

from dataclasses import dataclass
from math import ceil

from gate.core.outlet_events import ClockChanged, ListChanged
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust
from gate.texts.catalogue import Texts, texts_in

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


def list_note(status_list: ListChanged | None, texts: Texts, wall: float) -> ListNote | None:
    """Return a note for the technician; None while the list is fresh.  `wall`: trusted Unix seconds."""
    if status_list is None or status_list.freshness == Freshness.FRESH:
        return None
    grade = (
        status_list.freshness
        if status_list.freshness in texts.list_grades and status_list.as_of is not None
        else Freshness.MISSING
    )
    age = "" if status_list.as_of is None else _age(wall - status_list.as_of, texts)
    return ListNote(str(grade), texts.list_grades[grade].format(age=age))


def clock_note(clock: ClockChanged | None, texts: Texts) -> ClockNote | None:
    """Return a note for the technician; None while the clock is trusted."""
    if clock is None or clock.standing is ClockTrust.TRUSTED:
        return None
    text = texts.clock_standings[clock.standing]
    return ClockNote(clock.standing.value, text.format(age=_age(abs(clock.behind), texts)))


def why_nobody_enters(status_list: ListChanged | None, clock: ClockChanged | None) -> Reason | None:
    """Return why no pass at all could be admitted now; None where one could."""
    if clock is not None and clock.standing is ClockTrust.UNTRUSTED:
        return Reason.CLOCK_UNTRUSTED
    if status_list is None:
        return None
    return _NOBODY_ENTERS.get(status_list.freshness)


def age_in_words(seconds: float, language: str) -> str:
    """Return an age in its largest unit, as "6 h"; a negative one counts as 0."""
    return _age(seconds, texts_in(language))


def wait_in_words(seconds: float, texts: Texts) -> str:
    """Return a time to wait, rounded up and never nothing: a person who is early comes in vain."""
    minutes = max(1, ceil(seconds / 60))
    if minutes <= 120:
        return texts.ages[0].format(n=minutes)
    hours = ceil(minutes / 60)
    return texts.ages[1].format(n=hours) if hours <= 72 else texts.ages[2].format(n=ceil(hours / 24))


def _age(seconds: float, texts: Texts) -> str:
    minutes, hours, days = texts.ages
    seconds = max(0.0, seconds)
    if seconds < 2 * 3600:
        return minutes.format(n=int(seconds // 60))
    return hours.format(n=int(seconds // 3600)) if seconds < 72 * 3600 else days.format(n=int(seconds // 86400))
