"""Words, numbers and dates of a report in one language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path

from gate.core.language import LANGUAGES
from gate.texts.files import Rules, rules_of, shipped_texts

HERE = Path(__file__).parent / "texts"
LONGEST = 90  # characters; a page of A4 has to hold them
NBSP = "\N{NO-BREAK SPACE}"
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60  # seconds


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of a report by key, and the ways in which a language writes numbers, times and dates."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its placeholders filled in.  Raises KeyError for a key that no language has."""
        return self.texts[key].format(**values)

    def known(self, table: str, word: str) -> str:
        """Return the text of a word of the journal; a word of a later release stays as it is."""
        return self.texts.get(f"{table}.{word}", word.replace("_", " "))

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number: 1 234,5 in Kazakh and Russian, 1,234.5 in English."""
        thousands = self.texts["units.thousands"]
        plain = f"{value:,.{digits}f}"
        marks = {",": NBSP if thousands == "nbsp" else thousands, ".": self.texts["units.decimal"]}
        return "".join(marks.get(mark, mark) for mark in plain)

    def percent(self, share: float) -> str:
        return _bound(self("units.percent", n=self.number(share * 100)))

    def duration(self, seconds: float) -> str:
        """Return a length of time by its two largest units."""
        whole = round(seconds)
        if whole < _MINUTE:
            return _bound(self("units.seconds", n=whole))
        minutes = round(seconds / _MINUTE)
        if minutes < _MINUTE:
            return _bound(self("units.minutes", n=minutes))
        hours, minutes = divmod(minutes, 60)
        if hours >= 48:
            return _bound(self("units.days_hours", d=hours // 24, h=hours % 24))
        if minutes == 0:
            return _bound(self("units.hours", n=hours))
        return _bound(self("units.hours_minutes", h=hours, m=minutes))

    def long_date(self, day: date) -> str:
        names = {"month": self._of("dates.months", day.month - 1), "weekday": self._of("dates.weekdays", day.weekday())}
        text = self("dates.long", day=day.day, year=day.year, **names)
        return text[0].upper() + text[1:]

    def short_date(self, day: date) -> str:
        return _bound(self("dates.short", day=day.day, month=self._of("dates.months", day.month - 1)))

    def weekday(self, day: date) -> str:
        return self._of("dates.weekdays_short", day.weekday())

    def _of(self, key: str, number: int) -> str:
        return self.texts[key].split()[number]


def clock(at: float, zone: tzinfo) -> str:
    """Return the time of day of Unix s."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M")


@cache
def rules() -> Rules:
    return rules_of(HERE, {"": LONGEST})


@cache
def wording(language: str) -> Wording:
    """Return the wording of a language, one of LANGUAGES; KeyError otherwise."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return Wording(language, shipped_texts(HERE, language, rules()))


def _bound(text: str) -> str:
    """Keep a number and its unit on one line."""
    return text.replace(" ", NBSP)
