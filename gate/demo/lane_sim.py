"""A simulated turnstile with two ways, on a pseudo-terminal, for demos and tests.

Its protocol is that of a Digicon Tx1500 (profile `digicon-tx1500`): 02, length of two bytes, low first, command,
exclusive-or of all before.  Commands: 48 let one in, 41 let one out, 44 either way, 43 controlled again, 4C 48 and 4C
41 free; the answer is 06, or 15 when it is jammed; 1A and 1B report a passage in, out.
"""

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from gate.core.model import Direction
from gate.errors import UsageError

WAITS = 5.0
"""Seconds for which a release waits for its person, as turnstiles do."""

_START = 0x02
_ACK, _NAK = 0x06, 0x15
_IN, _OUT, _EITHER, _CONTROLLED, _FREE = 0x48, 0x41, 0x44, 0x43, 0x4C
_WAYS = {_IN: Direction.ENTRY, _OUT: Direction.EXIT}
_PASSED = {Direction.ENTRY: 0x1A, Direction.EXIT: 0x1B}
_HEAD = 3  # bytes before the command


def frame(*command: int) -> bytes:
    """Return the frame of a command."""
    body = bytes([_START, len(command) + 1, 0, *command])
    return body + bytes([reduce(int.__xor__, body)])


@dataclass(slots=True)
class Arm:
    """The turnstile without its line.  Pure: bytes and monotonic seconds in, answers and words out."""

    jammed: bool = False  # refuses every command
    free: frozenset[Direction] = frozenset()
    released: dict[Direction, float] = field(default_factory=dict)  # way -> until when
    _rest: bytes = b""

    def feed(self, data: bytes, at: float) -> tuple[bytes, list[str]]:
        """Return its answer, and its actions in words."""
        self._rest += data
        answers, words = b"", []
        while command := self._cut():
            if self.jammed:
                answers += frame(_NAK)
                words.append("refused")
            else:
                answers += frame(_ACK)
                words += self._obey(command, at)
        return answers, words

    def turn(self, direction: Direction) -> bytes:
        """Push the arm; return its report when it gives way, b"" when it does not."""
        if direction not in self.free and self.released.pop(direction, None) is None:
            return b""
        return frame(_PASSED[direction])

    def tick(self, at: float) -> list[str]:
        """Lock the ways whose release is over; return that in words."""
        over = [direction for direction, until in self.released.items() if at >= until]
        for direction in over:
            del self.released[direction]
        return [f"nobody came: {direction} locked" for direction in over]

    def _obey(self, command: bytes, at: float) -> list[str]:
        match command[0], command[1:]:
            case (code, b"") if code in _WAYS or code == _EITHER:
                ways = Direction if code == _EITHER else [_WAYS[code]]
                self.released |= dict.fromkeys(ways, at + WAITS)
                return [f"released {way}" for way in ways]
            case (code, way) if code == _FREE and len(way) == 1 and way[0] in _WAYS:
                self.free |= {_WAYS[way[0]]}
                return [f"free {_WAYS[way[0]]}"]
            case (code, b"") if code == _CONTROLLED:
                self.free, self.released = frozenset(), {}
                return ["locked"]
            case _:
                return [f"strange command {command.hex(' ')}"]

    def _cut(self) -> bytes:
        """Return the next whole command; bytes that begin no frame are dropped."""
        while self._rest:
            size = _HEAD + int.from_bytes(self._rest[1:3], "little")
            if self._rest[0] != _START or (len(self._rest) >= _HEAD and size not in (5, 6)):
                self._rest = self._rest[1:]
                continue
            if len(self._rest) < _HEAD or len(self._rest) < size:
                return b""
            whole, self._rest = self._rest[:size], self._rest[size:]
            if whole == frame(*whole[_HEAD:-1]):
                return whole[_HEAD:-1]
            self._rest = whole[1:] + self._rest
        return b""


class LaneSim:
    """A turnstile on a line.  Belongs to one event loop.

    `write` gets every action in words; `walk`: seconds after which the admitted person comes, None when people are
    moved by hand."""

    def __init__(self, link: Path | None, walk: float | None, write: Callable[[str], None]) -> None:
        self.arm = Arm()
        self.silent = False
        self.port = ""
        self._link = link
        self._walk = walk
        self._write_line = write
        self._near_end = self._far_end = -1
        self._people: set[asyncio.Task[None]] = set()

    def plug(self) -> None:
        """Make a new pseudo-terminal, under the name of `link` if given.  No change when it is plugged already."""
        if self._near_end >= 0:
            return
        self._near_end, self._far_end = pty.openpty()
        tty.setraw(self._far_end)
        os.set_blocking(self._near_end, False)
        self.port = os.ttyname(self._far_end)
        if self._link:
            _lead(self._link, self.port)
            self.port = str(self._link)
        asyncio.get_running_loop().add_reader(self._near_end, self._read)
        self._write_line(f"plugged in at {self.port}")

    def unplug(self) -> None:
        if self._near_end < 0:
            return
        asyncio.get_running_loop().remove_reader(self._near_end)
        os.close(self._near_end)
        os.close(self._far_end)
        self._near_end = self._far_end = -1
        if self._link:
            self._link.unlink(missing_ok=True)
        self._write_line("unplugged")

    def turn(self, direction: Direction) -> None:
        """Push the arm."""
        report = self.arm.turn(direction)
        self._write_line(f"passed {direction}" if report else f"the arm does not give way: {direction}")
        self._write(report)

    async def run(self) -> None:
        """Let time pass, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            for word in self.arm.tick(loop.time()):
                self._write_line(word)
            await asyncio.sleep(0.05)

    def _read(self) -> None:
        try:
            data = os.read(self._near_end, 256)
        except OSError:
            return
        answer, words = self.arm.feed(data, asyncio.get_running_loop().time())
        for word in words:
            self._write_line(word)
            released = word.removeprefix("released ")
            if self._walk is not None and released != word:
                task = asyncio.ensure_future(self._pass_later(Direction(released), self._walk))
                self._people.add(task)
                task.add_done_callback(self._people.discard)
        if not self.silent:
            self._write(answer)

    async def _pass_later(self, direction: Direction, after: float) -> None:
        await asyncio.sleep(after)
        self.turn(direction)

    def _write(self, data: bytes) -> None:
        if data and self._near_end >= 0:
            os.write(self._near_end, data)


def _lead(link: Path, port: str) -> None:
    """Make the link lead to the port.  Raises UsageError where it cannot be made, or is a file of somebody's."""
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(port)
    except OSError as error:
        what = f"{link} cannot be made: {error.strerror}"
        raise UsageError(what, hint="Name a link in a folder that you may write to") from error


@asynccontextmanager
async def playing(link: Path | None, walk: float | None, write: Callable[[str], None]) -> AsyncIterator[LaneSim]:
    """Plug in a turnstile; unplug it at the end."""
    sim = LaneSim(link, walk, write)
    sim.plug()
    clock = asyncio.create_task(sim.run(), name="lane-sim")
    try:
        yield sim
    finally:
        clock.cancel()
        sim.unplug()
