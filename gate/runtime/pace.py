"""A limit on a process: a share of one processor, whatever its load."""

import time
from collections.abc import Callable

SHARE = 0.3  # of one processor.  Twelve streams and a screen take 0.02 here, so 0.1 on a Pi
BURST = 0.05  # seconds of processor at once, saved in quiet times: for a browser that loads the page
LONGEST = 0.1  # seconds of one wait: the page sends PageHeartbeat every second


class Pace:
    """A quota, enforced before each piece of work.  For one thread.

    It blocks the whole process, as a quota of the kernel would: no loop, and no order of requests, gets around it.
    Niceness is no substitute.  A process of niceness 5 or 10 on the same processor made a probe that woke every 10
    ms late by 6 to 8 ms.  One of niceness 19 did not, but would starve where cameras use all processors."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._used, self._wait = clock, used, wait
        self._at, self._spent = clock(), used()
        self._saved = BURST  # seconds of processor; below 0: wait for them

    def keep(self) -> None:
        """Wait until the work so far is within the share."""
        at, spent = self._clock(), self._used()
        earned = (at - self._at) * SHARE - (spent - self._spent)
        self._saved = min(BURST, self._saved + earned)
        self._at, self._spent = at, spent
        if self._saved < 0:
            self._wait(min(-self._saved / SHARE, LONGEST))
