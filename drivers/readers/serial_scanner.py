"""QR scanners on a serial line or USB-CDC: GM65 and its kin, Honeywell, Newland, or any that sends lines.

Any visitor can silence or reconfigure a scanner that obeys printed set-up codes.  A GM65 is set to ignore them at every
opening, with read-back.  For others put the maker's command into `set_up` (see `scanner_protocols`): a scanner that
refuses it is not used.  An unplugged scanner is a lost device; a silent one is detected by its heartbeat (GM65).
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from drivers._shared.claim import claim, free
from drivers._shared.serial_port import SerialPort
from drivers.readers.repeat_filter import RepeatFilter
from drivers.readers.scanner_config import ScannerText
from drivers.readers.scanner_parser import ScannerParser
from drivers.readers.scanner_protocols import (
    CONTINUOUS,
    FAMILIES,
    HEARTBEAT,
    MODE,
    ON_COMMAND,
    REFUSALS,
    SAVE,
    SET_UP_CODES,
    Family,
    read_zone,
    with_mode,
    write_zone,
)
from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.driver import DriverSpec
from gate.ports.reader import Present, Reader

_POLL = 0.02  # seconds
_ANSWERS_WITHIN = 0.6
_COMMANDED_WITHIN = 0.3
_BEAT_EVERY = 10.0
_MISSED = 3  # heartbeats in a row without an answer: it is lost
_TRIGGER_EVERY = 1.0


def _hex(text: str) -> str:
    if not bytes.fromhex(text):
        raise ValueError("a command needs at least one byte")
    return text


class ScannerConfig(ScannerText):
    port: Annotated[str, Field(min_length=1, description="serial port; by-path names survive replugging")]
    scanner: Annotated[
        Literal["gm65", "honeywell", "newland", "line"],
        Field(description="family: gm65 is set up by the gate; line is any scanner that sends one code a line"),
    ]
    baud: Annotated[
        int | None, Field(ge=300, le=921600, description="baud rate; left out, the family's factory setting")
    ] = None
    trigger: Annotated[
        bool,
        Field(description="true: the scanner reads on command only, and is commanded continuously (gm65, honeywell)"),
    ] = False
    set_up: Annotated[
        tuple[Annotated[str, AfterValidator(_hex)], ...],
        Field(
            description="commands in hex, sent at every opening, such as the one that locks set-up codes: honeywell "
            "16 4D 0D, command, 2E; newland 7E 01 30 30 30 30 40, command, 3B 03"
        ),
    ] = ()


class Scanner(Reader):
    """A reader on a serial port.  Implements `gate.ports.reader.Reader`."""

    def __init__(self, port: SerialPort, config: ScannerConfig) -> None:
        self._port = port
        self._config = config
        self._family: Family = FAMILIES[config.scanner]
        self._stream = ScannerParser(config.ends == "line", answers=self._family.zones)
        self._beat_due = time.monotonic() + _BEAT_EVERY
        self._trigger_due = 0.0
        self._unanswered = 0
        self._log = device_log()

    async def set_up(self) -> None:
        """Configure the scanner.  Raises DeviceError when one that answers does not obey."""
        for command in self._config.set_up:
            await self._command(bytes.fromhex(command))
        if self._family.zones:
            await self._set_zones()
        elif not self._config.set_up:
            what = "whether visitors can change its settings by set-up codes is not known: see set_up"
            self._log.warning(f"{self}: {what}")

    async def run(self, present: Present) -> None:
        repeats = RepeatFilter(self._config, present)
        self._stream.codes.clear()
        while True:
            self._listen()
            self._keep_alive()
            codes, self._stream.codes = self._stream.codes, []
            losses, self._stream.losses = self._stream.losses, []
            repeats.drop(losses)
            for code in codes:
                if await repeats.show(code):
                    self._listen()  # drop codes that came while the lane was busy
                    self._stream.codes.clear()
            await asyncio.sleep(_POLL)

    def stop(self) -> None:
        """Send the command that ends the trigger.  Never raises."""
        with suppress(DeviceError):
            if self._config.trigger and self._family.untrigger:
                self._port.write(self._family.untrigger)

    def __str__(self) -> str:
        return f"scanner on {self._port.path}"

    def _listen(self) -> None:
        self._port.check()
        self._stream.feed(self._port.read(), time.monotonic())
        if self._stream.replies:
            self._unanswered = 0

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if self._config.trigger and self._family.trigger and now >= self._trigger_due:
            self._trigger_due = now + _TRIGGER_EVERY
            self._port.write(self._family.trigger)
        if self._family.zones and now >= self._beat_due:
            self._beat_due = now + _BEAT_EVERY
            if self._unanswered >= _MISSED:
                raise self._error(f"has not answered {_MISSED} heartbeats")
            self._unanswered += 1
            self._stream.replies.clear()
            self._port.write(HEARTBEAT)

    async def _command(self, command: bytes) -> None:
        """Send one command of `set_up`, and read its answer, which would otherwise be part of the first code."""
        self._port.write(command)
        limit, received = time.monotonic() + _COMMANDED_WITHIN, b""
        while time.monotonic() < limit:
            await asyncio.sleep(_POLL)
            received += self._port.read()
        if not self._family.zones and any(byte in REFUSALS for byte in received):
            raise self._error(f"refuses the command {command.hex(' ').upper()} of set_up")

    async def _set_zones(self) -> None:
        """Write, and save, only zones that differ: they are saved to flash, which wears out."""
        found = {zone: await self._zone(zone) for zone in (MODE, SET_UP_CODES)}
        mode = with_mode(found[MODE], ON_COMMAND if self._config.trigger else CONTINUOUS)
        changed = {zone: value for zone, value in ((MODE, mode), (SET_UP_CODES, 0)) if found[zone] != value}
        for zone, value in changed.items():
            await self._exchange(write_zone(zone, value))
            if await self._zone(zone) != value:
                raise self._error(f"does not keep what zone {zone:04X} is set to")
        if changed:
            await self._exchange(SAVE)

    async def _zone(self, address: int) -> int:
        answer = await self._exchange(read_zone(address))
        return answer[0] if answer else -1

    async def _exchange(self, frame: bytes) -> bytes:
        self._stream.replies.clear()
        self._port.write(frame)
        limit = time.monotonic() + _ANSWERS_WITHIN
        while not self._stream.replies:
            self._listen()
            if time.monotonic() > limit:
                raise self._error("does not answer")
            await asyncio.sleep(_POLL)
        return self._stream.replies[-1]

    def _error(self, what: str) -> DeviceError:
        return DeviceError(f"{self} {what}", hint="Unplug it, wait a moment and plug it in again; check its baud rate")


@asynccontextmanager
async def open_scanner(config: ScannerConfig) -> AsyncIterator[Reader]:
    baud = config.baud or FAMILIES[config.scanner].baud
    port = await claim(lambda: SerialPort(config.port, baud), SerialPort.close)
    scanner = Scanner(port, config)
    try:
        await scanner.set_up()
        yield scanner
    finally:
        scanner.stop()
        await free(port.close)


DRIVER: DriverSpec[ScannerConfig, Reader] = DriverSpec(
    name="serial_scanner",
    config=ScannerConfig,
    open=open_scanner,
    summary="QR scanner on a serial line or USB-CDC (GM65 family, Honeywell, Newland, any that sends lines)",
    needs="a serial port (/dev/serial/by-path/...); user in group dialout",
)
