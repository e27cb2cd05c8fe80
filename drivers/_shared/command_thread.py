"""One thread that sends orders to a device, one after another, for libraries that block.

An order is queued at once, from any thread.  `settled` waits for its result; `raise_failure` raises a failure for as
long as the device is open.
"""

import asyncio
import struct
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from gate.errors import DeviceError

ODD = (OSError, ValueError, LookupError, ArithmeticError, struct.error)
"""Errors of a decoder on odd bytes, UnicodeDecodeError among them."""

T = TypeVar("T")


class CommandThread:
    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._context = copy_context()  # for the device's name in the libraries' log lines
        self._pending: set[Future[Any]] = set()
        self._failure: BaseException | None = None
        self._begun = False

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Queue `work`, and return at once.

        `work` raises DeviceError when the device does not obey.  Raises DeviceError after the end."""
        self._begin()
        try:
            order = self._executor.submit(self._context.run, work)
        except RuntimeError as error:
            raise DeviceError("the device has been closed", hint="Open it again") from error
        self._pending.add(order)
        order.add_done_callback(self._done)
        return order

    def _begin(self) -> None:
        """Start the thread.

        An executor without a thread keeps an order in its queue, and the next order would open the door."""
        if self._begun:
            return
        try:
            self._executor.submit(int)
        except RuntimeError as error:
            raise DeviceError(
                f"there is no thread to drive the device ({error})",
                hint="Look at memory and processes of this computer; it is tried again by itself",
                moved=False,
            ) from error
        self._begun = True

    async def settled(self) -> None:
        """Wait until every order given so far was carried out.  Raises as `raise_failure` does.

        Cancelling ends the waiting only: a queued order to lock is still carried out."""
        if submitted := [asyncio.wrap_future(order) for order in list(self._pending)]:
            for order in submitted:
                order.add_done_callback(asyncio.Future.exception)  # it is kept as the failure
            await asyncio.wait(submitted)
        self.raise_failure()

    def raise_failure(self) -> None:
        """Raise the first failure: a DeviceError, or an exception that only a defect raises."""
        if self._failure is not None and not isinstance(self._failure, DeviceError):
            raise self._failure
        if self._failure is not None:
            raise DeviceError(self._failure.what, hint=self._failure.hint) from self._failure

    def close(self) -> None:
        """Carry out the queued orders, and end the thread.  Blocks."""
        self._executor.shutdown(wait=True)

    def _done(self, order: "Future[Any]") -> None:
        self._pending.discard(order)
        error = order.exception() if not order.cancelled() else None
        if isinstance(error, ODD):  # a malformed answer is the device's fault, not the gate's
            error = DeviceError(f"the device sends a malformed answer ({error!r})", hint="See its cable")
        if self._failure is None:
            self._failure = error
