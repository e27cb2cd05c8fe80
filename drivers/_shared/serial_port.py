"""A serial port for short orders, which never blocks the event loop; every error in one line.

Facts it rests on (pyserial 3.5, Linux): the port is opened non-blocking; after an unplug `in_waiting` raises a plain
OSError (EIO) and `os.read` gives b"" for ever; `exclusive=True` refuses a second opener.  pyserial's own `write` spins
when the output buffer is full and no timeout is set, so bytes are written with `os.write`: a full buffer means that the
device takes nothing, which is an error at once.  The bytes of such a line are dropped before the next order: a late
order to release would open for an unknown person.  (Drivers of USB adapters drop it on closing only.)

`exclusive=True` is a lock (flock) on the open file, which a forked process shares until it runs another program.
Closing therefore unlocks explicitly: otherwise a port that was just closed would be "in use".
"""

import asyncio
import errno
import fcntl
import os
import termios
import time
from pathlib import Path

from gate.errors import DeviceError, in_words
from gate.ports.driver import to_install

_DRAIN_WITHIN = 0.5
"""Seconds; the longest order (a few bytes) leaves in 10 ms even at 9600 baud."""

POLL = 0.005
"""Seconds between two reads while an answer is awaited."""

_BY_PATH = Path("/dev/serial/by-path")


class SerialPort:
    """A port, 8N1.  Every method but `__init__` and `close` returns at once or awaits; all raise DeviceError."""

    def __init__(self, path: str, baud: int) -> None:
        """Open the port for this process alone.  May block: call it off the event loop."""
        try:
            import serial
        except ImportError as error:
            raise DeviceError(
                "serial port: the Python package pyserial is not installed", hint=to_install("pyserial")
            ) from error
        self.path = path
        self._clogged = False  # holds bytes that the device did not take
        try:
            self._serial = serial.Serial(path, baud, timeout=0, write_timeout=_DRAIN_WITHIN, exclusive=True)
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
            raise open_error(path, error) from error

    def write(self, data: bytes) -> None:
        """Pass all of it to the kernel.  From any thread."""
        try:
            if self._clogged:
                termios.tcflush(self._serial.fileno(), termios.TCOFLUSH)
                self._clogged = False
            taken = os.write(self._serial.fileno(), data)
        except BlockingIOError as error:
            raise self._stuck() from error
        except (OSError, termios.error) as error:
            raise self._lost(error) from error
        if taken != len(data):
            raise self._stuck()

    async def drained(self) -> None:
        """Wait until every byte has left.  (tcdrain cannot be given a time limit.)"""
        limit = time.monotonic() + _DRAIN_WITHIN
        while self._counter("out_waiting"):
            if time.monotonic() > limit:
                raise self._stuck()
            await asyncio.sleep(POLL)

    def read(self) -> bytes:
        """Return the bytes received, perhaps none.  From one thread at a time."""
        waiting = self._counter("in_waiting")
        try:
            return os.read(self._serial.fileno(), waiting) if waiting else b""
        except OSError as error:
            raise self._lost(error) from error

    def check(self) -> None:
        """Raise DeviceError when the port has gone."""
        self._counter("in_waiting")

    def close(self) -> None:
        """Close the port.  May block while the kernel empties its buffer.  Never raises."""
        try:
            if self._serial.is_open:
                fcntl.flock(self._serial.fileno(), fcntl.LOCK_UN)
            self._serial.close()
        except OSError:
            return  # the port has gone with its device

    def _counter(self, counter: str) -> int:
        try:
            return int(getattr(self._serial, counter))
        except (OSError, TypeError) as error:  # TypeError: closed, its descriptor is None
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"serial port {self.path} is lost ({in_words(error)})",
            hint="Check the cable and the board's power; plug it in again",
        )

    def _stuck(self) -> DeviceError:
        self._clogged = True
        return DeviceError(
            f"serial port {self.path} takes no more bytes", hint="Unplug the board, wait a moment and plug it in again"
        )


def open_error(path: str, error: Exception) -> DeviceError:
    """Return why a port could not be opened, and what to do."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return DeviceError(f"serial port {path} is not there", hint=_present_ports())
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"serial port {path} may not be opened by this user",
            hint="Add the gate's user to group dialout: `sudo usermod -aG dialout USER`, then start it again",
        )
    if number in (errno.EAGAIN, errno.EBUSY):
        return DeviceError(
            f"serial port {path} is in use by another program", hint=f"Find and stop it: `sudo fuser -v {path}`"
        )
    return DeviceError(
        f"serial port {path} cannot be opened: {in_words(error)}", hint="Name a serial port, such as /dev/ttyUSB0"
    )


def _present_ports() -> str:
    ports = sorted(str(port) for port in _BY_PATH.glob("*"))
    if not ports:
        return f"Plug the board in: {_BY_PATH} lists no port at all"
    return f"Plug the board in, or name one that is there: {', '.join(ports)}"
