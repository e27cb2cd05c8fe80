"""Time is a parameter.  Only `gate.runtime.clock` reads the system's."""

from typing import Protocol

from gate.core.kept_time import Kept
from gate.core.trusted_time import ClockTrust


class Clock(Protocol):
    """The clocks of a machine."""

    def now(self) -> float:
        """Unix seconds, UTC.  May jump; used for validity and records only, read once per scan."""

    def monotonic(self) -> float:
        """Seconds, never jumps: every timer uses this."""


class TrustedClock(Clock, Protocol):
    """A clock that goes back only where its base is withdrawn (gate.core.trusted_time), and that reports how far it
    is trusted.  Safe in any thread."""

    def standing(self) -> ClockTrust:
        """Return the present trust in the clock."""

    def behind(self) -> float:
        """Return the seconds by which the system clock is behind `now`; below 0.0 when it is ahead."""

    def kept(self) -> Kept:
        """Return the state to store for the next start."""

    def apply_signed_time(self, stated: float) -> None:
        """Take a signed time (Unix s): it is not earlier than that."""

    def apply_witnessed_time(self, stated: float) -> None:
        """Take a time (Unix s) from witnesses: trusted until the system clock is set."""

    def reset(self, number: int, to: float) -> None:
        """Take a reset by the offline keys: no floor later than `to` (Unix s) was right."""

    def synchronise(self, *, synchronised: bool) -> None:
        """Note whether a time service keeps the system clock, from now on."""

    def stepped(self) -> float:
        """Return the seconds by which `now` moved against the running time since the last call; below 0.0: back."""
