"""What a serial device says: answers to orders, and reports that it makes of itself in between.

Bytes come as they please: a report may be cut in two, or stand in the middle of an answer's wait.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Generic, TypeVar

from drivers._shared.serial_port import POLL, SerialPort

_KEPT = 256
"""Bytes kept of what nobody waits for; longer than any report."""

T = TypeVar("T")


class SerialListener(Generic[T]):
    """`reports`: frame -> what it means.  Every method but `answer` may be called from any thread."""

    def __init__(self, port: SerialPort, reports: Mapping[bytes, T]) -> None:
        self._port = port
        self._reports = reports
        self._heard = b""
        self._reported: list[T] = []
        self._turn = threading.Lock()

    def forget(self) -> None:
        """Drop the answers that have come in so far, so that the next is to the next question."""
        with self._turn:
            self._listen()
            self._heard = b""

    def reported(self) -> list[T]:
        """The reports since the last call, in their order.  Raises DeviceError."""
        with self._turn:
            self._listen()
            reported, self._reported = self._reported, []
            return reported

    async def answer(self, known: tuple[bytes, ...], within: float) -> tuple[bytes | None, bytes]:
        """Which of the known answers came within that many seconds (None: none of them), and all that
        came.  Raises DeviceError."""
        limit = time.monotonic() + within
        while True:
            with self._turn:
                self._listen()
                heard = self._heard
            found = next((one for one in known if one in heard), None)
            if found is not None or time.monotonic() > limit:
                return found, heard
            await asyncio.sleep(POLL)

    def _listen(self) -> None:
        self._heard += self._port.read()
        while True:
            at = {self._heard.find(frame): frame for frame in self._reports if frame in self._heard}
            if not at:
                break
            start = min(at)
            self._reported.append(self._reports[at[start]])
            self._heard = self._heard[:start] + self._heard[start + len(at[start]) :]
        self._heard = self._heard[-_KEPT:]
