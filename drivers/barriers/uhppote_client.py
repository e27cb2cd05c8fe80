"""Questions to a UHPPOTE board and its answers: one datagram of 64 bytes each way, UDP port 60000.

    17 code 00 00 <serial number, 4 bytes, low first> <data> 00 ...

Nothing in it is secret or signed: a person who reaches the board and has its number opens the door.  Facts:
the protocol as the uhppoted project documents it (codes 20, 40, 80, 82).
"""

import socket
import struct
from dataclasses import dataclass

from gate.errors import DeviceError

SIZE, START = 64, 0x17
STATUS, OPEN, SET_DOOR, GET_DOOR = 0x20, 0x40, 0x80, 0x82
NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED = 1, 2, 3

_HEAD, _HEAD_SIZE = struct.Struct("<BBxxI"), 8
_CONTACTS, _RELAYS = 28, 49  # places in a status: a byte for each door's contact; a bit for each relay
_ANSWERS_WITHIN = 0.4  # seconds; a board answers in a few milliseconds


@dataclass(frozen=True, slots=True)
class DoorSetting:
    mode: int
    delay: int  # seconds for which an opening lasts


@dataclass(frozen=True, slots=True)
class UhppoteDoorState:
    released: bool  # its relay
    open: bool  # its contact


def message(code: int, serial: int, data: bytes = b"") -> bytes:
    """Return the 64 bytes of a message."""
    return (_HEAD.pack(START, code, serial) + data).ljust(SIZE, b"\0")


class UhppoteClient:
    """One door of one board.  Every method blocks, and raises DeviceError."""

    def __init__(self, address: str, port: int, serial: int, door: int) -> None:
        self.name = f"UHPPOTE board {serial} at {address}:{port}"
        self._address = (address, port)
        self._serial = serial
        self._door = door

    def open(self) -> None:
        """Open the door.  It is sent once: a lost answer may mean an open door."""
        if self._request(OPEN, bytes([self._door]), tries=1)[0] != 1:
            raise self._fault("refuses to open the door", "Look for an interlock or a mode that was set elsewhere")

    def setting(self) -> DoorSetting:
        return self._setting(self._request(GET_DOOR, bytes([self._door])))

    def set(self, setting: DoorSetting) -> None:
        """Write the door's setting, and compare the echo."""
        found = self._setting(self._request(SET_DOOR, bytes([self._door, setting.mode, setting.delay])))
        if found != setting:
            raise self._fault(f"takes {found} instead of {setting}", "Look for another program that sets the board")

    def state(self) -> UhppoteDoorState:
        answer = self._request(STATUS)
        at = self._door - 1
        released = answer[_RELAYS - _HEAD_SIZE] >> at & 1
        return UhppoteDoorState(bool(released), bool(answer[_CONTACTS - _HEAD_SIZE + at]))

    def close(self) -> None:
        """Do nothing: each request has a socket of its own, so that a late answer cannot pass for the next one."""

    def _setting(self, answer: bytes) -> DoorSetting:
        if answer[0] != self._door:
            raise self._fault(f"answers for door {answer[0]} instead of {self._door}", "Choose a door that it has")
        return DoorSetting(answer[1], answer[2])

    def _request(self, code: int, data: bytes = b"", *, tries: int = 2) -> bytes:
        """Return the bytes after the serial number.  UDP may lose a datagram, hence the tries."""
        problem: Exception | None = None
        for _ in range(tries):
            try:
                return self._request_once(code, data)
            except OSError as error:
                problem = error
        raise self._fault(
            f"does not answer ({problem})",
            "Check its power, the network, its number, and IPAddressAllow= in a drop-in (`systemctl edit gate`)",
        ) from problem

    def _request_once(self, code: int, data: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(_ANSWERS_WITHIN)
            line.connect(self._address)  # the kernel drops other senders' datagrams
            line.send(message(code, self._serial, data))
            answer = line.recv(2048)
        if len(answer) != SIZE or _HEAD.unpack_from(answer) != (START, code, self._serial):
            raise self._fault(
                f"answers {answer[:_HEAD_SIZE].hex(' ').upper()}", "Check the number that is printed on the board"
            )
        return answer[_HEAD_SIZE:]

    def _fault(self, what: str, hint: str) -> DeviceError:
        return DeviceError(f"{self.name} {what}", hint=hint)
