"""The lane's schedule: weekly windows and holidays on the venue's wall clock.

    the first window that holds decides; without one the configuration's mode does

Clock changes: a window is a span of the wall clock.  An hour that the clock skips does not occur, and one that it
repeats occurs twice.  A window open then is shorter or longer for it, and none is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from gate.core.lane.modes import Mode

HOLIDAY = "holiday"

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of one mode.  `days`: those on which it begins, of DAYS and HOLIDAY; empty means every day.  A
    holiday is that alone, whatever its weekday.  `start` == `end` is the whole day.  An `end` before `start` lies
    on the next day, and belongs to the day on which the window began."""

    mode: Mode
    days: frozenset[str] = frozenset()
    start: time = time(0)
    end: time = time(0)

    def holds(self, local: datetime, holidays: frozenset[date]) -> bool:
        """Return whether the window is open at this wall-clock time."""
        now, today = local.time(), local.date()
        if self.start < self.end:
            return self._begins(today, holidays) and self.start <= now < self.end
        if self.start == self.end == time(0):
            return self._begins(today, holidays)
        yesterday = today - timedelta(days=1)
        return (self._begins(today, holidays) and now >= self.start) or (
            self._begins(yesterday, holidays) and now < self.end
        )

    def _begins(self, day: date, holidays: frozenset[date]) -> bool:
        name = HOLIDAY if day in holidays else DAYS[day.weekday()]
        return not self.days or name in self.days


@dataclass(frozen=True, slots=True)
class Schedule:
    """The windows in their order, the holidays and the time zone."""

    windows: Sequence[Window]
    holidays: frozenset[date]
    timezone: ZoneInfo

    def mode_at(self, at: float) -> Mode | None:
        """Return the mode at `at` (Unix s); None: the schedule sets none."""
        local = datetime.fromtimestamp(at, self.timezone)
        return next((window.mode for window in self.windows if window.holds(local, self.holidays)), None)
