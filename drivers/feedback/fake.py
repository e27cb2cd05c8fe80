"""Feedback that lights nothing: it keeps the signals, and writes them to a file on request."""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from drivers._shared.claim import free
from gate.logs import device_log
from gate.ports.driver import DriverConfig, DriverSpec
from gate.ports.feedback import Feedback, Signal

_KEPT = 10_000
"""Signals kept; a demo may run for days."""


class FakeFeedbackConfig(DriverConfig):
    path: Annotated[
        Path | None,
        Field(
            description='file to which a JSON line is written for each signal: {"at": monotonic s, "signal": "ready"}'
        ),
    ] = None


class FakeFeedback(Feedback):
    def __init__(self, path: Path | None) -> None:
        self.history: deque[tuple[float, Signal]] = deque(maxlen=_KEPT)  # monotonic seconds, signal
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._unwritten: deque[str] = deque()
        self._writing = threading.Lock()
        self._log = device_log()

    def show(self, signal: Signal) -> None:
        at = time.monotonic()
        self.history.append((at, signal))
        if self._path is not None:
            self._unwritten.append(json.dumps({"at": round(at, 6), "signal": signal}) + "\n")
            self._loop.run_in_executor(None, self.write)

    def write(self) -> None:
        """Append the signals that are not written yet to the file.  Blocks; from any thread; never raises."""
        with self._writing:
            lines = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
            if self._path is None or not lines:
                return
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.writelines(lines)
            except OSError as error:
                self._log.warning(f"fake feedback cannot write {self._path}: {error.strerror}")


@asynccontextmanager
async def open_fake(config: FakeFeedbackConfig) -> AsyncIterator[FakeFeedback]:
    feedback = FakeFeedback(config.path)
    try:
        yield feedback
    finally:
        await free(feedback.write)


DRIVER: DriverSpec[FakeFeedbackConfig, FakeFeedback] = DriverSpec(
    name="fake",
    config=FakeFeedbackConfig,
    open=open_fake,
    summary="lamps that light nothing, for the demo and for tests",
    needs="nothing",
    simulated=True,
)
