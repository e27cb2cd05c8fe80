"""A switch whose device works by request and response, on a thread of its own."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from drivers._shared.command_thread import CommandThread
from drivers._shared.switch import Switch
from gate.errors import DeviceError


class Closes(Protocol):
    """A line that can be closed."""

    def close(self) -> None:
        """Close it.  Never raises."""


class ThreadedSwitch(Switch):
    """A switch that queues its orders; `poll` runs periodically, and finds a device that disobeys."""

    def __init__(self, name: str, thread: CommandThread, line: Closes) -> None:
        self.name = name
        self._thread = thread
        self._closes = line
        self._polling = False

    def order(self, work: Callable[[], object]) -> None:
        """Queue `work` on the thread, after earlier orders.  Returns at once.  Raises DeviceError."""
        self._thread.submit(work)

    async def confirm(self, *, on: bool) -> None:
        """Wait until the orders were acknowledged, then read back."""
        self.order(lambda: self.read_back(on=on))
        await self._thread.settled()

    def check(self) -> None:
        self._thread.raise_failure()
        if not self._polling:
            self._polling = True
            self.order(self._poll_once)

    def close(self) -> None:
        self._thread.close()
        self._closes.close()

    def read_back(self, *, on: bool) -> None:
        """Raise DeviceError when the device reports otherwise; do nothing where it cannot be read.  On the thread."""

    @abstractmethod
    def poll(self) -> None:
        """Raise DeviceError when the device disobeys.  On the thread, every quarter of a second."""

    def _poll_once(self) -> None:
        try:
            self.poll()
        finally:
            self._polling = False

    def fault(self, what: str) -> DeviceError:
        return DeviceError(f"{self.name} {what}", hint="Check the board's power and relay; replace it if this stays")
