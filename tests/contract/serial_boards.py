"""Boards on the other end of a pseudo-terminal: byte-exact, and able to lie, stall, corrupt and hang up.

Each keeps one name for its port, as by-path names do, whichever pseudo-terminal is behind it.
"""

import os
import pty
import select
import threading
import time
import tty
from pathlib import Path

from gate.core.model import Direction


def crc16(data: bytes, start: int = 0xFFFF) -> bytes:
    """Of Modbus RTU, low byte first.  From 0: CRC-16/ARC."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class Relay:
    """What a board's hardware does.  `pulse`: seconds after which it locks by itself."""

    def __init__(self) -> None:
        self.pulse: float | None = None
        self.released_at: float | None = None
        self.openings = 0
        self._turn = threading.RLock()

    def release(self, seconds: float | None) -> None:
        """For so long; None: until it is told otherwise."""
        with self._turn:
            self.openings += 1
            self.pulse, self.released_at = seconds, time.monotonic()

    def lock(self) -> None:
        with self._turn:
            self.released_at = None

    def locked(self) -> bool:
        with self._turn:
            if self.released_at is None:
                return True
            return self.pulse is not None and time.monotonic() - self.released_at >= self.pulse


class Board(Relay):
    """`heard` is every byte since the start."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.port = folder / "port"
        self.heard = b""
        self.silent = self.corrupts = False
        self._rest = b""
        self._ours = self._theirs = -1
        self._thread: threading.Thread | None = None
        self.restore()

    # What it says.

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Answers what is whole in these bytes; returns the answer, and what is not whole yet."""
        raise NotImplementedError

    def say(self, data: bytes) -> None:
        if self.silent or self._ours < 0:
            return
        os.write(self._ours, bytes([data[0] ^ 0xFF]) + data[1:] if self.corrupts else data)

    # Its plug.

    def lose(self) -> None:
        """Hang up."""
        self._end()
        self.port.unlink(missing_ok=True)

    def restore(self) -> None:
        self._end()
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(self._theirs))
        self._stop, self._stopping = os.pipe()
        self._rest = b""
        self.lock()
        self._thread = threading.Thread(target=self._run, args=(self._ours, self._stop), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.lose()

    def _end(self) -> None:
        if self._thread is None:
            return
        os.write(self._stopping, b"x")
        self._thread.join()
        self._thread = None
        for descriptor in (self._ours, self._theirs, self._stop, self._stopping):
            os.close(descriptor)
        self._ours = -1

    def _run(self, ours: int, stop: int) -> None:
        while True:
            ready, _, _ = select.select([ours, stop], [], [])
            if stop in ready:
                return
            data = os.read(ours, 4096)
            with self._turn:
                self.heard += data
                answer, self._rest = self.take(self._rest + data)
            if answer:
                self.say(answer)


class ModbusBoard(Board):
    """Slave side of Modbus RTU: one unit, its requests cut by length, its answers with a CRC."""

    unit = 1

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        answers = b""
        while len(data) >= 8:
            size = 9 + data[6] if data[1] in (15, 16) else 8
            if len(data) < size:
                break
            request, data = data[:size], data[size:]
            assert crc16(request[:-2]) == request[-2:], request.hex(" ")
            if request[0] == self.unit:
                answer = bytes([self.unit]) + self.answer(request[1], request[2:-2])
                answers += answer + crc16(answer)
        return answers, data

    def answer(self, function: int, body: bytes) -> bytes:
        raise NotImplementedError


class WaveshareBoard(ModbusBoard):
    """Eight relays; the first is the door's.  `stuck`: it echoes and does nothing."""

    stuck = False
    lies = False  # says the contrary of what its relay does

    def answer(self, function: int, body: bytes) -> bytes:
        address, value = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
        match function, address:
            case 1, 0:
                assert value == 8, "a single coil cannot be read"
                return bytes([1, 1, self.locked() is self.lies])
            case 3, 0x8000:
                return bytes([3, 2]) + (200).to_bytes(2, "big")  # software version 2.00
            case 5, 0x0000:
                assert value in (0x0000, 0xFF00)
                if not self.stuck:
                    self.release(None) if value else self.lock()
                return bytes([5]) + body
            case 5, 0x0200:
                if not self.stuck:
                    self.release(value / 10)
                return bytes([5]) + body
            case _:
                return bytes([function | 0x80, 2])


class LotBoard(ModbusBoard):
    """A turnstile's registers, as its maker's kit names them."""

    def __init__(self, folder: Path) -> None:
        self.registers = dict.fromkeys([*range(0x40, 0x49), 0x3000, 0x3011], 0)
        self.registers[0x44] = 0xFFFF  # the next entry carries into the high word
        self.begin_within = 0.0
        super().__init__(folder)

    def answer(self, function: int, body: bytes) -> bytes:
        address, value = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
        if function == 3:
            words = [self.registers.get(address + place, 0) for place in range(value)]
            return bytes([3, 2 * value]) + b"".join(word.to_bytes(2, "big") for word in words)
        if function == 6:
            self.write(address, value)
            return bytes([6]) + body
        for place in range(value):
            self.write(address + place, int.from_bytes(body[5 + 2 * place : 7 + 2 * place], "big"))
        return bytes([16]) + body[:4]

    def write(self, address: int, value: int) -> None:
        self.registers[address] = value
        if address in (0x40, 0x41) and value:
            self.release(self.begin_within)
        elif address == 0x3000 and value == 2:
            self.release(None)
        elif address == 0x3000 or not (self.registers[0x40] or self.registers[0x41]):
            self.lock()

    def locked(self) -> bool:
        with self._turn:
            locked = super().locked()
            if locked and self.pulse is not None:  # nobody began: the pass is over
                self.registers[0x40] = self.registers[0x41] = 0
            return locked

    def pass_through(self, direction: Direction) -> None:
        with self._turn:
            low = 0x44 if direction is Direction.ENTRY else 0x46
            count = (self.registers[low] | self.registers[low + 1] << 16) + 1
            self.registers[low], self.registers[low + 1] = count & 0xFFFF, count >> 16


class NumatoBoard(Board):
    """Echoes every byte, then its prompt.  `stuck`: its relay does nothing."""

    stuck = False

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        *commands, rest = data.split(b"\r")
        answers = b"".join(command + b"\r" + self.obey(command.decode()) + b"\n\r>" for command in commands)
        return answers, rest

    def take_half(self, command: str) -> None:
        """The beginning of an order whose end a spark has eaten."""
        with self._turn:
            self._rest = command.encode()

    def obey(self, command: str) -> bytes:
        match command.split():
            case ["relay", "on", _] if not self.stuck:
                if self.locked():
                    self.release(None)
            case ["relay", "off", _] if not self.stuck:
                self.lock()
            case ["relay", "read", _]:
                return b"\n\r" + (b"off" if self.locked() else b"on")
        return b""


class DigiconBoard(Board):
    """A Tx1500: 02, length, command, exclusive-or; acknowledges, and reports who went through.  `refuses`: so
    many orders from now on."""

    refuses = 0

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        answers = b""
        while len(data) >= 3 and len(data) >= 3 + data[1]:
            frame, data = data[: 3 + data[1]], data[3 + data[1] :]
            if self.refuses:
                self.refuses -= 1
                answers += bytes.fromhex("0202001515")
                continue
            self.obey(frame[3:-1])
            answers += bytes.fromhex("0202000606")
        return answers, data

    def obey(self, command: bytes) -> None:
        match command[0]:
            case 0x48 | 0x41:
                self.release(self.begin_within)
            case 0x4C:
                self.release(None)
            case 0x43:
                self.lock()

    begin_within = 8.0

    def pass_through(self, direction: Direction) -> None:
        said = 0x1A if direction is Direction.ENTRY else 0x1B
        self.say(bytes([0x02, 0x02, 0x00, said, said]))
