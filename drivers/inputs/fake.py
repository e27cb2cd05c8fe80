"""An input that scripts and people set through a named pipe: `echo on > PATH`.

One word a line: `on`, `off`, `pulse` (on, and off again after 200 ms), `lost` (the input fails, as if
its wire had gone).  Writers may come and go.  Without a path it stays inactive for ever.
"""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from drivers._shared.claim import claim
from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.driver import DriverSpec
from gate.ports.inputs import Input, InputConfig, Level, Report

_PULSE = 0.2
"""Seconds that `pulse` stays on."""

_LONGEST = 64
"""Bytes without a line end after which the input is dropped."""


class FakeInputConfig(InputConfig):
    path: Annotated[
        Path | None, Field(description="named pipe that takes on, off, pulse and lost; made if it is not there")
    ] = None


class FakeInput(Input):
    def __init__(self, config: FakeInputConfig, pipe: int | None) -> None:
        self._config = config
        self._pipe = pipe
        self._words: asyncio.Queue[str] = asyncio.Queue()
        self._partial = b""
        self._log = device_log()

    async def run(self, report: Report) -> None:
        loop = asyncio.get_running_loop()
        if self._pipe is not None:
            loop.add_reader(self._pipe, self._take, self._pipe)
        try:
            await self._follow(report)
        finally:
            if self._pipe is not None:
                loop.remove_reader(self._pipe)

    async def _follow(self, report: Report) -> None:
        active = self._report(report, None, now=False)
        while True:
            match await self._words.get():
                case "on" | "off" as word:
                    active = self._report(report, active, now=word == "on")
                case "pulse":
                    active = self._report(report, active, now=True)
                    await asyncio.sleep(_PULSE)
                    active = self._report(report, active, now=False)
                case "lost":
                    raise DeviceError("fake input: lost", hint="The word `lost` came through its pipe: open it again")
                case "":
                    continue
                case other:
                    self._log.warning(f"fake input: {other!r} is not one of on, off, pulse, lost")

    def _report(self, report: Report, before: bool | None, *, now: bool) -> bool:
        if now is not before:
            report(Level(self._config.role, now, time.monotonic(), self._config.direction))
        return now

    def _take(self, pipe: int) -> None:
        try:
            received = os.read(pipe, 4096)
        except BlockingIOError:
            return
        *lines, self._partial = (self._partial + received).split(b"\n")
        for line in lines:
            self._words.put_nowait(line.decode("ascii", "replace").strip())
        if len(self._partial) > _LONGEST:
            self._partial = b""


def _open_pipe(path: Path) -> int:
    """Open it read-write, so that the pipe never ends when a writer leaves (Linux)."""
    try:
        if not path.exists():
            os.mkfifo(path, 0o660)
        if not stat.S_ISFIFO(path.stat().st_mode):
            raise DeviceError(f"fake input: {path} is not a named pipe", hint="Remove it, or name another path")
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceError(
            f"fake input: pipe {path} cannot be opened: {error.strerror}",
            hint=f"{path.parent} must be a directory that the gate may write to",
        ) from error


@asynccontextmanager
async def open_fake(config: FakeInputConfig) -> AsyncIterator[Input]:
    path, pipe = config.path, None
    if path is not None:
        pipe = await claim(lambda: _open_pipe(path), os.close)
    try:
        yield FakeInput(config, pipe)
    finally:
        if pipe is not None:
            os.close(pipe)


DRIVER: DriverSpec[FakeInputConfig, Input] = DriverSpec(
    name="fake",
    config=FakeInputConfig,
    open=open_fake,
    summary="an input set by hand through a named pipe, for the demo and for tests",
    needs="nothing",
    simulated=True,
)
