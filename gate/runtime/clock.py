"""The system's clocks, and the trusted one made of them; nobody else asks the system."""

import time
from typing import Protocol

from gate.core.trusted_time import Kept, Standing, advance, begin, heed


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def since_boot(self) -> float:
        """Seconds, never set, sleep of the machine included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Machine(Protocol):
    """The clocks of a machine, as SystemClock has them."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    def since_boot(self) -> float: ...


class TrustedClock:
    """A gate.ports.clock.TrustedClock: gate.core.trusted_time over the clocks of a machine.

    `kept`: what gate.store.floor has.  `untrusted_for`: seconds of running on a clock that is behind
    until it is trusted no more.  Used from one thread."""

    def __init__(self, machine: Machine, kept: Kept, untrusted_for: float) -> None:
        self._machine = machine
        self._untrusted_for = untrusted_for
        self._last = begin(kept, machine.now(), machine.since_boot())

    def now(self) -> float:
        self._advance()
        return self._last.now

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def standing(self) -> Standing:
        self._advance()
        return self._last.standing(self._untrusted_for)

    def behind(self) -> float:
        self._advance()
        return self._last.behind

    def kept(self) -> Kept:
        self._advance()
        return self._last.kept

    def heed(self, stated: float) -> None:
        self._advance()
        self._last = heed(self._last, stated)

    def _advance(self) -> None:
        self._last = advance(self._last, self._machine.now(), self._machine.since_boot())
