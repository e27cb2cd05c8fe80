"""Time is a parameter.  Only `gate.runtime.clock` asks the system."""

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Unix seconds, UTC.  May jump; used for validity and records only, read once per scan."""

    def monotonic(self) -> float:
        """Seconds, never jumps: every timer uses this."""
