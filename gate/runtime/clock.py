"""The system's clocks, and the trusted clock made of them.  No other module reads the system's time."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from gate.core.kept_time import Kept
from gate.core.trusted_time import (
    TOLERANCE,
    ClockReading,
    ClockTrust,
    Reckoning,
    advance,
    apply_signed_time,
    apply_witnessed_time,
    begin,
    reset,
)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def since_boot(self) -> float:
        """Return seconds, never set, sleep of the machine included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """Return the id of this start of the machine; "" where the kernel has none."""
        try:
            return _BOOT_ID.read_text("ascii").strip()
        except (OSError, ValueError):
            return ""


class Machine(Protocol):
    """The clocks of a machine, as in SystemClock."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    def since_boot(self) -> float: ...

    def boot(self) -> str: ...


class GateClock:
    """A gate.ports.clock.TrustedClock: gate.core.trusted_time over the clocks of a machine.

    `kept`: from gate.store.time_floor.  `untrusted_for`: seconds of running on a clock that is behind until it is
    no longer trusted.  `synchronised`: a time service keeps the system clock."""

    def __init__(self, machine: Machine, kept: Kept, untrusted_for: float, *, synchronised: bool = False) -> None:
        self._machine = machine
        self._untrusted_for = untrusted_for
        self._lock = Lock()
        self._boot = machine.boot()
        self._synchronised = synchronised
        self._last = begin(kept, self._reading())
        self._stepped = 0.0

    def now(self) -> float:
        return self._read().now

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def standing(self) -> ClockTrust:
        return self._read().standing(self._untrusted_for)

    def behind(self) -> float:
        return self._read().behind

    def kept(self) -> Kept:
        return self._read().kept

    def apply_signed_time(self, stated: float) -> None:
        self._read(lambda last: apply_signed_time(last, stated))

    def apply_witnessed_time(self, stated: float) -> None:
        self._read(lambda last: apply_witnessed_time(last, stated))

    def reset(self, number: int, to: float) -> None:
        self._read(lambda last: reset(last, number, to))

    def synchronise(self, *, synchronised: bool) -> None:
        """Note whether a time service keeps the system clock, from now on."""
        with self._lock:
            self._synchronised = synchronised

    def stepped(self) -> float:
        """Return the seconds by which `now` moved against the running time since the last call; usually 0.0."""
        with self._lock:
            stepped, self._stepped = self._stepped, 0.0
            return stepped

    def _read(self, also: Callable[[Reckoning], Reckoning] = lambda last: last) -> Reckoning:
        with self._lock:  # else a delayed thread would put the time back
            last = also(advance(self._last, self._reading()))
            stepped = last.now - self._last.now - (last.ticks - self._last.ticks)
            self._stepped += stepped if abs(stepped) > TOLERANCE else 0.0
            self._last = last
            return last

    def _reading(self) -> ClockReading:
        machine = self._machine
        return ClockReading(machine.now(), machine.since_boot(), self._boot, self._synchronised)
