"""What the lane says of its clock, and when it keeps the time for the next start."""

from collections.abc import Callable

import structlog

from gate.core.events import ClockChanged, Event
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.core.trusted_time import TOLERANCE, Standing
from gate.ports.clock import TrustedClock

log = structlog.get_logger()

# Seconds: as much of the trusted time a power cut can take from a lane where nobody comes.
KEEP_EVERY = 600.0
KEEP_BEHIND_EVERY = 60.0  # while every second counts towards `untrusted_for`

_SAID = {
    Standing.TRUSTED: "right again",
    Standing.BEHIND: "behind by {:.0f} s",
    Standing.UNTRUSTED: "behind by {:.0f} s for too long: nobody enters",
}


class Timekeeper:
    def __init__(self, clock: TrustedClock, publish: Callable[[Event], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._said: ClockChanged | None = None
        self._keep_due = 0.0

    def refusal(self, direction: Direction) -> Reason | None:
        """Whoever is inside may leave, whatever the clock says."""
        if direction is Direction.ENTRY and self._clock.standing() is Standing.UNTRUSTED:
            return Reason.CLOCK_UNTRUSTED
        return None

    def look(self, ntp: str) -> str | None:
        """Say what has changed.  None: nothing is to be kept now; else what the journal should say beside
        the time, which may be nothing."""
        standing, behind, before = self._clock.standing(), self._clock.behind(), self._said
        if before is None or self._is_news(before, standing, behind, ntp):
            self._said = ClockChanged(self._clock.now(), standing, behind, ntp)
            self._publish(self._said)
        if standing is not (before.standing if before else Standing.TRUSTED):
            detail = _SAID[standing].format(behind)
            self._log(standing, behind)
        elif self._clock.monotonic() >= self._keep_due:
            detail = ""
        else:
            return None
        every = KEEP_EVERY if standing is Standing.TRUSTED else KEEP_BEHIND_EVERY
        self._keep_due = self._clock.monotonic() + every
        return detail

    def _is_news(self, before: ClockChanged, standing: Standing, behind: float, ntp: str) -> bool:
        """Of how far it is behind, only what a person would notice."""
        return (standing, ntp) != (before.standing, before.ntp) or abs(behind - before.behind) > TOLERANCE

    def _log(self, standing: Standing, behind: float) -> None:
        if standing is Standing.TRUSTED:
            log.info("the system clock is right again")
            return
        says = "the system clock is wrong: set it, and see `gate clock status`"
        log.error(says, clock=standing.value, behind_s=round(behind))
