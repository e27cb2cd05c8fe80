"""The input of a serial device: answers to orders, and unsolicited reports in between.

A report may arrive in two pieces, or while an answer is awaited.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Generic, TypeVar

from drivers._shared.serial_port import POLL, SerialPort

_KEPT = 256
"""Bytes kept while nothing is awaited; longer than any report."""

T = TypeVar("T")


class SerialListener(Generic[T]):
    """Reader of answers and reports.  `reports`: frame -> its meaning.

    Every method but `answer` may be called from any thread."""

    def __init__(self, port: SerialPort, reports: Mapping[bytes, T]) -> None:
        self._port = port
        self._reports = reports
        self._received = b""
        self._reported: list[T] = []
        self._lock = threading.Lock()

    def discard(self) -> None:
        """Drop the answers received so far, so that the next one belongs to the next command."""
        with self._lock:
            self._listen()
            self._received = b""

    def reported(self) -> list[T]:
        """Return the reports since the last call, in their order.  Raises DeviceError."""
        with self._lock:
            self._listen()
            reported, self._reported = self._reported, []
            return reported

    async def answer(self, expected: tuple[bytes, ...], within: float) -> tuple[bytes | None, bytes]:
        """Return the expected answer that came within that many seconds (None: none of them), and all bytes received.

        Raises DeviceError."""
        limit = time.monotonic() + within
        while True:
            with self._lock:
                self._listen()
                received = self._received
            found = next((one for one in expected if one in received), None)
            if found is not None or time.monotonic() > limit:
                return found, received
            await asyncio.sleep(POLL)

    def _listen(self) -> None:
        self._received += self._port.read()
        while True:
            at = {self._received.find(frame): frame for frame in self._reports if frame in self._received}
            if not at:
                break
            start = min(at)
            self._reported.append(self._reports[at[start]])
            self._received = self._received[:start] + self._received[start + len(at[start]) :]
        self._received = self._received[-_KEPT:]
