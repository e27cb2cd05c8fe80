"""The one thread on which everything that touches SQLite runs."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gate.errors import StoreError

T = TypeVar("T")

# Seconds that one write may take.  The kernel gives up on a disk command after 30 s
# (/sys/block/sda/device/timeout), resets the disk and reports EIO.  A lane killed earlier would start again with
# the same disk.
SLOW_WRITE = 35.0


class Writer:
    """The writing thread; belongs to the lane's event loop.  Times are monotonic seconds."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lane-writer")
        self._busy_since: float | None = None
        self._begun = False

    async def do(self, work: Callable[[], T], then: Callable[[], None] | None = None) -> T:
        """Do the work; return its result.  `then` follows, before the next work, and nobody waits for it; it must
        not raise."""
        self._begin()
        self._busy_since = time.monotonic()
        done = asyncio.get_running_loop().run_in_executor(self._thread, work)
        if then:
            self._thread.submit(then)
        try:
            return await done
        finally:
            self._busy_since = None

    def _begin(self) -> None:
        """Start the thread.  An executor without a thread would keep the work in its queue, and do it later."""
        if self._begun:
            return
        try:
            self._thread.submit(int)
        except RuntimeError as error:
            raise StoreError(
                f"lane.db: there is no thread to write it ({error})",
                hint="Look at memory and processes of this computer, and TasksMax= of the service",
            ) from error
        self._begun = True

    async def ping_while_writing(self, ping: Callable[[], None]) -> None:
        """Call `ping` while the loop only waits for the disk, which may be slow, but only up to `SLOW_WRITE`."""
        while True:
            await asyncio.sleep(1.0)
            if self._busy_since is not None and time.monotonic() - self._busy_since < SLOW_WRITE:
                ping()

    def close(self) -> None:
        self._thread.shutdown(wait=False)
