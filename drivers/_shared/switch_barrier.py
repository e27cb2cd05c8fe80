"""The barriers over a switch: one pulse at a time, locked on every way out.

A driver supplies a `Switch` (on, off, read-back); the classes here make a `gate.ports.barrier.Barrier` of it:
`HostTimedBarrier` times the pulse itself, `BoardTimedBarrier` leaves that to the board.
"""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from drivers._shared.claim import free
from drivers._shared.pulse_guard import GRACE, PulseGuard
from drivers._shared.switch import Switch, odd_answers
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier, Opened, ignore_opened
from gate.ports.driver import Duration
from gate.ports.inputs import Report

MIN_PULSE = 0.05
"""Seconds; a relay or turnstile input does not detect anything shorter (PERCo TTR-04CW requires 100 ms)."""

MAX_PULSE = 10.0
"""Seconds; longer than any pulse input needs, and a door that stands open longer than that is a fault."""

LEASE = 2.0
"""Seconds for which a door that the host holds open stays open without a renewal by `watch`."""

LOCKED_AGAIN_EVERY = 2.0
"""Seconds between two repetitions of the order to lock: a missed frame leaves a door open for that long.  A board that
fails while the lane is idle is found before the next person comes."""

HELD_OPEN = Abilities(stances=frozenset({Stance.FREE}))
"""Of a barrier whose host holds it open on a lease."""

Pulse = Annotated[Duration, Field(ge=MIN_PULSE, le=MAX_PULSE)]
"""A pydantic field for the length of a pulse."""

_LONGER = Field(description="how long it is released for a person who needs more time; left out, three times the pulse")
ExtendedPulse = Annotated[Pulse | None, _LONGER]
"""A pydantic field; see `extended_pulse`."""


def _whole(seconds: float) -> float:
    if seconds % 1:
        raise ValueError('the device takes whole seconds: write "3s"')
    return seconds


WholePulse = Annotated[Duration, Field(ge=1.0, le=MAX_PULSE), AfterValidator(_whole)]
WholeExtendedPulse = Annotated[WholePulse | None, _LONGER]
"""The same, for a device that times it in whole seconds."""


def extended_pulse(pulse: float, extended: float | None) -> float:
    """Return seconds, never less than the ordinary pulse."""
    return min(max(3 * pulse if extended is None else extended, pulse), MAX_PULSE)


