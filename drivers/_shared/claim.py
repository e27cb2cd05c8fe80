"""Opening and closing of a device off the event loop; a cancelled task loses nothing.

Opening a port or importing a hardware library takes up to a second, and its thread cannot be interrupted.  A device
that the thread gets after its task has ended is freed at once.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gate.errors import DeviceError

T = TypeVar("T")


class _Claim(Generic[T]):
    def __init__(self, take: Callable[[], T], free: Callable[[T], None]) -> None:
        self._take = take
        self._free = free
        self._lock = threading.Lock()
        self._taken: list[T] = []
        self._abandoned = False

    def run(self) -> T:
        """Take the device; free it at once when it was abandoned meanwhile."""
        thing = self._take()
        with self._lock:
            self._taken.append(thing)
            abandoned = self._abandoned
        if abandoned:
            self._give_back()
        return thing

    def abandon(self) -> None:
        """Free the device, now or as soon as it is taken."""
        with self._lock:
            self._abandoned = True
        self._give_back()

    def _give_back(self) -> None:
        with self._lock:
            taken, self._taken = self._taken, []
        for thing in taken:
            self._free(thing)


async def claim(take: Callable[[], T], free: Callable[[T], None]) -> T:
    """Run `take` in a thread, and return its result.

    On cancellation the result is passed to `free`, exactly once.  Raises what `take` raises; an error of the
    operating system as a DeviceError: without descriptors not even the library is loaded."""
    job = _Claim(take, free)
    try:
        return await asyncio.to_thread(job.run)
    except OSError as error:
        raise DeviceError(
            f"the operating system refuses it: {error.strerror or error}",
            hint="Look at memory and open files of this computer; it is tried again",
        ) from error
    except (asyncio.CancelledError, RuntimeError):  # RuntimeError: no thread is left, and the job waits for one
        job.abandon()
        raise


async def free(close: Callable[[], None]) -> None:
    """Run `close`, which does not raise, in a thread.

    It runs even when the waiting task is cancelled (a plain `to_thread` may be dropped before it has begun)."""
    closing = _Once(close)
    try:
        closed = asyncio.get_running_loop().run_in_executor(None, closing.run)
    except RuntimeError:  # no thread is left; a device that stays claimed could not be opened again
        closing.run()
    else:
        await asyncio.shield(closed)


class _Once:
    """A job that runs once, on the first thread that takes it.

    A job that was given to an executor without a thread stays in its queue."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: list[Callable[[], None]] = [work]

    def run(self) -> None:
        """Run the job, unless it ran already."""
        try:
            work = self._work.pop()
        except IndexError:
            return
        work()
