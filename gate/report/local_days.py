"""Days of a venue by its own wall clock, also where a clock change makes one of 23 or 25 hours."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import NamedTuple

from gate.store.journal_counts import QUARTER


class LocalQuarter(NamedTuple):
    """A quarter of an hour of one day: `hour` 0 to 23 and `quarter` 0 to 95, as the wall clock shows them."""

    day: date
    hour: int
    quarter: int


class LocalDays:
    """Some days in one time zone.  A time outside of them has no moment."""

    def __init__(self, days: Iterable[date], zone: tzinfo) -> None:
        self.days, self.zone = sorted(set(days)), zone
        self._wanted = frozenset(self.days)
        self._moments: dict[int, LocalQuarter | None] = {}
        self._spans: dict[date, tuple[float, float]] = {}

    def span(self, day: date) -> tuple[float, float]:
        """Return begin and end of a day, Unix s."""
        if day not in self._spans:
            self._spans[day] = _midnight(day, self.zone), _midnight(day + timedelta(days=1), self.zone)
        return self._spans[day]

    def range(self, day: date) -> tuple[int, int]:
        """Return begin and end of a day, Unix ms."""
        begin, end = self.span(day)
        return round(begin * 1000), round(end * 1000)

    def moment(self, quarter: int) -> LocalQuarter | None:
        """Return the moment of a quarter of an hour since 1970 (UTC)."""
        if quarter not in self._moments:
            local = datetime.fromtimestamp(quarter * QUARTER / 1000, self.zone)
            found = LocalQuarter(local.date(), local.hour, local.hour * 4 + local.minute // 15)
            self._moments[quarter] = found if found.day in self._wanted else None
        return self._moments[quarter]

    def at(self, at: int) -> LocalQuarter | None:
        """Return the moment of a time, Unix ms."""
        return self.moment(at // QUARTER)

    @cached_property
    def times(self) -> Sequence[tuple[int, int]]:
        """Return the days as ranges of Unix ms, as few as there can be."""
        ranges: list[tuple[int, int]] = []
        for begin, end in map(self.range, self.days):
            if ranges and ranges[-1][1] == begin:
                ranges[-1] = ranges[-1][0], end
            else:
                ranges.append((begin, end))
        return ranges


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
