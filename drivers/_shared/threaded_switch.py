"""A switch whose device is spoken to by question and answer, on a thread of its own."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from drivers._shared.command_thread import CommandThread
from drivers._shared.switch import Switch
from gate.errors import DeviceError


class Closes(Protocol):
    def close(self) -> None:
        """Never raises."""


class ThreadedSwitch(Switch):
    """Orders go out in their turn; `look` is asked again and again, and finds what is not as it should be."""

    def __init__(self, name: str, thread: CommandThread, line: Closes) -> None:
        self.name = name
        self._thread = thread
        self._closes = line
        self._looking = False

    def order(self, work: Callable[[], object]) -> None:
        """`work` is done on the thread, after what was ordered before.  Returns at once.  Raises DeviceError."""
        self._thread.give(work)

    async def confirm(self, *, on: bool) -> None:
        """The orders were acknowledged; now the device is asked whether it does so."""
        self.order(lambda: self.read_back(on=on))
        await self._thread.settled()

    def check(self) -> None:
        self._thread.raise_failure()
        if not self._looking:
            self._looking = True
            self.order(self._look_once)

    def close(self) -> None:
        self._thread.close()
        self._closes.close()

    def read_back(self, *, on: bool) -> None:
        """On the thread.  Raises DeviceError when the device says otherwise.  One that cannot be asked: nothing."""

    @abstractmethod
    def look(self) -> None:
        """On the thread, every quarter of a second.  Raises DeviceError."""

    def _look_once(self) -> None:
        try:
            self.look()
        finally:
            self._looking = False

    def disobeyed(self, what: str) -> DeviceError:
        return DeviceError(f"{self.name} {what}", hint="Check the board's power and relay; replace it if this stays")
