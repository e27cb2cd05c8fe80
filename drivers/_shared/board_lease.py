"""A lease of stance FREE on a board that ends every pulse by itself: the pulse is renewed while `watch` runs."""

import threading
import time
from collections.abc import Callable

from gate.core.model import Stance

RENEW = 1.0
"""Seconds between two pulses."""

LEASED = 3.0
"""Seconds of each pulse: the board locks this long after the last one."""


class Lease:
    """A renewed pulse.  `release` orders a pulse of that many seconds, and returns at once.

    From any thread.  After `end` has returned no pulse is ordered any more: an order to lock is the last."""

    def __init__(self, release: Callable[[float], None]) -> None:
        self._release = release
        self._renewed: float | None = None  # monotonic seconds; None: not free
        self._turn = threading.Lock()

    def take(self, stance: Stance) -> bool:
        """Begin the lease for stance FREE; return whether the stance was taken, as `Switch.set_stance` does."""
        if stance is not Stance.FREE:
            return False
        with self._turn:
            self._renew()
        return True

    def end(self) -> None:
        """End the lease; the next `take` may begin another."""
        with self._turn:
            self._renewed = None

    def uphold(self) -> bool:
        """Order the next pulse when it is due; return whether it was.  Raises as `release` does."""
        with self._turn:
            if self._renewed is None or time.monotonic() - self._renewed < RENEW:
                return False
            self._renew()
            return True

    def _renew(self) -> None:
        self._renewed = time.monotonic()
        self._release(LEASED)
