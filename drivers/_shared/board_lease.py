"""Standing free on a board that ends every pulse by itself: a pulse that is given anew while somebody watches."""

import threading
import time
from collections.abc import Callable

from gate.core.model import Stance

RENEW = 1.0
"""Seconds between two pulses."""

LEASED = 3.0
"""Seconds of each: the board locks so long after the last one."""


class Lease:
    """`release` orders a pulse of so many seconds, and returns at once.  From any thread: after `end` has
    returned no pulse is ordered any more, so that an order to lock is the last."""

    def __init__(self, release: Callable[[float], None]) -> None:
        self._release = release
        self._renewed: float | None = None  # monotonic seconds; None: it does not stand free
        self._turn = threading.Lock()

    def take(self, stance: Stance) -> bool:
        """What `Switch.pose` is to do and to answer."""
        if stance is not Stance.FREE:
            return False
        with self._turn:
            self._renew()
        return True

    def end(self) -> None:
        with self._turn:
            self._renewed = None

    def uphold(self) -> bool:
        """Order the next pulse where it is time for it; whether it was.  Raises as `release` does."""
        with self._turn:
            if self._renewed is None or time.monotonic() - self._renewed < RENEW:
                return False
            self._renew()
            return True

    def _renew(self) -> None:
        self._renewed = time.monotonic()
        self._release(LEASED)
