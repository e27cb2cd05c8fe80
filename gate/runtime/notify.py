"""What we tell systemd: ready, alive, a line of status.  Outside systemd it is silent."""

import os

import sdnotify

STARTING = 30_000_000  # microseconds more to start in, each time: as gate.service has it


class Notifier:
    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._is_ready = False
        usec = os.environ.get("WATCHDOG_USEC", "")
        self.watchdog: float | None = int(usec) / 1e6 if usec.isdigit() else None  # seconds between signs of life

    def ready(self) -> None:
        self._is_ready = True
        self._notifier.notify("READY=1")

    def alive(self) -> None:
        """To be called by the lane loop only: a sign of life from anything else proves nothing."""
        self._notifier.notify("WATCHDOG=1" if self._is_ready else f"EXTEND_TIMEOUT_USEC={STARTING}")

    def status(self, text: str) -> None:
        self._notifier.notify(f"STATUS={text}")

    def stopping(self) -> None:
        self._notifier.notify("STOPPING=1")