class SwitchBarrier(Barrier):
    """The common part: locking, `secured`, loss of the device."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._secured = False
        self._closed = False
        self._stance = Stance.CONTROLLED
        self._problem: DeviceError | None = None
        self._turn = asyncio.Lock()  # a second release waits for the first

    async def start(self) -> None:
        """Lock first.  Raises DeviceError when the order cannot be delivered."""
        self._switch.off()
        self._secured = True
        await self._confirmed(on=False)

    async def release(self, direction: Direction, opened: Opened = ignore_opened, *, extended: bool = False) -> None:
        async with self._turn:
            self._raise_unless_usable()
            if self._stance is Stance.FREE:  # open already
                opened()
                return
            await self._pulse_once(direction, opened, extended=extended)

    @abstractmethod
    async def _pulse_once(self, direction: Direction, opened: Opened, *, extended: bool) -> None:
        """Unlock for one pulse, and call `opened` when the device has taken the order.  On every failure the device is
        locked.  Raises DeviceError."""

    async def set_stance(self, stance: Stance) -> None:
        async with self._turn:
            self._raise_unless_usable()
            try:
                if stance is Stance.CONTROLLED:
                    self.secure()
                    self._raise_problem()
                else:
                    self._secured = False
                    self._take(stance)
                    self._stance, self._secured = stance, stance is Stance.BLOCKED
                await self._confirmed(on=stance is Stance.FREE)
            except BaseException:
                self.secure()
                raise

    def secure(self) -> None:
        self._stance = Stance.CONTROLLED
        self._lock()

    @property
    def secured(self) -> bool:
        return self._secured

    async def watch(self, report: Report) -> None:
        while True:
            self._raise_problem()
            with odd_answers(self._switch.name):
                self._switch.check()
                for level in self._switch.sensed():
                    report(level)
                await self._uphold()
            await asyncio.sleep(self._switch.every)

    def close(self) -> None:
        """Free the device.  Call `secure` first; then this off the event loop, since it blocks."""
        self._closed = True
        self._switch.close()

    async def _confirmed(self, *, on: bool) -> None:
        with odd_answers(self._switch.name):
            await self._switch.confirm(on=on)

    def _order_on(self, direction: Direction, *, extended: bool) -> None:
        """Order to unlock; an order that could not be delivered has moved nothing."""
        try:
            with odd_answers(self._switch.name):
                self._switch.on(direction, extended=extended)
        except DeviceError as error:
            raise DeviceError(error.what, hint=error.hint, moved=False) from error

    def _take(self, stance: Stance) -> None:
        if not self._switch.set_stance(stance):
            raise ValueError(f"{self._switch.name} has no stance {stance}")

    async def _uphold(self) -> None:
        """Send the orders that must be repeated.  Raises DeviceError."""

    def _lock(self) -> bool:
        """Return whether the order to lock was delivered."""
        try:
            self._switch.off()
        except Exception as error:  # noqa: BLE001 - called in `finally`: nothing may get out; watch() reports it
            self._problem = _as_device_error(self._switch.name, error)
            return False
        self._secured = True
        return True

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise DeviceError(self._problem.what, hint=self._problem.hint, moved=False) from self._problem

    def _raise_unless_usable(self) -> None:
        self._raise_problem()
        if self._closed:
            raise DeviceError(
                f"{self._switch.name} has been closed", hint="Open it again before releasing", moved=False
            )


class HostTimedBarrier(SwitchBarrier):
    """A barrier whose pulse the host times, on the monotonic clock; a guard thread ends it should the loop hang.

    A device that cannot stand free by itself is held open on a lease that `watch` renews: should that stop, the
    guard locks.  While it is locked `watch` repeats the order to lock."""

    def __init__(self, switch: Switch, pulse: float, extended: float | None = None) -> None:
        super().__init__(switch)
        self._pulse = min(pulse, MAX_PULSE)
        self._extended = extended_pulse(self._pulse, extended)
        self._leased = False
        self._again_due = 0.0  # monotonic seconds
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
        self._again_due = time.monotonic() + LOCKED_AGAIN_EVERY

    async def _pulse_once(self, direction: Direction, opened: Opened, *, extended: bool) -> None:
        pulse = self._extended if extended else self._pulse
        try:
            ends = time.monotonic() + pulse
            self._unlock(direction, ends + GRACE, extended=extended)
            await self._confirmed(on=True)
            opened()
            await asyncio.sleep(max(0.0, ends - time.monotonic()))
        finally:
            self.secure()
        self._raise_problem()
        await self._confirmed(on=False)

    def secure(self) -> None:
        self._stance, self._leased = Stance.CONTROLLED, False
        if self._lock():
            self._guard.disarm()
        elif not self._closed:
            self._guard.arm_until(time.monotonic())  # repeats the order until it is delivered

    def close(self) -> None:
        self._closed = True
        self._guard.close()
        self._switch.close()

    def _take(self, stance: Stance) -> None:
        if self._switch.set_stance(stance):
            return
        if stance is not Stance.FREE:
            raise ValueError(f"{self._switch.name} has no stance {stance}")
        self._leased = True
        self._hold_open()

    def _hold_open(self) -> None:
        self._unlock(Direction.ENTRY, time.monotonic() + LEASE)

    def _unlock(self, direction: Direction, until: float, *, extended: bool = False) -> None:
        """Arm the guard, unlock, and arm the guard again: it may have acted in between."""
        self._guard.arm_until(until)
        self._secured = False
        self._order_on(direction, extended=extended)
        self._guard.arm_until(until)

    async def _uphold(self) -> None:
        if self._leased:
            self._raise_unless_usable()
            self._hold_open()
        elif self._stance is Stance.CONTROLLED and not self._turn.locked() and time.monotonic() >= self._again_due:
            self._again_due = time.monotonic() + LOCKED_AGAIN_EVERY
            async with self._turn:  # at once, because the lock is free
                self._switch.off()
                await self._confirmed(on=False)

    def _raise_unless_usable(self) -> None:
        super()._raise_unless_usable()
        if not self._guard.is_alive:
            raise DeviceError(f"{self._switch.name} has lost its guard thread", hint="Restart the gate", moved=False)


class BoardTimedBarrier(SwitchBarrier):
    """A barrier whose board ends the pulse after `pulse` seconds: a dead host cannot leave the door open.

    `extended`: seconds of its longer pulse, the same where it has none.  `can_lock`: whether the board has an order
    to lock; without one a pulse ends by time only."""

    def __init__(self, switch: Switch, pulse: float, extended: float | None = None, *, can_lock: bool) -> None:
        super().__init__(switch)
        self._pulse = pulse
        self._extended = pulse if extended is None else extended
        self._can_lock = can_lock
        self._ends = 0.0  # monotonic seconds

    async def _pulse_once(self, direction: Direction, opened: Opened, *, extended: bool) -> None:
        try:
            self._secured = False
            self._ends = time.monotonic() + (self._extended if extended else self._pulse)
            self._order_on(direction, extended=extended)
            await self._confirmed(on=True)
        except BaseException:
            self.secure()
            raise
        opened()

    @property
    def secured(self) -> bool:
        """Return whether it was ordered to lock; without such an order, whether the pulse is over."""
        if self._can_lock or self._stance is Stance.FREE:
            return self._secured
        return time.monotonic() >= self._ends


SomeBarrier = TypeVar("SomeBarrier", bound=SwitchBarrier)


@asynccontextmanager
async def started(barrier: SomeBarrier) -> AsyncIterator[SomeBarrier]:
    """Lock first; lock again and free the device on every way out."""
    try:
        await barrier.start()
        yield barrier
    finally:
        barrier.secure()
        await free(barrier.close)


def _as_device_error(name: str, error: Exception) -> DeviceError:
    if isinstance(error, DeviceError):
        return error
    return DeviceError(f"{name} cannot be locked: {error!r}", hint="Cut the power of the lock, then run `gate doctor`")
