"""The finder of relay boards and turnstiles on serial ports.  Implements `gate.ports.finder.DeviceFinder`.

What is sent must not open anything on a board that is another than the one asked for.  Therefore:

- Every question goes out at 9600 baud.  At another rate a board would see other bytes than were sent, and an HW-667
  opens by a single one.
- No question contains AA, BB or CC, the orders of an HW-667.  The usual question to a Waveshare board, the state of its
  relays (01 01 00 00 00 08 3D CC), ends with one of them, so its software version is asked for.
- No question, and no two in a row, contain a frame of any profile, nor a function of Modbus that writes.
- The operations 02 to 04 of LCUS boards are not used: some boards take them for orders.

A Numato module is known by its vendor's number of USB.  Nothing harmless is documented to ask an HW-667, a Digicon, an
AC-ATRI-018 or an OSDP module: a person names those.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from drivers._shared.crc16 import MODBUS, crc16
from drivers._shared.serial_port import SerialPort
from drivers._shared.serial_ports import NUMATO, SCANNERS, serial_places
from drivers._shared.serial_question import put_question
from gate.ports.finder import FoundDevice

BAUD = 9600

RELAY_STATE = bytes.fromhex("FF 01 03")  # KMTronic: is relay 1 on?  An LCUS board takes the first byte: all states
WAVESHARE_VERSION = bytes.fromhex("01 03 80 00 00 01 AD CA")  # Waveshare wiki: read the software version
LOT_PASSES = bytes.fromhex("01 03 00 40 00 01 85 DE")  # LOT's SDK: passes that are still allowed for entry
LOT_MODE = bytes.fromhex("01 03 30 00 00 01 8B 0A")  # LOT's SDK: 0 normal, 1 blocked, 2 anti-panic
QUESTIONS = (RELAY_STATE, WAVESHARE_VERSION, LOT_PASSES, LOT_MODE)  # in this order


class BoardFinder:
    """A finder of boards; `dev`: where names of devices are."""

    kind = "barrier"
    questions: Sequence[str] = (
        f"{RELAY_STATE.hex(' ').upper()}  is a relay on? (KMTronic, LCUS)",
        f"{WAVESHARE_VERSION.hex(' ').upper()}  software version (Waveshare, address 1)",
        f"{LOT_PASSES.hex(' ').upper()}  passes allowed (LOT turnstile, address 1)",
        f"{LOT_MODE.hex(' ').upper()}  mode (LOT turnstile, address 1)",
    )

    def __init__(self, dev: Path = Path("/dev")) -> None:
        self._dev = dev

    def look(self) -> list[FoundDevice]:
        found = []
        for place in serial_places(self._dev):
            if place.vendor in SCANNERS:
                continue
            table: dict[str, str | int] = {"port": place.path}
            if place.vendor == NUMATO:
                table = {"driver": "numato", **table}
            found.append(FoundDevice(f"{place.title} on {place.path}", table))
        return found

    def ask(self, place: str) -> list[FoundDevice]:
        return asyncio.run(_identified(place))


async def _identified(place: str) -> list[FoundDevice]:
    port = SerialPort(place, BAUD)
    try:
        found = await _by_relay_state(port) or await _by_registers(port)
    finally:
        port.close()
    return [] if found is None else [FoundDevice(f"{found[0]} on {place}", {**found[1], "port": place})]


Identified = tuple[str, dict[str, str | int]]


async def _by_relay_state(port: SerialPort) -> Identified | None:
    heard = await put_question(port, RELAY_STATE)
    if heard in (b"\xff\x01\x00", b"\xff\x01\x01"):
        return "a KMTronic relay board", {"driver": "serial_frames", "profile": "kmtronic"}
    states = 0 < len(heard) <= 8 and set(heard) <= {0, 1}  # one byte a relay; others answer in words, "CH1: OFF"
    if states or b"CH1:" in heard:
        return "an LCUS relay board", {"driver": "serial_frames", "profile": "lcus"}
    return None


async def _by_registers(port: SerialPort) -> Identified | None:
    version = _register(await put_question(port, WAVESHARE_VERSION))
    if version:
        words = f"a Waveshare Modbus relay board (software {version / 100:.2f}, address 1)"
        return words, {"driver": "modbus_relay", "board": "waveshare"}
    if _register(await put_question(port, LOT_PASSES)) is None:
        return None
    if _register(await put_question(port, LOT_MODE)) in (0, 1, 2):
        return "a LOT turnstile (address 1)", {"driver": "modbus_relay", "board": "lot"}
    return None


def _register(heard: bytes) -> int | None:
    """Return the register that unit 1 answered with; None for an error, noise or silence."""
    if len(heard) != 7 or heard[:3] != b"\x01\x03\x02" or crc16(heard[:-2], MODBUS) != heard[-2:]:
        return None
    return int.from_bytes(heard[3:5], "big")
