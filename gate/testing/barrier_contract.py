"""The contract of every barrier driver, whatever it drives.  For driver authors:

    class TestMyBarrier(BarrierContract):
        @pytest.fixture
        def rig(self) -> BarrierRig:
            return MyRig()          # your driver, and the hardware end of it

Needs pytest and anyio's pytest plugin.  No test measures speed; each waits for a condition, and fails after PATIENCE.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Protocol

import pytest

from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.inputs import Level, Role
from gate.testing.census import OPENINGS, assert_nothing_more, settled

PATIENCE = 30.0
"""Seconds after which a condition counts as failed, on a busy machine."""

SHORT, LONG = 0.1, 9.0
"""Pulses, in seconds: one to wait for, and one that only locking on the way out can end in time."""

MIDDLE = 0.6
"""Seconds of a pulse that a test interrupts, or acts in and then waits for."""


class BarrierRig(Protocol):
    """A driver together with its hardware end, which is observed as a door would."""

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        """Return the driver, configured with this pulse in seconds."""

    def locked(self) -> bool:
        """Return whether the hardware is locked, observed outside the driver.  From any thread."""

    def releases(self) -> int:
        """Return how often the hardware has been unlocked so far."""

    def lose(self) -> None:
        """Pull the plug."""

    def restore(self) -> None:
        """Plug it in again."""

    def abilities(self) -> Abilities:
        """Return the driver's abilities in this configuration."""

    def pass_through(self, direction: Direction) -> None:
        """Simulate a passage.  Called only for a device that reports it."""


