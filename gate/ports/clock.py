"""Time is a parameter.  Only `gate.runtime.clock` asks the system."""

from typing import Protocol

from gate.core.trusted_time import Kept, Standing


class Clock(Protocol):
    def now(self) -> float:
        """Unix seconds, UTC.  May jump; used for validity and records only, read once per scan."""

    def monotonic(self) -> float:
        """Seconds, never jumps: every timer uses this."""


class TrustedClock(Clock, Protocol):
    """A clock whose `now` never goes backwards, across restarts too (gate.core.trusted_time), and that
    says how far it may be believed.  Any thread may ask it."""

    def standing(self) -> Standing:
        """Now."""

    def behind(self) -> float:
        """Seconds by which the system clock is behind `now`; 0.0 when it is not."""

    def kept(self) -> Kept:
        """What to keep for the next start."""

    def heed(self, stated: float) -> None:
        """Something signed speaks of this time (Unix s): it is not earlier than that."""
