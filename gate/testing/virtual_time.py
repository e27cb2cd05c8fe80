"""An event loop in which waiting takes no time."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple, Unpack

_LOOK = 0.005  # real s between two looks while a thread works for the loop
_PACE = 0.1  # virtual seconds per real second, while a thread works

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still while something runs, and jumps to the next timer when nothing does.

    While a thread of an executor works, time passes ten times slower than on the wall: timers still fire, should the
    thread wait for one, and a busy machine does not make them fire early.  The loop does not wait for threads and
    processes that it has not started: take the usual loop for those."""

    def __init__(self) -> None:
        self._at = 1000.0  # seconds
        self._working = 0  # calls of executors
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._at

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Arguments]], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        working = super().run_in_executor(executor, func, *args)
        self._working += 1
        working.add_done_callback(self._worked)
        return working

    def _worked(self, _: object) -> None:
        self._working -= 1


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        if self._loop._working:
            ready = super().select(_LOOK)
            self._loop._at += min(timeout, _LOOK * _PACE)
            return ready
        self._loop._at += timeout
        return []
