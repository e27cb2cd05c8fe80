"""The barrier as the lane uses it: there or not, released or not."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

import structlog

from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.inputs import Report

log = structlog.get_logger()


class Door:
    """Belongs to one event loop.  `present` says whether a barrier is there to be driven."""

    def __init__(self) -> None:
        self._barrier: Barrier | None = None
        self._lost = asyncio.Event()
        self._order: asyncio.Task[None] | None = None  # the last one, perhaps still being carried out

    async def hold(self, barrier: Barrier, ready: Callable[[], None], report: Report) -> None:
        """Use this barrier until it is lost.  Raises DeviceError then; never returns otherwise.
        `report` hears what the device itself senses."""
        self._barrier, self._lost = barrier, asyncio.Event()
        ready()
        watch = asyncio.ensure_future(barrier.watch(report))
        failed = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({watch, failed}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            raise DeviceError("barrier: it failed while releasing", hint="It is being opened again")
        finally:
            self._barrier = None
            await self._end_order()  # or it would fail later, and take the next barrier with it
            for task in (watch, failed):
                task.cancel()
                with suppress(asyncio.CancelledError, DeviceError):
                    await task

    async def release(self, direction: Direction, group: asyncio.TaskGroup, *, extended: bool = False) -> None:
        """Start a release; one that is still running is ended first."""
        await self.secure()
        if (barrier := self._barrier) is not None:
            self._order = group.create_task(self._drive(barrier.release(direction, extended=extended)), name="release")

    async def stand(self, stance: Stance, group: asyncio.TaskGroup) -> None:
        """Start to take a stance; a release that is still running is ended first."""
        await self.secure()
        if (barrier := self._barrier) is not None:
            self._order = group.create_task(self._drive(barrier.stand(stance)), name="stand")

    async def secure(self) -> None:
        """Lock now, and end a release that is still running."""
        await self._end_order()
        if self._barrier is not None and not self._barrier.secured:
            self._barrier.secure()

    async def _end_order(self) -> None:
        running, self._order = self._order, None
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _drive(self, order: Coroutine[None, None, None]) -> None:
        try:
            await order
        except DeviceError as error:
            log.error(str(error), device="barrier")
            self._lost.set()