async def until(condition: Callable[[], bool]) -> None:
    """Run the loop until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - hardware sets no event
            await asyncio.sleep(0.005)


def holds(condition: Callable[[], bool]) -> bool:
    """Return whether the condition becomes true while the event loop is blocked: no code on the loop can help."""
    limit = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < limit:
        time.sleep(0.005)
    return condition()


def no_reports(level: Level) -> None:
    """Ignore a report."""


def locked_is(rig: BarrierRig, wanted: bool) -> bool:
    return rig.locked() is wanted


def passages(reported: list[Level]) -> list[Direction]:
    """Return the directions of the reported passages."""
    return [level.direction for level in reported if level.role is Role.PASSAGE and level.active]


def counted(reported: list[Level], count: int) -> bool:
    return len(passages(reported)) == count


class BarrierContract:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def rig(self) -> BarrierRig:
        raise NotImplementedError("give the driver under test")

    @pytest.mark.anyio
    async def test_an_opened_barrier_is_locked(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            assert barrier.secured
            assert holds(rig.locked)
            assert rig.releases() == 0

    @pytest.mark.anyio
    @pytest.mark.parametrize("direction", list(Direction))
    async def test_a_release_unlocks_and_then_locks(self, rig: BarrierRig, direction: Direction) -> None:
        async with rig.open(SHORT) as barrier:
            await barrier.release(direction)
            assert holds(rig.locked)  # a board that times the pulse itself ends it later
            barrier.secure()
            assert barrier.secured
            assert rig.releases() == 1

    @pytest.mark.anyio
    async def test_each_release_is_one_pulse(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            for count in (1, 2):
                await barrier.release(Direction.ENTRY)
                assert holds(rig.locked)
                assert rig.releases() == count

    @pytest.mark.anyio
    @pytest.mark.parametrize("cancels", [1, 2])
    async def test_a_cancelled_release_is_locked_at_once(self, rig: BarrierRig, cancels: int) -> None:
        async with rig.open(LONG) as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: not rig.locked())
            assert not barrier.secured
            for _ in range(cancels):
                release.cancel()
                await asyncio.sleep(0)
            await asyncio.wait([release])
            if not release.cancelled():  # a board that times the pulse: nothing was left to cancel
                barrier.secure()
            assert barrier.secured
            assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_a_release_after_a_cancelled_one_works(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHORT / 4):
                    await barrier.release(Direction.ENTRY)
            await barrier.release(Direction.ENTRY)
            assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_securing_is_idempotent(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            for _ in range(3):
                barrier.secure()
                assert barrier.secured
            assert holds(rig.locked)
            assert rig.releases() == 0
        barrier.secure()

    @pytest.mark.anyio
    async def test_securing_ends_a_running_release(self, rig: BarrierRig) -> None:
        async with rig.open(LONG) as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: not rig.locked())
            barrier.secure()
            assert barrier.secured
            assert holds(rig.locked)
            release.cancel()
            await asyncio.wait([release])

    @pytest.mark.anyio
    async def test_a_pulse_ends_though_the_event_loop_is_stuck(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: rig.releases() == 1)
            assert holds(rig.locked), "the door stood open while the event loop was stuck"
            await release
            await barrier.release(Direction.ENTRY)
            assert rig.releases() == 2

    @pytest.mark.anyio
    async def test_leaving_in_mid_release_locks(self, rig: BarrierRig) -> None:
        async with rig.open(LONG) as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: not rig.locked())
        assert holds(rig.locked)
        release.cancel()
        await asyncio.wait([release])

    @pytest.mark.anyio
    async def test_leaving_by_an_error_locks(self, rig: BarrierRig) -> None:
        async def fail() -> None:
            async with rig.open(LONG) as barrier, asyncio.TaskGroup() as group:
                group.create_task(barrier.release(Direction.ENTRY))
                await until(lambda: not rig.locked())
                raise LookupError

        with pytest.raises(ExceptionGroup):
            await fail()
        assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_a_closed_barrier_cannot_be_released(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            pass
        with pytest.raises(DeviceError):
            await barrier.release(Direction.ENTRY)
        assert rig.releases() == 0

    @pytest.mark.anyio
    async def test_watching_goes_on_while_all_is_well(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            watch = asyncio.create_task(barrier.watch(no_reports))
            await barrier.release(Direction.ENTRY)
            done, _ = await asyncio.wait([watch], timeout=0.6)
            assert not done
            watch.cancel()
            await asyncio.wait([watch])

    @pytest.mark.anyio
    async def test_a_loss_shows_in_watch(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            watch = asyncio.create_task(barrier.watch(no_reports))
            await asyncio.sleep(0)
            rig.lose()
            with pytest.raises(DeviceError) as caught:
                await asyncio.wait_for(watch, PATIENCE)
            assert caught.value.hint

    @pytest.mark.anyio
    async def test_a_lost_barrier_refuses_a_release_and_takes_every_secure(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            rig.lose()
            with pytest.raises(DeviceError):
                await barrier.release(Direction.ENTRY)
            barrier.secure()
            barrier.secure()

    @pytest.mark.anyio
    async def test_a_loss_in_mid_release_is_an_error(self, rig: BarrierRig) -> None:
        async with rig.open(MIDDLE) as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: not rig.locked())
            rig.lose()

            async def end() -> None:
                await release
                await barrier.watch(no_reports)  # a board that times the pulse has carried the order out

            with pytest.raises(DeviceError):
                await end()

    @pytest.mark.anyio
    async def test_it_opens_again_after_a_loss(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            rig.lose()
            with pytest.raises(DeviceError):
                await barrier.release(Direction.ENTRY)
        rig.restore()
        async with rig.open(SHORT) as barrier:
            before = rig.releases()
            await barrier.release(Direction.ENTRY)
            assert rig.releases() == before + 1
            assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_an_extended_release_unlocks_and_then_locks(self, rig: BarrierRig) -> None:
        async with rig.open(SHORT) as barrier:
            await barrier.release(Direction.ENTRY, extended=True)
            assert holds(rig.locked)
            assert rig.releases() == 1

    @pytest.mark.anyio
    async def test_every_stance_is_taken_and_left_as_it_says(self, rig: BarrierRig) -> None:
        if not rig.abilities().stances:
            pytest.skip("it takes no stance")
        async with rig.open(SHORT) as barrier:
            watch = asyncio.create_task(barrier.watch(no_reports))
            for stance in rig.abilities().stances:
                await barrier.set_stance(stance)
                free = stance is Stance.FREE
                await until(partial(locked_is, rig, not free))
                await asyncio.sleep(3 * SHORT)  # longer than any pulse
                assert (rig.locked(), barrier.secured) == (not free, not free)
                await barrier.set_stance(Stance.CONTROLLED)
                await until(rig.locked)
                assert barrier.secured
            before = rig.releases()
            await barrier.release(Direction.ENTRY)
            await until(lambda: rig.releases() == before + 1)
            watch.cancel()
            await asyncio.wait([watch])

    @pytest.mark.anyio
    async def test_a_stance_that_it_does_not_name_is_refused(self, rig: BarrierRig) -> None:
        others = {Stance.FREE, Stance.BLOCKED} - rig.abilities().stances
        if not others:
            pytest.skip("it takes every stance")
        async with rig.open(SHORT) as barrier:
            for stance in others:
                with pytest.raises(ValueError, match=stance):
                    await barrier.set_stance(stance)
            assert barrier.secured

    @pytest.mark.anyio
    async def test_leaving_a_free_barrier_locks_it(self, rig: BarrierRig) -> None:
        if Stance.FREE not in rig.abilities().stances:
            pytest.skip("it does not stand free")
        async with rig.open(SHORT) as barrier:
            await barrier.set_stance(Stance.FREE)
            await until(lambda: not rig.locked())
        assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_securing_ends_a_stance(self, rig: BarrierRig) -> None:
        if not rig.abilities().stances:
            pytest.skip("it takes no stance")
        async with rig.open(SHORT) as barrier:
            for stance in rig.abilities().stances:
                await barrier.set_stance(stance)
                barrier.secure()
                assert barrier.secured
                assert holds(rig.locked)

    @pytest.mark.anyio
    async def test_every_passage_it_senses_is_reported_once(self, rig: BarrierRig) -> None:
        if not rig.abilities().passages:
            pytest.skip("it senses no passage")
        reported: list[Level] = []
        async with rig.open(SHORT) as barrier:
            watch = asyncio.create_task(barrier.watch(reported.append))
            await asyncio.sleep(SHORT)
            told = [direction for direction in rig.abilities().passages for _ in range(2)]
            for count, direction in enumerate(told, 1):
                rig.pass_through(direction)
                await until(partial(counted, reported, count))
            await asyncio.sleep(SHORT)
            assert passages(reported) == told
            assert not watch.done()
            watch.cancel()
            await asyncio.wait([watch])

    def test_opening_and_closing_leaks_nothing(self, rig: BarrierRig) -> None:
        async def cycles(count: int) -> None:
            for _ in range(count):
                async with rig.open(SHORT) as barrier:
                    assert barrier.secured

        asyncio.run(cycles(2))  # imports and caches
        before = settled()
        asyncio.run(cycles(OPENINGS))
        assert_nothing_more(before)
