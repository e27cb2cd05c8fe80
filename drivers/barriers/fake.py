"""A barrier that moves nothing: for the demo and for tests.

It takes time like a real one, keeps its history, and fails on demand: the n-th release after opening follows the n-th
entry of `faults`.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import Field

from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import HELD_OPEN, ExtendedPulse, HostTimedBarrier, Pulse, started
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.driver import DriverConfig, DriverSpec, Duration

Fault = Literal["none", "timeout", "unplugged", "unplugged_open"]
Moment = tuple[float, Literal["released", "secured"]]
"""Monotonic seconds, and the barrier's state from then on."""

_KEPT = 10_000
"""Moments kept; a demo may run for days."""


class FakeBarrierConfig(DriverConfig):
    pulse: Annotated[Pulse, Field(description="how long the barrier is released for one person")] = 0.5
    extended_pulse: ExtendedPulse = None
    takes: Annotated[Duration, Field(ge=0, le=2, description="how long the barrier takes to answer an order")] = 0.02
    faults: Annotated[
        tuple[Fault, ...],
        Field(
            description="what the n-th release after opening does: none (works), timeout (no answer, stays "
            "locked), unplugged (lost before it opens), unplugged_open (lost while it stands open)"
        ),
    ] = ()


class FakeSwitch(Switch):
    """A switch over nothing."""

    name = "fake barrier"

    def __init__(self, takes: float, faults: Sequence[Fault]) -> None:
        self.history: deque[Moment] = deque(maxlen=_KEPT)
        self.directions: deque[Direction] = deque(maxlen=_KEPT)  # of every release
        self.plugged = True
        self._takes = takes
        self._faults = deque(faults)
        self._fault: Fault = "none"

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - the host times it
        self._fault = self._faults.popleft() if self._faults else "none"
        if self._fault == "unplugged":
            self.plugged = False
        self.check()
        self.directions.append(direction)
        if self._fault != "timeout":
            self._become("released")
        if self._fault == "unplugged_open":
            self.plugged = False

    def off(self) -> None:
        self.check()
        self._become("secured")

    async def confirm(self, *, on: bool) -> None:
        await asyncio.sleep(self._takes)
        if on and self._fault == "timeout":
            raise DeviceError("fake barrier: no answer", hint="This is a planned fault: see `faults` in its settings")

    def check(self) -> None:
        if not self.plugged:
            raise DeviceError("fake barrier: unplugged", hint="This is a planned fault: open it again")

    def close(self) -> None:
        self.plugged = False

    def _become(self, state: Literal["released", "secured"]) -> None:
        if not self.history or self.history[-1][1] != state:
            self.history.append((time.monotonic(), state))


class FakeBarrier(HostTimedBarrier):
    def __init__(self, config: FakeBarrierConfig) -> None:
        self._fake = FakeSwitch(config.takes, config.faults)
        super().__init__(self._fake, config.pulse, config.extended_pulse)

    @property
    def history(self) -> list[Moment]:
        """Return every change of state; the first is the locking at the opening."""
        return list(self._fake.history)

    @property
    def directions(self) -> list[Direction]:
        """Return the direction of every release, oldest first."""
        return list(self._fake.directions)

    def unplug(self) -> None:
        """Fail every order and raise in `watch` from now on.  The state stays as it is."""
        self._fake.plugged = False


@asynccontextmanager
async def open_fake(config: FakeBarrierConfig) -> AsyncIterator[FakeBarrier]:
    barrier = FakeBarrier(config)
    async with started(barrier):
        yield barrier


DRIVER: DriverSpec[FakeBarrierConfig, FakeBarrier] = DriverSpec(
    name="fake",
    config=FakeBarrierConfig,
    open=open_fake,
    summary="a barrier that moves nothing, for the demo and for tests",
    needs="nothing",
    simulated=True,
    abilities=lambda _: HELD_OPEN,
)
