"""The turnstile of the demo, at the other end of the serial line.

A pseudo-terminal replaces the USB port.  Its protocol is LCUS, the four-byte frames of common USB relay boards (9600
8N1): `A0 channel operation sum`, operation 01 on, 00 off, sum the low byte of the first three.  Channel 1 is the arm:
`A0 01 01 A2` frees it, `A0 01 00 A1` locks it.
"""

import asyncio
import os
import pty
import tty
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

START, CHANNEL = 0xA0, 1
OFF, ON = 0x00, 0x01
FRAME_LENGTH = 4


@dataclass(slots=True)
class TurnstileFrames:
    """A parser of frames, which synchronises again after bytes that are none."""

    _rest: bytearray = field(default_factory=bytearray)
    strange: int = 0  # bytes that belonged to no frame

    def feed(self, data: bytes) -> list[tuple[int, int]]:
        """Return (channel, operation) of every whole frame, in order."""
        self._rest += data
        found = []
        while len(self._rest) >= FRAME_LENGTH:
            start, channel, operation, total = self._rest[:FRAME_LENGTH]
            if start == START and total == (start + channel + operation) & 0xFF:
                found.append((channel, operation))
                del self._rest[:FRAME_LENGTH]
            else:
                del self._rest[0]
                self.strange += 1
        return found


class Turnstile:
    """A simulated turnstile; `device` is the port's name: `link`, which leads to the pseudo-terminal of the moment, or
    without one that itself.

    Belongs to one event loop.  Use as an async context manager."""

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._frames = TurnstileFrames()
        self._waiting: list[asyncio.Future[float]] = []
        self._on = False  # the relay
        self.plugged = False
        self.free = False  # the arm: for one person, once each time that the relay goes on
        self.openings: list[float] = []  # monotonic seconds at which the arm was freed

    async def __aenter__(self) -> "Turnstile":
        self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Plug it in.  No change when it is plugged already."""
        if self.plugged:
            return
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)  # kept open here, so that the line outlives its users
        os.set_blocking(self._ours, False)
        self.device = os.ttyname(self._theirs)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.device)
            self.device = str(self._link)
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        self.plugged = True

    def unplug(self) -> None:
        """Pull its plug: the line is gone, and the arm is locked.  No change when it is unplugged already."""
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        self.plugged, self._on, self.free = False, False, False

    @property
    def strange_bytes(self) -> int:
        return self._frames.strange

    async def opened(self, known: int) -> float:
        """Wait until the arm was freed more than `known` times; return when."""
        while len(self.openings) <= known:
            future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        return self.openings[known]

    def turn(self) -> bool:
        """Push the arm; return whether it turned.  A free arm turns once, and is locked again after that."""
        if not self.free:
            return False
        self.free = False
        return True

    def _read(self) -> None:
        try:
            data = os.read(self._ours, 256)
        except OSError:  # nothing there yet, or the other end is gone
            return
        for channel, operation in self._frames.feed(data):
            if channel == CHANNEL and operation in (ON, OFF):
                self._switch(on=operation == ON)

    def _switch(self, *, on: bool) -> None:
        if on == self._on:
            return
        self._on = on
        if on:
            self.openings.append(monotonic())
            for future in self._waiting:
                if not future.done():
                    future.set_result(self.openings[-1])
            self._waiting.clear()
        self.free = on
