"""Reports to systemd: ready, alive, stopping.  Without effect outside systemd.

One datagram to the socket that NOTIFY_SOCKET names, as in sd_notify(3).
"""

import os
import socket

STARTING = 30_000_000  # microseconds more to start in, each time: as gate.service has it


class Notifier:
    """The sender of reports to systemd."""

    def __init__(self) -> None:
        named = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named  # "@": the abstract namespace
        self._is_ready = self._is_announced = False

    def ready(self) -> None:
        self._is_ready = True
        self._is_announced = self._send("READY=1")

    def alive(self) -> None:
        """Send a sign of life.  To be called by the lane loop only: one from anything else proves nothing."""
        if not self._is_ready:
            self._send(f"EXTEND_TIMEOUT_USEC={STARTING}")
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
