"""The system's clocks, and the trusted one made of them; nobody else asks the system."""

import time
from math import inf
from threading import Lock
from typing import Protocol

from gate.core.trusted_time import Kept, Reckoning, Standing, advance, begin, heed


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
    until it is trusted no more."""

    def __init__(self, machine: Machine, kept: Kept, untrusted_for: float) -> None:
        self._machine = machine
        self._untrusted_for = untrusted_for
        self._lock = Lock()
        self._last = begin(kept, machine.now(), machine.since_boot())

    def now(self) -> float:
        return self._read().now

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def standing(self) -> Standing:
        return self._read().standing(self._untrusted_for)

    def behind(self) -> float:
        return self._read().behind

    def kept(self) -> Kept:
        return self._read().kept

    def heed(self, stated: float) -> None:
        self._read(stated)

    def _read(self, stated: float = -inf) -> Reckoning:
        with self._lock:  # or a thread that was held up would put the time back
            last = advance(self._last, self._machine.now(), self._machine.since_boot())
            self._last = heed(last, stated)
            return self._last
