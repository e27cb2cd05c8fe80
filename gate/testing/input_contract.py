"""The contract of every input driver.  For driver authors; used as `barrier_contract` is."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest

from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.inputs import Input, Level, Role
from gate.testing.barrier_contract import PATIENCE, until
from gate.testing.census import OPENINGS, assert_nothing_more, settled


class InputRig(Protocol):
    """A driver together with its contact."""

    @property
    def role(self) -> Role:
        """Return the configured role."""

    @property
    def direction(self) -> Direction:
        """Return the configured direction."""

    def open(self) -> AbstractAsyncContextManager[Input]:
        """Return the driver.  The contact is inactive when it is opened for the first time."""

    def set(self, active: bool) -> None:
        """Move the contact."""

    def lose(self) -> None:
        """Pull the plug."""

    def restore(self) -> None:
        """Plug it in again, with the contact inactive."""


class Listener:
    """A collector of an input's reports, which asserts that they come on the event loop."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self._thread = threading.get_ident()

    def __call__(self, level: Level) -> None:
        assert threading.get_ident() == self._thread, "reported from another thread"
        self.levels.append(level)

    @property
    def states(self) -> list[bool]:
        return [level.active for level in self.levels]

    async def heard(self, *states: bool) -> None:
        """Wait until exactly these were reported."""
        try:
            await until(lambda: len(self.levels) >= len(states))
        except TimeoutError:
            raise AssertionError(f"reported {self.states}, not {states}") from None
        assert self.states == list(states)


@asynccontextmanager
async def listening(rig: InputRig) -> AsyncIterator[tuple[Listener, asyncio.Task[None]]]:
    """Open an input and run it meanwhile."""
    async with rig.open() as device:
        listener = Listener()
        running = asyncio.create_task(device.run(listener))
        try:
            yield listener, running
        finally:
            running.cancel()
            await asyncio.wait([running])


class InputContract:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def rig(self) -> InputRig:
        raise NotImplementedError("give the driver under test")

    @pytest.mark.anyio
    async def test_the_present_level_is_told_once_at_the_start(self, rig: InputRig) -> None:
        async with listening(rig) as (listener, running):
            await listener.heard(False)
            await asyncio.sleep(0.1)
            assert listener.states == [False]
            assert not running.done()

    @pytest.mark.anyio
    async def test_every_change_is_told_once_with_role_and_direction(self, rig: InputRig) -> None:
        async with listening(rig) as (listener, _):
            await listener.heard(False)
            rig.set(True)
            await listener.heard(False, True)
            rig.set(True)
            rig.set(False)
            await listener.heard(False, True, False)
            assert {(level.role, level.direction) for level in listener.levels} == {(rig.role, rig.direction)}
            moments = [level.at for level in listener.levels]
            assert moments == sorted(moments)

    @pytest.mark.anyio
    async def test_after_a_storm_the_last_level_stands(self, rig: InputRig) -> None:
        async with listening(rig) as (listener, _):
            await listener.heard(False)
            for _ in range(20):
                rig.set(True)
                rig.set(False)
            rig.set(True)
            await until(lambda: listener.states[-1])
            await asyncio.sleep(0.1)
            assert listener.states[-1]
            assert all(one is not other for one, other in zip(listener.states, listener.states[1:], strict=False))

    @pytest.mark.anyio
    async def test_cancelling_ends_it(self, rig: InputRig) -> None:
        async with listening(rig) as (listener, running):
            await listener.heard(False)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(running, PATIENCE)
            rig.set(True)
            await asyncio.sleep(0.1)
            assert listener.states == [False]

    @pytest.mark.anyio
    async def test_a_lost_input_is_an_error_and_opens_again(self, rig: InputRig) -> None:
        async with listening(rig) as (listener, running):
            await listener.heard(False)
            rig.lose()
            with pytest.raises(DeviceError) as caught:
                await asyncio.wait_for(running, PATIENCE)
            assert caught.value.hint
        rig.restore()
        async with listening(rig) as (listener, _):
            await listener.heard(False)
            rig.set(True)
            await listener.heard(False, True)

    def test_opening_and_closing_leaks_nothing(self, rig: InputRig) -> None:
        async def cycles(count: int) -> None:
            for _ in range(count):
                async with listening(rig):
                    await asyncio.sleep(0)

        asyncio.run(cycles(2))
        before = settled()
        asyncio.run(cycles(OPENINGS))
        assert_nothing_more(before)
