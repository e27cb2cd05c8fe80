"""One barrier after another, as the lane holds them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.barriers.fake import DRIVER, FakeBarrier
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.lane.barrier_slot import BarrierSlot
from gate.testing.barrier_contract import no_reports, until

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def held(door: BarrierSlot, pulse: str) -> AsyncIterator[tuple[FakeBarrier, "asyncio.Task[None]"]]:
    async with DRIVER.open(DRIVER.config.model_validate({"driver": "fake", "pulse": pulse})) as barrier:
        ready = asyncio.Event()
        holding = asyncio.create_task(door.hold(barrier, ready.set, no_reports))
        await ready.wait()
        yield barrier, holding
        holding.cancel()
        await asyncio.wait([holding])


async def test_a_release_on_a_lost_barrier_does_not_fail_the_next_one() -> None:
    door, outcomes = BarrierSlot(), list[DeviceError | None]()
    async with asyncio.TaskGroup() as group:
        door.use(group)
        async with held(door, "800ms") as (lost, holding):
            await door.release(Direction.ENTRY, outcomes.append)
            await until(lambda: not lost.secured)
            lost.unplug()
            with pytest.raises(DeviceError, match="unplugged"):
                await holding
        async with held(door, "100ms") as (_, holding):
            done, _ = await asyncio.wait([holding], timeout=1.2)
            assert not done
