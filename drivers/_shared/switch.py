"""The one thing that every driver of a lock supplies: how its output is switched."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from drivers._shared.command_thread import ODD
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.inputs import Level

WATCH_EVERY = 0.25
"""Seconds between two looks at whether the device is still there."""


class Switch(ABC):
    """One output of a device.  `name` says which, for a person.

    A driver says how to unlock, to lock, to notice a loss and to let go; a device that can do more says so.
    """

    name: str
    every: float = WATCH_EVERY
    """Seconds between two looks at it."""

    @abstractmethod
    def on(self, direction: Direction, *, extended: bool = False) -> None:
        """Unlock.  Returns at once.  Raises DeviceError.  `extended` is for boards that time the pulse."""

    @abstractmethod
    def off(self) -> None:
        """Lock, and leave any stance.  Returns at once, from any thread.  Raises DeviceError."""

    def pose(self, stance: Stance) -> bool:  # noqa: ARG002 - most devices know none
        """Tell the device to stand so by itself; False when it knows no such order.  Returns at once.
        Raises DeviceError."""
        return False

    @abstractmethod
    async def confirm(self, *, on: bool) -> None:
        """Raises DeviceError when the device can say that it did not obey.  Takes well under a second."""

    @abstractmethod
    def check(self) -> None:
        """Raises DeviceError when the device is lost.  Returns at once."""

    def sensed(self) -> Sequence[Level]:
        """What the device has reported since the last call.  Returns at once.  Raises DeviceError."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Free the device.  May block.  Never raises."""


@contextmanager
def odd_answers(name: str) -> Iterator[None]:
    """What a device says raises DeviceError and nothing else, whatever its bytes do to a decoder."""
    try:
        yield
    except ODD as error:
        raise DeviceError(
            f"{name} answers what cannot be understood ({error!r})", hint="See its cable, and that it is this device"
        ) from error
