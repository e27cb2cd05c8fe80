"""Recorded codes from a text file: for tests, demonstrations and a lane without a camera.

A line is one code, exactly as it stands there, or a JSON object with the seconds to wait before it
is shown:

    GT1:6BF6%2 8...
    {"text": "GT1:6BF6%2 8...", "after": 2.5}

Empty lines are skipped.  A text that itself begins with `{` is written as a JSON object.
Each code is shown until the lane has decided on it; at the end of the file the reader ends.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drivers.readers.present import until_decided
from gate.core.form_error import first_error
from gate.errors import DeviceError
from gate.ports.driver import DriverSpec
from gate.ports.reader import Present, Reader, ReaderConfig


class ReplayConfig(ReaderConfig):
    file: Annotated[Path, Field(description="text file of recorded codes, one a line")]


class RecordedScan(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, Field(min_length=1)]
    after: Annotated[float, Field(ge=0)] = 0.0  # seconds to wait before it is shown


class Replay(Reader):
    """A reader of recorded codes.  Implements `gate.ports.reader.Reader`."""

    def __init__(self, config: ReplayConfig, records: tuple[RecordedScan, ...]) -> None:
        self._config = config
        self._records = records
        self._next = 0  # where a cancelled run continues

    async def run(self, present: Present) -> None:
        """Present every code; return when all were decided."""
        while self._next < len(self._records):
            record = self._records[self._next]
            await asyncio.sleep(record.after)
            await until_decided([record.text], time.monotonic(), self._config, present)
            self._next += 1


def load(path: Path) -> tuple[RecordedScan, ...]:
    """Read the file.  Raises DeviceError naming the line that is wrong."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise DeviceError(f"replay {path}: {error.strerror}", hint="Name a text file of recorded codes") from error
    except UnicodeDecodeError as error:
        raise DeviceError(f"replay {path}: not UTF-8 text", hint="Record one code a line, as UTF-8 text") from error
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    records = tuple(_record(path, number, line) for number, line in enumerate(lines, 1) if line)
    if not records:
        raise DeviceError(f"replay {path}: holds no codes", hint="Write one code a line")
    return records


def _record(path: Path, number: int, line: str) -> RecordedScan:
    if not line.startswith("{"):
        return RecordedScan(text=line)
    try:
        return RecordedScan.model_validate_json(line)
    except ValidationError as error:
        raise DeviceError(
            f"replay {path}, line {number}: {first_error(error)}", hint='Write {"text": "...", "after": seconds}'
        ) from error


@asynccontextmanager
async def open_replay(config: ReplayConfig) -> AsyncIterator[Replay]:
    yield Replay(config, await asyncio.to_thread(load, config.file))


DRIVER = DriverSpec(
    "replay",
    ReplayConfig,
    open_replay,
    summary="recorded codes from a text file",
    needs="nothing",
    simulated=True,
)
