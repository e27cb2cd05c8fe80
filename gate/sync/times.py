"""The reference time of a publication, and the check for lists from the future.  Pure.

A device whose trusted time is wrongly ahead finds everything expired, the repair too.  So metadata that have expired
by the trusted time are judged again by the system clock, which may be right:

    trusted time           anything it offers
    system clock           not below the time signed for this device: anything it offers
    system clock           below that: only a publication with a reset of the time that the offline keys signed

Versions prevent rollback at any time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gate.core.trusted_time import LATEST, TOLERANCE, day
from gate.errors import PublishError

AHEAD = 600.0
"""Seconds by which a list may be ahead of the device.  Authorities keep their clocks by NTP.  A device that is
offline for weeks drifts by less than a minute, or has detected that it is behind."""


@dataclass(frozen=True, slots=True)
class Times:
    """The known times at the start of a round of syncs; Unix s."""

    trusted: float
    system: float
    is_behind: bool = False  # the system clock is known to be wrong, and the trusted time a lower bound

    @classmethod
    def of(cls, now: "Times | float") -> "Times":
        """Make times from a plain number, which is then all that is known."""
        return now if isinstance(now, Times) else cls(now, now)

    def references(self, signed: float) -> Iterator[tuple[float, bool]]:
        """Yield times to judge metadata by, in turn, each with whether a reset of the time must come with them.
        `signed`: the time of the held list, 0 without one."""
        yield min(self.trusted, LATEST), False
        if self.system < self.trusted - TOLERANCE:
            yield min(max(self.system, 0.0), LATEST), self.system < signed - TOLERANCE

    def why_expired(self) -> str:
        """Return the advice when everything has expired.  A device's clock is wrong more often than an
        authority's."""
        if abs(self.trusted - self.system) > TOLERANCE:
            return (
                "Look at this device's clock first, `gate clock status`: "
                f"its trusted time is {day(self.trusted)}, and its system clock shows {day(self.system)}"
            )
        return (
            f"It is {day(self.trusted)} by this device: if that is wrong, set its clock.  "
            "If it is right, the mirror is no longer updated, or its authority is not"
        )

    def check_list(self, as_of: int, offline_end: float, reset_to: int | None) -> None:
        """Raise PublishError for a list from the future.  `offline_end`: expiry of offline signatures.  `reset_to`:
        replaces the trusted time, where a reset withdraws it."""
        if as_of > min(offline_end, LATEST):
            raise PublishError(
                f"the list is dated {day(as_of)}, after the end of everything that the authority signed",
                hint="The authority's clock was wrong: reset the time there, `gate authority reset-time`",
            )
        known = max(self.system, self.trusted if reset_to is None else reset_to)
        is_behind = self.is_behind if reset_to is None else self.system < reset_to - TOLERANCE
        if as_of > known + AHEAD and not is_behind:
            raise PublishError(
                f"the list is dated {day(as_of)}, and it is {day(known)} by this device",
                hint="If this device's clock is wrong, set it: `timedatectl set-time`.  "
                "If it is right, the clock of the authority was wrong: it has to reset the time, "
                "`gate authority reset-time`",
            )
