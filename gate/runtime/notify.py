"""Reports to systemd: ready, alive, stopping.  Without effect outside systemd.

One datagram to the socket that NOTIFY_SOCKET names, as in sd_notify(3).
"""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from types import ModuleType

STARTING = 30_000_000  # microseconds more, each time: the longest step of a start or a stop on a slow card
_PACE = 1.0  # seconds between two reports of progress, at least


class Notifier:
    """The sender of reports to systemd."""

    def __init__(self) -> None:
        named = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named  # "@": the abstract namespace
        self._is_ready = self._is_announced = False

    def ready(self) -> None:
        self._is_ready = True
        self._is_announced = self._send("READY=1")

    def more_time(self) -> None:
        """Report progress of a start or a stop, which then may take longer."""
        self._send(f"EXTEND_TIMEOUT_USEC={STARTING}")

    def ping_watchdog(self) -> None:
        """Send a sign of life.  To be called by the lane loop only: one from anything else proves nothing."""
        if not self._is_ready:
            self.more_time()
        elif self._is_announced:
            self._send("WATCHDOG=1")
        else:
            self._is_announced = self._send("READY=1\nWATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> bool:
        """Send a message; return whether it was taken.  Never waits: a stuck manager must not block a lane."""
        if not self._address:
            return True
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.sendto(message.encode(), socket.MSG_DONTWAIT, self._address)
        except OSError:  # no receiver, a full queue, or no valid address
            return False
        return True


class _ImportsReport:
    """A finder that finds nothing: each module that is looked for is progress."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._next = monotonic() + _PACE

    def find_spec(self, _: str, __: Sequence[str] | None, ___: ModuleType | None = None) -> None:
        if monotonic() >= self._next:
            self._next = monotonic() + _PACE
            self._notifier.more_time()


@contextmanager
def imports_reported() -> Iterator[None]:
    """Report the imports of the block as progress: from a slow card they take longer than all that comes after."""
    if not os.environ.get("NOTIFY_SOCKET"):
        yield
        return
    notifier = Notifier()
    finder = _ImportsReport(notifier)
    notifier.more_time()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        notifier.more_time()
