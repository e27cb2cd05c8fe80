"""The switch that every driver of a lock supplies: one output."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from drivers._shared.command_thread import ODD
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.inputs import Level

WATCH_EVERY = 0.25
"""Seconds between two checks that the device is still there."""


class Switch(ABC):
    """One output of a device.  `name` identifies it to a person.

    A driver implements unlocking, locking, the check for a loss and closing; a device that can do more overrides more.
    """

    name: str
    every: float = WATCH_EVERY
    """Seconds between two checks of it."""

    @abstractmethod
    def on(self, direction: Direction, *, extended: bool = False) -> None:
        """Unlock.  Returns at once.  Raises DeviceError.  `extended` is for boards that time the pulse."""

    @abstractmethod
    def off(self) -> None:
        """Lock, and leave any stance.  Returns at once, from any thread.  Raises DeviceError."""

    def set_stance(self, stance: Stance) -> bool:  # noqa: ARG002 - most devices have none
        """Order the device to keep this stance by itself; return False when it has no such order.

        Returns at once.  Raises DeviceError."""
        return False

    @abstractmethod
    async def confirm(self, *, on: bool) -> None:
        """Raise DeviceError when the device reports that it did not obey.  Takes well under a second."""

    @abstractmethod
    def check(self) -> None:
        """Raise DeviceError when the device is lost.  Returns at once."""

    def sensed(self) -> Sequence[Level]:
        """Return the device's reports since the last call.  Returns at once.  Raises DeviceError."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Free the device.  May block.  Never raises."""


@contextmanager
def odd_answers(name: str) -> Iterator[None]:
    """Raise a decoder's error on odd bytes as a DeviceError."""
    try:
        yield
    except ODD as error:
        raise DeviceError(
            f"{name} sends a malformed answer ({error!r})", hint="See its cable, and that it is this device"
        ) from error
