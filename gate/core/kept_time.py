"""The part of the trusted time that survives the process.  Pure.

gate.core.trusted_time makes it and begins with it; gate.store.time_floor stores it.  Times are Unix seconds.
"""

from dataclasses import dataclass, replace

KEPT_WITHIN = 900.0
"""Seconds within which a lane stores the time again, with a margin.  A journal row later than that by the stored
time was written after a step of the clock, and proves nothing about the steady part."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for and against the system clock, as far as it outlives the process: whether the next reading is
    believed depends on it.  Durations are seconds of running, as in Reckoning."""

    behind: float  # seconds from the system clock to the trusted time; below 0 the system clock is ahead
    lags: bool
    stood: float
    ahead_for: float
    healing_for: float
    gained: float
    stated: float


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of a reckoning that survives the process."""

    floor: float | None = None  # trusted time when it was kept; None: the gate never ran
    behind_for: float | None = None  # seconds of running from when the clock was found behind; None: it was right
    steady: float | None = None  # None: as `floor`
    signed: float | None = None  # None: nothing signed was known then
    ticks: float | None = None  # when it was kept, by ClockReading.ticks
    boot: str = ""
    synchronised: bool = False  # a time service has kept the clock since this start of the machine
    resets: int = 0  # number of the last signed reset that was obeyed
    as_of: float | None = None  # of the held list
    synced: float | None = None  # when a sync last succeeded, by the trusted time then
    ran: float = 0.0  # seconds of trusted time from when it was kept to the last row of the journal
    evidence: Evidence | None = None  # None: an earlier version did not store it, or a person reset the time

    @property
    def latest(self) -> float | None:
        """Return the latest of the stored times; None when there is none."""
        times = (self.reached, self.signed, self.as_of, self.synced)
        return max((time for time in times if time is not None), default=None)

    @property
    def reached(self) -> float | None:
        """Return the trusted time at the last row of the journal; None when the gate never ran."""
        return None if self.floor is None else self.floor + self.ran

    def lived(self) -> "Kept":
        """Return the time carried on to the last row of the journal, for another start of the machine.  Time does
        not pass for a machine that is off: the trusted time since then is time it ran, or a step that was not kept
        yet."""
        return replace(
            self,
            floor=self.reached,
            behind_for=None if self.behind_for is None else self.behind_for + self.ran,
            steady=None if self.steady is None else self.steady + (self.ran if self.ran <= KEPT_WITHIN else 0.0),
            ran=0.0,
        )
