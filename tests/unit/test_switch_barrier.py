"""The guard that ends a pulse, and the opening of devices off the event loop."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from drivers._shared.claim import claim, free
from drivers._shared.pulse_guard import PulseGuard
from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import HostTimedBarrier, extended_pulse, started
from drivers.barriers.fake import DRIVER, FakeBarrierConfig
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.testing.barrier_contract import holds, until


def test_the_guard_repeats_its_order_until_it_is_delivered() -> None:
    delivered = iter([False, False, True])
    calls: list[bool] = []

    def off() -> bool:
        calls.append(next(delivered))
        return calls[-1]

    guard = PulseGuard(off, "test")
    guard.start()
    guard.arm_until(time.monotonic())
    assert holds(lambda: calls == [False, False, True])
    guard.close()
    assert not guard.is_alive


def test_a_disarmed_guard_does_nothing() -> None:
    fired = threading.Event()

    def off() -> bool:
        fired.set()
        return True

    guard = PulseGuard(off, "test")
    guard.start()
    guard.arm_until(time.monotonic() + 0.05)
    guard.disarm()
    assert not fired.wait(0.2)
    guard.arm_until(time.monotonic() + 0.05)
    guard.arm_until(time.monotonic() + 60)  # a new deadline replaces the old one
    assert not fired.wait(0.2)
    guard.arm_until(time.monotonic())
    assert fired.wait(5)
    guard.close()


async def test_what_was_taken_after_a_cancellation_is_given_back_once() -> None:
    go, freed = threading.Event(), list[str]()

    def take() -> str:
        go.wait(5)
        return "device"

    opening = asyncio.create_task(claim(take, freed.append))
    await asyncio.sleep(0.02)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert freed == []
    go.set()
    await until(lambda: freed == ["device"])


async def test_freeing_is_carried_out_though_cancelled() -> None:
    go, freed = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, go.wait, 5)  # the closing has to wait for its thread
    closing = asyncio.create_task(free(freed.set))
    await asyncio.sleep(0.01)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    go.set()
    await busy
    await until(freed.is_set)


def fake(*faults: str) -> FakeBarrierConfig:
    return FakeBarrierConfig.model_validate({"driver": "fake", "pulse": "50ms", "takes": "5ms", "faults": faults})


async def test_the_fake_remembers_and_fails_on_demand() -> None:
    async with DRIVER.open(fake("none", "timeout", "unplugged")) as barrier:
        await barrier.release(Direction.ENTRY)
        with pytest.raises(DeviceError, match="no answer"):
            await barrier.release(Direction.EXIT)
        assert barrier.secured
        with pytest.raises(DeviceError, match="unplugged"):
            await barrier.release(Direction.ENTRY)
        with pytest.raises(DeviceError, match="unplugged"):
            await barrier.watch(lambda _: None)
    assert [state for _, state in barrier.history] == ["secured", "released", "secured"]
    moments = [at for at, _ in barrier.history]
    assert moments == sorted(moments)
    assert barrier.directions == [Direction.ENTRY, Direction.EXIT]


async def test_the_fake_can_be_lost_while_it_stands_open() -> None:
    async with DRIVER.open(fake("unplugged_open")) as barrier:
        with pytest.raises(DeviceError, match="unplugged"):
            await barrier.release(Direction.ENTRY)
        assert not barrier.secured
    assert [state for _, state in barrier.history] == ["secured", "released"]


async def test_a_way_that_the_host_holds_open_is_locked_when_the_loop_hangs_and_opened_again_when_it_goes_on() -> None:
    async with DRIVER.open(fake()) as barrier:
        watch = asyncio.create_task(barrier.watch(lambda _: None))
        await barrier.set_stance(Stance.FREE)
        await asyncio.sleep(0.1)
        assert holds(lambda: barrier.history[-1][1] == "secured"), "the lease did not end"
        await until(lambda: barrier.history[-1][1] == "released")
        assert not barrier.secured
        watch.cancel()
        await asyncio.wait([watch])
    assert barrier.history[-1][1] == "secured"


class SlowSwitch(Switch):
    """Obeys an order to unlock only when the guard has gone off already, and then the event loop hangs."""

    name = "slow switch"

    def __init__(self) -> None:
        self.locked, self.offs, self.ended_by_guard = True, 0, False

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one contact serves all
        before = self.offs
        assert holds(lambda: self.offs > before)
        self.locked = False

    def off(self) -> None:
        self.locked = True
        self.offs += 1

    async def confirm(self, *, on: bool) -> None:
        if on:
            self.ended_by_guard = holds(lambda: self.locked)

    def check(self) -> None:
        return

    def close(self) -> None:
        return


async def test_a_pulse_ends_though_its_order_took_longer_than_the_pulse() -> None:
    switch = SlowSwitch()
    async with started(HostTimedBarrier(switch, 0.05)) as barrier:
        await barrier.release(Direction.ENTRY)
    assert switch.ended_by_guard


async def test_a_free_way_that_nobody_watches_is_locked() -> None:
    async with DRIVER.open(fake()) as barrier:
        await barrier.set_stance(Stance.FREE)
        await until(lambda: barrier.history[-1][1] == "secured")


@pytest.mark.parametrize(
    ("pulse", "extended", "expected"), [(0.5, None, 1.5), (0.5, 4.0, 4.0), (4.0, None, 10.0), (2.0, 1.0, 2.0)]
)
def test_who_needs_more_time_never_has_less(pulse: float, extended: float | None, expected: float) -> None:
    assert extended_pulse(pulse, extended) == expected
