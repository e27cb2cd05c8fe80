"""A machine, and the trusted clock of the process that runs on it."""

from gate.core.kept_time import Kept
from gate.runtime.clock import GateClock
from gate.testing.builders import ManualClock

DAY = 86400.0
UNTRUSTED_FOR = 12 * 3600.0


class ClockRig:
    """A machine, and the trusted clock of the process that runs on it."""

    def __init__(self, kept: Kept = Kept()) -> None:
        self.machine = ManualClock()
        self.clock = GateClock(self.machine, kept, UNTRUSTED_FOR)

    def restart(self, kept: Kept | None = None) -> None:
        self.clock = GateClock(self.machine, kept or self.clock.kept(), UNTRUSTED_FOR)

    def run(self, seconds: float) -> None:
        """Asked as often as a lane asks, or it would not know when the clock was set."""
        self.clock.now()
        self.machine.advance(seconds)
