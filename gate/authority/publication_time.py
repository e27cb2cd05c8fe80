"""The time of a list.  Gates adopt it, so a wrong clock at the authority must not reach them."""

from dataclasses import dataclass

from gate.core.time_reset import TimeReset
from gate.core.trusted_time import LATEST, day
from gate.errors import PublishError, UnmeantError

LONGEST_SILENCE = 7 * 86400
"""Seconds after the last list: lists are published every day, and gates refuse one that is older than two."""

CLOCK_SLACK = 3600
"""Seconds by which `--at` may be ahead of this computer's clock."""

_ROOM = 3 * 366 * 86400  # seconds: every signature expires within two years


WARNED_BEFORE = 180 * 86400  # seconds before the first expiry of offline signatures


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of the next publication, and the limits it is checked against."""

    as_of: int  # Unix s
    last: int | None  # as_of of the last published list; None before the first
    reset: TimeReset | None  # not published yet: withdraws the times after it
    offline_end: int  # Unix s: the first expiry of offline signatures

    def check(self, *, ahead: bool) -> None:
        """Raise PublishError for a time that gates would or should refuse.  `ahead` confirms a leap."""
        as_of = self.as_of
        if not 1 <= as_of <= LATEST - _ROOM:
            raise PublishError(f"a list cannot be dated {as_of}", hint="Give Unix seconds")
        if self.reset is not None:
            if as_of < self.reset.to:
                raise PublishError(
                    f"the time is reset to {day(self.reset.to)}, and the list is dated {day(as_of)}",
                    hint="Check this computer's clock (or --at)",
                )
            return self._check_leap(self.reset.to, ahead=ahead)
        if self.last is not None and as_of < self.last:
            raise PublishError(
                f"the published list is dated {day(self.last)}, this one {day(as_of)}, which is earlier",
                hint="Check this computer's clock (or --at).  If it was wrong when that list was published, "
                "reset the time of all gates: `gate authority reset-time DIR`",
            )
        return self._check_leap(self.last, ahead=ahead)

    def _check_leap(self, last: int | None, *, ahead: bool) -> None:
        if ahead:
            return
        if last is not None and self.as_of - last > LONGEST_SILENCE:
            raise UnmeantError(
                f"the published list is dated {day(last)}, this one {day(self.as_of)}",
                hint="Check this computer's clock (or --at): gates go by it.  If it is right, publish with --ahead",
            )
        if self.as_of > self.offline_end:
            raise UnmeantError(
                f"the list is dated {day(self.as_of)}, what the offline keys signed ends on {day(self.offline_end)}",
                hint="Check this computer's clock (or --at).  If it is right, publish with --ahead and --keys",
            )


def check_clock(as_of: int, clock: float, *, ahead: bool) -> None:
    """Raise PublishError when `as_of` is ahead of `clock`, this computer's time in Unix s."""
    if as_of > clock + CLOCK_SLACK and not ahead:
        raise UnmeantError(
            f"the list would be dated {day(as_of)}, and it is {day(clock)}",
            hint="Gates refuse a list from the future.  If this computer's clock is wrong, and only then, add --ahead",
        )


def end_remarks(end: int, at: int) -> tuple[str, ...]:
    """Return warnings about `end`, the expiry of offline signatures (Unix s)."""
    if end - at > WARNED_BEFORE:
        return ()
    ends = day(end).partition(" ")[0]
    return (f"root.json and what offline keys signed end on {ends}: publish once with --keys before that",)
