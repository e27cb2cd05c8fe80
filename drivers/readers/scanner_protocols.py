"""The protocols of families of serial scanners.

GM65, GM861, GM812, GM60 (Hangzhou Grow): `7E 00 type length address address data crc crc`; types 07 read a zone, 08
write it, 09 save, 0A heartbeat; the CRC is CRC-16/XMODEM over type to data, and AB CD skips it.  Zone 0000 holds the
reading mode in its two lowest bits (01 on command, 10 continuous), zone 0003 in its lowest bit whether set-up codes are
obeyed.  The zones are from the maker's manual, untested on a unit: therefore both are read back.

Honeywell: SYN T CR and SYN U CR, trigger on and off.  Commands: SYN M CR, the command, `.` to keep it or `!` until the
power is lost (manuals of the Xenon 1900 and N3680).
Newland: `~` SOH 0000, `@` to keep it or `#` until the power is lost, the command, `;` ETX (manuals of the HR42, HR52
and FM530).
Both answer a command with ACK, or with NAK or ENQ when they do not take it.  No manual at hand names a command that
locks set-up codes on every model.  (Leaving Newland's set-up mode does not: its code to enter it works again.)  So the
command belongs into `set_up`, from the manual of the scanner in use.
"""

import binascii
from dataclasses import dataclass

MODE, SET_UP_CODES, TRIGGER = 0x0000, 0x0003, 0x0002
ON_COMMAND, CONTINUOUS, _MODE_BITS = 0b01, 0b10, 0b11
REFUSALS = (0x15, 0x05)
"""NAK and ENQ, of Honeywell and Newland."""

READ, WRITE, _SAVE, _HEARTBEAT = 0x07, 0x08, 0x09, 0x0A


def frame(kind: int, address: int, data: bytes, *, checked: bool = True) -> bytes:
    """Return a frame for a GM65.  Not `checked`: AB CD instead of the CRC."""
    body = bytes([kind, len(data)]) + address.to_bytes(2, "big") + data
    return b"\x7e\x00" + body + (_crc16(body) if checked else b"\xab\xcd")


def _crc16(body: bytes) -> bytes:
    """Return the CRC-16/XMODEM, high byte first."""
    return binascii.crc_hqx(body, 0).to_bytes(2, "big")


def read_zone(address: int) -> bytes:
    """Return a command to read a zone, whose answer is its one byte."""
    return frame(READ, address, b"\x01")


def write_zone(address: int, value: int) -> bytes:
    """Return a command to write a zone, whose answer is one byte, 00."""
    return frame(WRITE, address, bytes([value]))


def with_mode(value: int, mode: int) -> int:
    """Return zone 0000 with another reading mode; light and sound stay as they are."""
    return (value & ~_MODE_BITS & 0xFF) | mode


HEARTBEAT = frame(_HEARTBEAT, 0, b"\x00")
SAVE = frame(_SAVE, 0, b"\x00")
"""Saves every zone: one that is only written is lost with the power."""


@dataclass(frozen=True, slots=True)
class Family:
    baud: int
    zones: bool = False  # set up through zones, answers, has a heartbeat
    trigger: bytes = b""  # reads one code
    untrigger: bytes = b""


FAMILIES = {
    "gm65": Family(9600, zones=True, trigger=frame(WRITE, TRIGGER, b"\x01", checked=False)),
    "honeywell": Family(115200, trigger=b"\x16\x54\x0d", untrigger=b"\x16\x55\x0d"),
    "newland": Family(115200),
    "line": Family(9600),
}
