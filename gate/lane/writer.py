"""The one thread on which everything that touches SQLite runs, and when it has time to tidy."""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

TIDY_AFTER = 30.0  # seconds of quiet before the journal is signed and the WAL checkpointed
TIDY_AT_LATEST = 600.0  # seconds after the first decision: at a lane that is never quiet
TIDY_STEP = 1.0  # seconds between two steps, of 0.2 s each at most here
# Seconds one write may take.  The kernel gives up on a command to a disk after 30 s (/sys/block/sda/device/timeout),
# resets it and reports EIO; until then a lane that is killed for waiting starts again with the same disk.
SLOW_WRITE = 35.0


class Writer:
    """Belongs to the lane's event loop.  Times are monotonic seconds."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lane-writer")
        self._busy_since: float | None = None

    async def do(self, work: Callable[[], T]) -> T:
        self._busy_since = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._busy_since = None

    async def vouch(self, alive: Callable[[], None]) -> None:
        """Give a sign of life while the loop only waits for the disk, which may be slow, but not for ever."""
        while True:
            await asyncio.sleep(1.0)
            if self._busy_since is not None and time.monotonic() - self._busy_since < SLOW_WRITE:
                alive()

    def close(self) -> None:
        self._thread.shutdown(wait=False)


class TidyTimer:
    """When the store is to be tidied: after some quiet, or some time without any."""

    def __init__(self) -> None:
        self._due: float | None = None  # monotonic s; None before the first look
        self._latest = 0.0

    def decided(self, now: float) -> None:
        self._latest = self._latest or now + TIDY_AT_LATEST
        self._due = min(now + TIDY_AFTER, self._latest)

    def again(self, now: float) -> None:
        """There was more to do than one step."""
        self._due = now + TIDY_STEP

    def due(self, now: float) -> bool:
        """Once for each time that it is; some time after the start, too."""
        if self._due is None:
            self._due = now + TIDY_AFTER
        if now < self._due:
            return False
        self._due, self._latest = math.inf, 0.0
        return True
