"""Questions to a ZKTeco C3 or inBio panel and its answers, over TCP port 4370.

    AA 01 command <length, 2 bytes, low first> [session, number: 2 bytes each] <data> <CRC, low first> 55

The CRC is CRC-16/ARC over all between AA and itself.  Command 76 requests a session; panels without sessions refuse it
(C9 F3) and take command 01.  The answer is C8, or C9 with the reason.  Nothing is secret or signed; the communication
password, where one is set, crosses the line as it is, and is not used here.  Facts: zkaccess-c3's documentation, and
the frames that it exchanges with real panels.
"""

import socket
import struct

from drivers._shared.crc16 import ARC, crc16
from gate.errors import DeviceError, in_words

CONNECT, CONNECT_WITHOUT_SESSION, DISCONNECT, GET_PARAMETER, CONTROL = 0x76, 0x01, 0x02, 0x04, 0x05
_START, _VERSION, _END = 0xAA, 0x01, 0x55
_YES, _NO = 0xC8, 0xC9
_NO_SUCH_COMMAND, _PASSWORD = -13, -14
_DOOR_OUTPUT = bytes([1])

NOBODY, FIRST = 0xFEFE, 0xFEFE
"""Session and number of the first message."""

_HEAD = struct.Struct("<BBBH")
_ANSWERS_WITHIN = 0.7  # seconds, for each piece
_LONGEST = 4096
_HINT = "Check its power, the network, and IPAddressAllow= in a drop-in (`systemctl edit gate`)"


class _Refused(Exception):  # noqa: N818 - an answer of the panel, not a fault
    def __init__(self, code: int) -> None:
        super().__init__(f"refuses with {code}")
        self.code = code


def frame(command: int, data: bytes = b"", *, session: int | None = None, number: int = FIRST) -> bytes:
    """Return a frame.  `session` None: one without a session."""
    data = (b"" if session is None else struct.pack("<HH", session, number)) + data
    body = _HEAD.pack(_START, _VERSION, command, len(data)) + data
    return body + crc16(body[1:], ARC) + bytes([_END])


class ZkClient:
    """A client of one panel.  Every method blocks, and raises DeviceError."""

    def __init__(self, address: str, port: int) -> None:
        self.name = f"ZKTeco panel at {address}:{port}"
        self._session: int | None = NOBODY
        self._number = FIRST
        try:
            self._line = socket.create_connection((address, port), _ANSWERS_WITHIN)
        except OSError as error:
            raise self._lost(error) from error
        try:
            self._begin()
        except BaseException:
            self._line.close()
            raise

    def doors(self) -> int:
        """Return the number of doors."""
        answer = self._execute(GET_PARAMETER, b"LockCount")
        name, _, count = answer.decode("ascii", "replace").strip("\0 ").partition("=")
        if name != "LockCount" or not count.isdecimal():
            raise DeviceError(f"{self.name} answers {answer!r}", hint="Choose the driver of the panel that is there")
        return int(count)

    def hold(self, door: int, seconds: int) -> None:
        """Release the door for this many seconds, 1 to 254; 0 locks it."""
        self._execute(CONTROL, _DOOR_OUTPUT + bytes([door, 1, seconds, 0]))

    def close(self) -> None:
        """End the session, if the panel still answers.  Never raises."""
        try:
            self._line.sendall(self._next(DISCONNECT))
        except OSError:
            pass  # it is gone
        finally:
            self._line.close()

    def _begin(self) -> None:
        try:
            answer = self._exchange(CONNECT)
            self._session = int.from_bytes(answer[:2], "little")
        except _Refused as refused:
            if refused.code != _NO_SUCH_COMMAND:
                raise self._refused(refused) from refused
            self._session = None
            self._execute(CONNECT_WITHOUT_SESSION)

    def _execute(self, command: int, data: bytes = b"") -> bytes:
        try:
            answer = self._exchange(command, data)
        except _Refused as refused:
            raise self._refused(refused) from refused
        if self._session is None:
            return answer
        if answer[:2] != self._session.to_bytes(2, "little"):
            raise DeviceError(f"{self.name} answers in another session", hint="Stop other programs that connect to it")
        return answer[4:]

    def _exchange(self, command: int, data: bytes = b"") -> bytes:
        """Return the data of the answer.  Raises _Refused."""
        try:
            self._line.sendall(self._next(command, data))
            head = self._receive(_HEAD.size)
            start, _, status, length = _HEAD.unpack(head)
            if start != _START or length > _LONGEST:
                raise OSError(f"it answers {head.hex(' ').upper()}")
            rest = self._receive(length + 3)
        except OSError as error:
            raise self._lost(error) from error
        answer, crc, end = rest[:length], rest[length:-1], rest[-1]
        if end != _END or crc != crc16(head[1:] + answer, ARC):
            raise self._lost(OSError("the check sum of its answer is wrong"))
        if status == _NO:
            raise _Refused(int.from_bytes(answer[-1:], "little", signed=True))
        if status != _YES:
            raise self._lost(OSError(f"it answers {status:02X}"))
        return answer

    def _next(self, command: int, data: bytes = b"") -> bytes:
        number, self._number = self._number, self._number + 1 & 0xFFFF
        return frame(command, data, session=self._session, number=number)

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._line.recv(size - len(data))
            if not more:
                raise OSError("it closed the connection")
            data += more
        return data

    def _refused(self, refused: _Refused) -> DeviceError:
        if refused.code == _PASSWORD:
            return DeviceError(
                f"{self.name} requires a communication password", hint="Clear it in the panel: it protects nothing"
            )
        return DeviceError(f"{self.name} {refused}", hint="Look at what the panel allows this door")

    def _lost(self, error: OSError) -> DeviceError:
        return DeviceError(f"{self.name} does not answer ({in_words(error)})", hint=_HINT)
