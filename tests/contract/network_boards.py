"""Boards on loopback that can lie, stall, corrupt and hang up, as those on serial lines do."""

import select
import socket
import threading

from tests.contract.serial_boards import Relay, crc16

SHORTEST = 0.3
"""Seconds for which a door is released at the least, so that who asks at once sees it."""


class NetworkBoard(Relay):
    """One port of 127.0.0.1, the same after every restore.  `heard`: the messages since the start.  `silent`: it
    answers nothing; `stuck`: it says yes and does nothing."""

    kind = socket.SOCK_DGRAM

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.silent = self.stuck = False
        self.port = 0
        self._socket: socket.socket | None = None
        self.restore()

    def release(self, seconds: float | None) -> None:
        if not self.stuck:
            super().release(seconds)

    def lose(self) -> None:
        if self._socket is not None:
            self._stopping.close()
            self._thread.join()
            self._stop.close()
            self._socket.close()
            self._socket = None

    def restore(self) -> None:
        self.lose()
        self.lock()
        self._socket = socket.socket(socket.AF_INET, self.kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        if self.kind is socket.SOCK_STREAM:
            self._socket.listen()  # before anyone is told that it is there
        self._stop, self._stopping = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.lose()

    def _serve(self, line: socket.socket) -> None:
        raise NotImplementedError

    def _comes(self, line: socket.socket) -> bool:
        """Whether something comes before the plug is pulled."""
        ready, _, _ = select.select([line, self._stop], [], [])
        return self._stop not in ready


class UhppoteBoard(NetworkBoard):
    """Door 3 of board 405419896.  In the mode "controlled" it is open while its time lasts, whatever mode it was in
    between.  `begin_within`: seconds for which it releases, whatever it is told.  `lies`: about its relay;
    `stranger`: answers in another's name; `refuses`: to open."""

    serial, door = 405419896, 3

    def __init__(self) -> None:
        self.mode, self.delay = 3, 5
        self.begin_within: float | None = None
        self.contact = False
        self.lies = self.stranger = self.refuses = False
        super().__init__()

    def locked(self) -> bool:
        return {1: False, 2: True, 3: super().locked()}[self.mode]

    def asked(self, code: int) -> list[bytes]:
        """What was said with this code, without the zeros at its end."""
        return [message.rstrip(b"\0") for message in self.heard if message[1] == code]

    def _serve(self, line: socket.socket) -> None:
        while self._comes(line):
            message, peer = line.recvfrom(2048)
            self.heard.append(message)
            assert len(message) == 64
            assert message[0] == 0x17
            if int.from_bytes(message[4:8], "little") != self.serial:
                continue  # not for this board
            with self._turn:
                answer = bytearray(message[:8] + self.answer(message[1], message[8:]).ljust(56, b"\0"))
            answer[4] ^= self.stranger
            if not self.silent:
                line.sendto(answer, peer)

    def answer(self, code: int, data: bytes) -> bytes:
        if code != 0x20 and data[0] != self.door:
            return b""
        match code:
            case 0x20:
                return self.status()
            case 0x40:
                if self.refuses or self.mode == 2:
                    return b"\0"
                self.release(self.delay if self.begin_within is None else max(self.begin_within, SHORTEST))
                return b"\1"
            case 0x80 if not self.stuck:
                self.mode, self.delay = data[1:3]
        return bytes([self.door, self.mode, self.delay])

    def status(self) -> bytes:
        status = bytearray(56)
        status[20 + self.door - 1] = self.contact
        status[41] = (self.locked() is self.lies) << self.door - 1
        return bytes(status)


PARAMETERS = {"~SerialNumber": "DDG8130016092200401", "LockCount": 2, "Door1Drivertime": 5}
"""Of a ZkPanel; others are 0."""


class ZkPanel(NetworkBoard):
    """Two doors, the first is the door's.  `old`: knows no sessions.  `password`: wants one.  `corrupts`: its check
    sums; `strays`: it answers in another session; `refuses`: every order."""

    kind = socket.SOCK_STREAM

    def __init__(self) -> None:
        self.session = 0x8AD0
        self.old = self.password = self.corrupts = self.strays = self.refuses = False
        super().__init__()

    def _serve(self, line: socket.socket) -> None:
        while self._comes(line):
            peer, _ = line.accept()
            with peer:
                self._speak(peer)

    def _speak(self, peer: socket.socket) -> None:
        data, session = b"", None
        while self._comes(peer):
            try:
                more = peer.recv(4096)
            except ConnectionError:
                return
            if not more:
                return
            data += more
            while len(data) >= 8 and len(data) >= (size := 8 + int.from_bytes(data[3:5], "little")):
                message, data = data[:size], data[size:]
                self.heard.append(message)
                assert (message[:2], message[-1:]) == (b"\xaa\x01", b"\x55"), message.hex(" ")
                assert crc16(message[1:-3], 0) == message[-3:-1], message.hex(" ")
                with self._turn:
                    command, said, session = self._hear(message[2], message[5:-3], session)
                if not self.silent:
                    peer.sendall(self._framed(command, said))

    def _hear(self, command: int, data: bytes, session: int | None) -> tuple[int, bytes, int | None]:
        if command == 0x76:
            assert data[:4] == b"\xfe\xfe\xfe\xfe"
            if self.old or self.password:
                return 0xC9, bytes([256 - (13 if self.old else 14)]), None
            self.session += 1
            return 0xC8, self.session.to_bytes(2, "little") + bytes(2), self.session
        head = b""
        if session is not None:
            assert data[:2] == session.to_bytes(2, "little"), "another session"
            head, data = (session ^ self.strays).to_bytes(2, "little") + data[2:4], data[4:]
        if self.refuses and command == 0x05:
            return 0xC9, head + bytes([256 - 2]), session
        return 0xC8, head + self.answer(command, data), session

    def answer(self, command: int, data: bytes) -> bytes:
        if command == 0x04:
            return ",".join(f"{name}={PARAMETERS.get(name, 0)}" for name in data.decode().split(",")).encode()
        if command == 0x05 and data[:3] == bytes([1, 1, 1]):  # a door output, door 1, of the doors' relays
            self.release(data[3]) if data[3] else self.lock()
        return b""

    def _framed(self, command: int, data: bytes) -> bytes:
        body = bytes([1, command]) + len(data).to_bytes(2, "little") + data
        crc = crc16(body, 0)
        return b"\xaa" + body + (bytes(reversed(crc)) if self.corrupts else crc) + b"\x55"
