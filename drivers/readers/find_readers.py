"""The finder of cameras and scanners.  Implements `gate.ports.finder.DeviceFinder`.

Cameras and scanners that type are found by the names that udev gives them, other scanners by their vendor's number of
USB.  A GM65 is asked for its baud rate, in its own protocol; `drivers.barriers.find_boards` states what such a question
must not contain, for a relay board may be at the same port.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from drivers._shared.serial_port import SerialPort
from drivers._shared.serial_ports import NUMATO, SCANNERS, serial_places
from drivers._shared.serial_question import put_question
from drivers.readers.scanner_parser import ScannerParser
from gate.ports.finder import FoundDevice

GM65_BAUD = bytes.fromhex("7E 00 07 01 00 2A 02 D8 0F")  # GM65 manual: read two bytes of zone 0x002A
_GM65_ANSWER = bytes.fromhex("02 00 00 02")  # good, two bytes
_GM65_LENGTH = 8  # bytes of it, with the two and their checksum
_RIBBON = ("unicam", "rp1-cfe")  # the kernel's names of a Raspberry Pi's camera ports
_ALLOWED_BAUD = 9600  # as in find_boards


class ReaderFinder:
    """A finder of readers; `root`: the root directory, of this computer or of a test."""

    kind = "reader"
    questions: Sequence[str] = (f"{GM65_BAUD.hex(' ').upper()}  baud rate (GM65 family)",)

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def look(self) -> list[FoundDevice]:
        return [*self._cameras(), *self._serial(), *self._typing()]

    def ask(self, place: str) -> list[FoundDevice]:
        return asyncio.run(_identified(place))

    def _cameras(self) -> Iterator[FoundDevice]:
        names = {}
        for path in sorted(self._root.glob("sys/class/video4linux/video*/name")):
            with suppress(OSError):  # it was pulled meanwhile, or may not be read
                names[path.parent.name] = path.read_text("utf-8", "replace").strip()
        by_id = sorted(self._root.glob("dev/v4l/by-id/*-index0"))
        for link in by_id or sorted(self._root.glob("dev/v4l/by-path/*usb*-index0")):
            name = names.get(link.resolve().name, link.name)
            yield FoundDevice(f"camera {name} ({link.name})", {"driver": "camera", "device": str(link)})
        if any(name.startswith(_RIBBON) for name in names.values()):
            yield FoundDevice("camera on the ribbon cable", {"driver": "picamera"})

    def _serial(self) -> Iterator[FoundDevice]:
        for place in serial_places(self._root / "dev"):
            if place.vendor == NUMATO:
                continue
            scanner = SCANNERS.get(place.vendor)
            if scanner is None:
                yield FoundDevice(f"{place.title} on {place.path}", {"port": place.path})
                continue
            table: dict[str, str | int] = {"driver": "serial_scanner", "scanner": scanner[0], "port": place.path}
            yield FoundDevice(f"{scanner[1]} on {place.path}", table)

    def _typing(self) -> Iterator[FoundDevice]:
        for link in sorted(self._root.glob("dev/input/by-path/*-event-kbd")):
            words = f"keyboard, or a scanner that types ({link.name})"
            yield FoundDevice(words, {"driver": "hid_scanner", "device": str(link)})


async def _identified(place: str) -> list[FoundDevice]:
    port = SerialPort(place, _ALLOWED_BAUD)
    try:
        heard = await put_question(port, GM65_BAUD)
    finally:
        port.close()
    if not _is_gm65(heard):
        return []
    table: dict[str, str | int] = {"driver": "serial_scanner", "scanner": "gm65", "port": place}
    return [FoundDevice(f"a scanner of the GM65 family on {place}", table)]


def _is_gm65(heard: bytes) -> bool:
    """Return whether this is one whole answer of two bytes, and nothing else."""
    parser = ScannerParser(line_ends=True, answers=True)
    parser.feed(heard, 0.0)
    whole = [len(reply) for reply in parser.replies] == [2]
    return whole and heard.startswith(_GM65_ANSWER) and len(heard) == _GM65_LENGTH
