"""A reader that shows the codes it is given, keeps its history, and fails on demand."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal, NoReturn

from pydantic import Field

from drivers.readers.present import until_decided
from gate.errors import DeviceError
from gate.ports.driver import DriverSpec, Duration
from gate.ports.reader import Present, Reader, ReaderConfig

Fault = Literal["none", "unplugged", "lost"]


class FakeReaderConfig(ReaderConfig):
    texts: Annotated[tuple[str, ...], Field(description="codes to show, one after another")] = ()
    pause: Annotated[Duration, Field(ge=0, le=3600, description="the time between two codes")] = 0.1
    faults: Annotated[
        tuple[Fault, ...],
        Field(
            description='what happens to the first, second, ... run: "unplugged" fails at once, '
            '"lost" after one code, "none" and every later run works'
        ),
    ] = ()


class FakeReader(Reader):
    """A reader that never ends: after its last code it waits for `show`.  Implements `gate.ports.reader.Reader`."""

    def __init__(self, config: FakeReaderConfig) -> None:
        self._config = config
        self._faults = list(config.faults)
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        for text in config.texts:
            self._queue.put_nowait(text)
        self.history: list[tuple[float, str]] = []
        """(monotonic seconds, "running" | "decided TEXT" | "unplugged" | "lost")"""

    def show(self, text: str) -> None:
        """Put a code before the reader, after those that wait already."""
        self._queue.put_nowait(text)

    def unplug(self) -> None:
        """End the present run, or the next one, with DeviceError."""
        self._queue.put_nowait(None)

    async def run(self, present: Present) -> None:
        fault = self._faults.pop(0) if self._faults else "none"
        if fault == "unplugged":
            self._fail(fault)
        self._note("running")
        while True:
            text = await self._queue.get()
            if text is None:
                self._fail("unplugged")
            await until_decided([text], time.monotonic(), self._config, present)
            self._note(f"decided {text}")
            if fault == "lost":
                self._fail(fault)
            await asyncio.sleep(self._config.pause)

    def _fail(self, how: str) -> NoReturn:
        self._note(how)
        raise DeviceError(f"fake reader: {how}", hint="This is a planned fault: see `faults` in its settings")

    def _note(self, what: str) -> None:
        self.history.append((time.monotonic(), what))


@asynccontextmanager
async def open_fake(config: FakeReaderConfig) -> AsyncIterator[FakeReader]:
    yield FakeReader(config)


DRIVER = DriverSpec(
    "fake",
    FakeReaderConfig,
    open_fake,
    summary="shows the codes written in its settings",
    needs="nothing",
    simulated=True,
)
