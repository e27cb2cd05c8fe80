"""What lets a person through: a relay, a turnstile, a door controller."""

from typing import Protocol

from gate.core.model import Direction


class Barrier(Protocol):
    async def release(self, direction: Direction) -> None:
        """Let one person through: the pulse configured for this device, then locked again.

        Returns when the device is locked again, or at once where the board times the pulse itself.
        Cancelling locks at once.  A pulse is never longer than the driver's own maximum.
        Raises DeviceError when the device does not answer as it should."""

    def secure(self) -> None:
        """Lock now.  Synchronous, idempotent, never raises: callable in `finally`."""

    @property
    def secured(self) -> bool:
        """Whether the last thing told to the device was to lock."""

    async def watch(self) -> None:
        """Wait until the device is lost, then raise DeviceError.  Never returns otherwise."""
