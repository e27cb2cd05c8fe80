"""The port of barriers: a relay, a turnstile, a door controller."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from gate.core.model import Direction, Stance
from gate.ports.inputs import Report

Opened = Callable[[], None]
"""Called on the event loop when the device has taken an order to release."""


def ignore_opened() -> None:
    """Do nothing: an `Opened` for a caller that waits for the end of the release."""


class Barrier(ABC):
    """A barrier; belongs to one event loop, all but `secure`."""

    @abstractmethod
    async def release(self, direction: Direction, opened: Opened = ignore_opened, *, extended: bool = False) -> None:
        """Let one person through: the pulse configured for this device, then locked again.  `opened` is called once
        when the device has taken the order, as far as it can report that.  `extended`: the longer pulse, for a
        person who needs more time.

        Returns when the device is locked again, or at once where the board times the pulse itself.  Cancelling
        locks at once.  A pulse is never longer than the driver's own maximum.  Raises DeviceError when the device
        does not answer as it should; with `moved` False when the order cannot have reached it."""

    @abstractmethod
    async def set_stance(self, stance: Stance) -> None:
        """Take this stance until the next order; CONTROLLED after opening.  A FREE that only the host upholds ends
        within seconds when the event loop does.  Raises DeviceError; ValueError for a stance that the driver's
        abilities do not name."""

    @abstractmethod
    def secure(self) -> None:
        """Lock now, and stay CONTROLLED.  Synchronous, idempotent, never raises: callable in `finally`."""

    @property
    @abstractmethod
    def secured(self) -> bool:
        """Return whether the last order to the device was to lock.  The device's own timing does not count, unless
        it takes no order to lock: it may be set to wait longer for its person."""

    @abstractmethod
    async def watch(self, report: Report) -> None:
        """Report what the device itself senses (a passage, a door's contact, tampering) until it is lost, then
        raise DeviceError.  Never returns otherwise.  A count of passages is reported as that number of active
        levels of role passage.  To be running while the barrier is used."""
