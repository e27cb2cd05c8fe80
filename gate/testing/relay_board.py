"""An LCUS relay board at the other end of a pseudo-terminal."""

import os
import pty
import threading
import tty
from pathlib import Path
from typing import Self

ON, OFF = bytes.fromhex("A00101A2"), bytes.fromhex("A00100A1")
_FRAME = 4  # bytes


class RelayBoard:
    """An LCUS board that keeps every received frame, and reads on demand: no thread, no polling.

    `link` is its port: one name, like a by-path name, whichever pseudo-terminal is behind it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._heard = bytearray()
        self._reading = threading.Lock()
        self._master = self._slave = -1
        self.plug_in()

    @property
    def frames(self) -> list[bytes]:
        """Return the whole frames, as they came in; any other byte fails the test."""
        with self._reading:
            self._read()
            whole = len(self._heard) - len(self._heard) % _FRAME
            found = [bytes(self._heard[at : at + _FRAME]) for at in range(0, whole, _FRAME)]
        assert set(found) <= {ON, OFF}, found
        return found

    @property
    def openings(self) -> int:
        return self.frames.count(ON)

    @property
    def locked(self) -> bool:
        """Return whether it was ordered to lock, and not to open since."""
        return self.frames[-1:] == [OFF]

    def plug_in(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Hang up, and keep the bytes received before.  Does nothing when it is unplugged already."""
        with self._reading:
            if self._master < 0:
                return
            self._read()
            del self._heard[len(self._heard) - len(self._heard) % _FRAME :]  # cut off
            os.close(self._slave)
            os.close(self._master)
            self._master = -1
            self.link.unlink()

    def _read(self) -> None:
        while self._master >= 0:
            try:
                self._heard += os.read(self._master, 4096)
            except BlockingIOError:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
