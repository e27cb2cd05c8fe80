"""Time is a parameter.  Only `gate.runtime.clock` asks the system."""

from typing import Protocol

from gate.core.trusted_time import ClockTrust, Kept


class Clock(Protocol):
    def now(self) -> float:
        """Unix seconds, UTC.  May jump; used for validity and records only, read once per scan."""

    def monotonic(self) -> float:
        """Seconds, never jumps: every timer uses this."""


class TrustedClock(Clock, Protocol):
    """A clock that goes back only where what it went by is withdrawn (gate.core.trusted_time), and that says
    how far it may be believed.  Any thread may ask it."""

    def standing(self) -> ClockTrust:
        """Now."""

    def behind(self) -> float:
        """Seconds by which the system clock is behind `now`; below 0.0 when it is ahead."""

    def kept(self) -> Kept:
        """What to keep for the next start."""

    def heed(self, stated: float) -> None:
        """Something signed speaks of this time (Unix s): it is not earlier than that."""

    def carry(self, stated: float) -> None:
        """Witnesses speak of this time (Unix s): believed until the system clock is set."""

    def reset(self, number: int, to: float) -> None:
        """The offline keys say that no floor later than `to` (Unix s) was right."""

    def synchronise(self, *, synchronised: bool) -> None:
        """Whether a time service keeps the system clock, from now on."""

    def stepped(self) -> float:
        """Seconds by which `now` moved against the running time since this was asked last; below 0.0: back."""
