"""The guard of a pulse: a thread of its own that switches off at a deadline.

An event loop can hang (a blocking call, a callback that never ends), and a lock must not stay open then.  The guard is
armed before the device is switched on and disarmed after it was switched off.  A process that is killed or stopped
cannot time anything: against that, use a board that times the pulse itself, or a relay wired through a hardware timer.
"""

import threading
import time
from collections.abc import Callable

from gate.logs import device_log

GRACE = 0.05
"""Seconds after the end of a pulse at which the guard acts."""

RETRY = 0.1
"""Seconds between attempts while the device does not take the order to lock."""


class PulseGuard:
    """A thread that locks at a deadline.  `off` locks the device and returns whether the order was delivered.

    `off` returns at once and never raises.  It is repeated until it is delivered, or until the guard is disarmed or
    closed."""

    def __init__(self, off: Callable[[], bool], name: str) -> None:
        self._off = off
        self._name = name
        self._log = device_log()
        self._changed = threading.Condition()
        self._deadline: float | None = None  # monotonic seconds
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"pulse guard: {name}", daemon=True)

    def start(self) -> None:
        """Start the thread, once.  Raises RuntimeError when the system gives no thread."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread can act.  Read it before switching on."""
        return not self._closed and self._thread.is_alive()

    def arm_until(self, deadline: float) -> None:
        """Switch off at this monotonic moment, unless disarmed before.  Replaces an earlier deadline."""
        with self._changed:
            self._deadline = deadline
            self._changed.notify()

    def disarm(self) -> None:
        """Drop the deadline.  After this returns, `off` is not called for an earlier deadline any more."""
        with self._changed:
            self._deadline = None
            self._changed.notify()

    def close(self) -> None:
        """End the thread.  Blocks until it has ended, for a second at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        # `off` is called with the lock held, so that a late `off` cannot hit the next pulse.
        with self._changed:
            while not self._closed:
                left = None if self._deadline is None else self._deadline - time.monotonic()
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                self._log.warning(f"{self._name}: the pulse was not ended in time; locking from the guard")
                self._deadline = None if self._off() else time.monotonic() + RETRY
