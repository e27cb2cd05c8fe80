"""The lane's place for its barrier, which comes and goes."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.inputs import Report
from gate.runtime.supervisor import as_device_error

Outcome = Callable[[DeviceError | None], None]
"""A callback, called once with the outcome of a release: None when the barrier has taken the order."""


class BarrierSlot:
    """The lane's barrier; belongs to one event loop.  `fitted`: whether the lane has a barrier at all."""

    def __init__(self, *, fitted: bool = True) -> None:
        self.fitted = fitted
        self._barrier: Barrier | None = None
        self._lost = asyncio.Event()
        self._problem: DeviceError | None = None  # why an order failed
        self._order: asyncio.Task[None] | None = None  # the last one; it may still be running
        self._group: asyncio.TaskGroup | None = None

    def use(self, group: asyncio.TaskGroup) -> None:
        """Carry orders out as tasks of this group."""
        self._group = group

    async def hold(self, barrier: Barrier, ready: Callable[[], None], report: Report) -> None:
        """Use this barrier until it is lost.  Raises DeviceError then, and never returns otherwise.  `report` gets
        what the device itself senses."""
        self._barrier, self._lost, self._problem = barrier, asyncio.Event(), None
        ready()
        watch = asyncio.ensure_future(barrier.watch(report))
        failed = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({watch, failed}, return_when=asyncio.FIRST_COMPLETED)
            if self._problem is not None:
                raise DeviceError(self._problem.what, hint=self._problem.hint) from self._problem
            watch.result()
            raise DeviceError("barrier: its driver has stopped watching it", hint="It is being opened again")
        finally:
            self._barrier = None
            await self._end_order()  # a later failure would take the next barrier with it
            for task in (watch, failed):
                task.cancel()
                with suppress(asyncio.CancelledError, DeviceError):
                    await task

    async def release(self, direction: Direction, outcome: Outcome, *, extended: bool = False) -> None:
        """Start a release.  A release that is still running ends first, and its outcome is not reported."""
        await self.secure()
        if (barrier := self._barrier) is not None:
            self._start(self._release(barrier, direction, outcome, extended=extended))
        elif self.fitted:
            outcome(DeviceError("barrier: it is not there", hint="It is being opened again", moved=False))
        else:
            outcome(None)

    async def set_stance(self, stance: Stance) -> None:
        """Start to take a stance; a release that is still running ends first.  The lane orders the stance again
        when a lost barrier is back."""
        await self.secure()
        if (barrier := self._barrier) is not None:
            self._start(self._set_stance(barrier, stance))

    @property
    def secured(self) -> bool:
        """Return whether the last order to the device was to lock; a device that is lost locks by itself."""
        return self._barrier is None or self._barrier.secured

    async def secure(self) -> None:
        """Lock now, and end a release that is still running."""
        await self._end_order()
        if self._barrier is not None and not self._barrier.secured:
            self._barrier.secure()

    def _start(self, order: Coroutine[None, None, None]) -> None:
        if self._group is None:
            order.close()
            raise RuntimeError("an order was given before the lane runs")
        self._order = self._group.create_task(order)

    async def _end_order(self) -> None:
        running, self._order = self._order, None
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _release(self, barrier: Barrier, direction: Direction, outcome: Outcome, *, extended: bool) -> None:
        taken = False

        def opened() -> None:
            nonlocal taken
            if not taken:
                taken = True
                outcome(None)

        try:
            await barrier.release(direction, opened, extended=extended)
            opened()
        except (DeviceError, OSError) as error:
            self._fail(as_device_error(error))
            if not taken:
                outcome(as_device_error(error))

    async def _set_stance(self, barrier: Barrier, stance: Stance) -> None:
        try:
            await barrier.set_stance(stance)
        except (DeviceError, OSError) as error:
            self._fail(as_device_error(error))

    def _fail(self, error: DeviceError) -> None:
        self._problem = error
        self._lost.set()
