"""What every switched lock has in common: one pulse at a time, locked on every way out.

A driver supplies a `Switch` (on, off, and how to see that it obeyed); the classes here make a
`gate.ports.barrier.Barrier` of it: `PulsedBarrier` times the pulse itself, `BoardTimedBarrier` leaves
that to the board.
"""

import asyncio
import time
from typing import Annotated, Protocol

from pydantic import Field

from drivers._shared.pulse_guard import GRACE, PulseGuard
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.driver import Duration

MIN_PULSE = 0.05
"""Seconds; a relay or turnstile input does not notice anything shorter (PERCo TTR-04CW asks for 100 ms)."""

MAX_PULSE = 10.0
"""Seconds; longer than any pulse input needs, and a door that stands open longer than that is a fault."""

WATCH_EVERY = 0.25
"""Seconds between two looks at whether the device is still there."""

Pulse = Annotated[Duration, Field(ge=MIN_PULSE, le=MAX_PULSE)]
"""A pydantic field for the length of a pulse."""


class Switch(Protocol):
    """One output of a device.  `name` says which, for a person."""

    name: str

    def on(self, direction: Direction) -> None:
        """Unlock.  Returns at once.  Raises DeviceError."""

    def off(self) -> None:
        """Lock.  Returns at once, from any thread.  Raises DeviceError."""

    async def confirm(self, *, on: bool) -> None:
        """Raises DeviceError when the device can say that it did not obey.  Takes well under a second."""

    def check(self) -> None:
        """Raises DeviceError when the device is lost.  Returns at once."""

    def close(self) -> None:
        """Free the device.  May block.  Never raises."""


class SwitchBarrier:
    """Lock, know whether it is locked, notice a loss."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._secured = False
        self._closed = False
        self._problem: DeviceError | None = None
        self._turn = asyncio.Lock()  # a second release waits for the first

    async def start(self) -> None:
        """Lock first.  Raises DeviceError when the device does not take it."""
        self._switch.off()
        self._secured = True
        await self._switch.confirm(on=False)

    def secure(self) -> None:
        self._lock()

    @property
    def secured(self) -> bool:
        return self._secured

    async def watch(self) -> None:
        while True:
            self._raise_problem()
            self._switch.check()
            await asyncio.sleep(WATCH_EVERY)

    def close(self) -> None:
        """Free the device.  Call `secure` first; then this off the event loop, since it blocks."""
        self._closed = True
        self._switch.close()

    def _lock(self) -> bool:
        """Whether the order to lock was delivered."""
        try:
            self._switch.off()
        except Exception as error:  # noqa: BLE001 - called in `finally`: nothing may get out; watch() tells of it
            self._problem = _as_device_error(self._switch.name, error)
            return False
        self._secured = True
        return True

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise DeviceError(self._problem.what, hint=self._problem.hint) from self._problem

    def _raise_unless_usable(self) -> None:
        self._raise_problem()
        if self._closed:
            raise DeviceError(f"{self._switch.name} has been closed", hint="Open it again before releasing")


class PulsedBarrier(SwitchBarrier):
    """The host times the pulse, on the monotonic clock; a guard thread ends it should the loop hang."""

    def __init__(self, switch: Switch, pulse: float) -> None:
        super().__init__(switch)
        self._pulse = min(pulse, MAX_PULSE)
        self._guard = PulseGuard(self._lock, switch.name)

    async def start(self) -> None:
        try:
            self._guard.start()
        except RuntimeError as error:
            raise DeviceError(
                f"{self._switch.name}: no thread to guard its pulse ({error})",
                hint="Raise TasksMax= of the service, or free memory",
            ) from error
        await super().start()

    async def release(self, direction: Direction) -> None:
        async with self._turn:
            self._raise_unless_usable()
            if not self._guard.alive:
                raise DeviceError(f"{self._switch.name} has lost its guard thread", hint="Restart the gate")
            self._guard.arm(self._pulse + GRACE)
            try:
                self._secured = False
                ends = time.monotonic() + self._pulse
                self._switch.on(direction)
                await self._switch.confirm(on=True)
                await asyncio.sleep(max(0.0, ends - time.monotonic()))
            finally:
                self.secure()
            self._raise_problem()
            await self._switch.confirm(on=False)

    def secure(self) -> None:
        if self._lock():
            self._guard.disarm()
        elif not self._closed:
            self._guard.arm(0.0)  # it repeats the order until it is delivered

    def close(self) -> None:
        self._closed = True
        self._guard.close()
        self._switch.close()


class BoardTimedBarrier(SwitchBarrier):
    """The board ends the pulse after `pulse` seconds: a dead host cannot leave the door open.

    `can_lock`: whether the board knows an order to lock.  One that does not ends a pulse by time only."""

    def __init__(self, switch: Switch, pulse: float, *, can_lock: bool) -> None:
        super().__init__(switch)
        self._pulse = pulse
        self._can_lock = can_lock
        self._ends = 0.0  # monotonic seconds

    async def release(self, direction: Direction) -> None:
        async with self._turn:
            self._raise_unless_usable()
            try:
                self._secured = False
                self._ends = time.monotonic() + self._pulse
                self._switch.on(direction)
                await self._switch.confirm(on=True)
            except BaseException:
                self.secure()
                raise

    @property
    def secured(self) -> bool:
        """Told to lock, or released so long ago that the board has locked by itself."""
        return (self._secured and self._can_lock) or time.monotonic() >= self._ends


def _as_device_error(name: str, error: Exception) -> DeviceError:
    if isinstance(error, DeviceError):
        return error
    return DeviceError(f"{name} cannot be locked: {error!r}", hint="Cut the power of the lock, then run `gate doctor`")
