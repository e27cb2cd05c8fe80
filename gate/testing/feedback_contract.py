"""The contract of every feedback driver.  For driver authors; used as `barrier_contract` is."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pytest

from gate.ports.feedback import Feedback, Signal
from gate.testing.barrier_contract import holds
from gate.testing.census import OPENINGS, assert_nothing_more, settled


class FeedbackRig(Protocol):
    """A driver together with the lamps it lights."""

    def open(self) -> AbstractAsyncContextManager[Feedback]:
        """Return the driver."""

    def seen(self) -> object:
        """Return the visible state.  Equal values look the same."""

    def lose(self) -> None:
        """Pull the plug."""


class FeedbackContract:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def rig(self) -> FeedbackRig:
        raise NotImplementedError("give the driver under test")

    @pytest.mark.anyio
    async def test_a_yes_and_a_no_look_different_at_once(self, rig: FeedbackRig) -> None:
        async with rig.open() as feedback:
            before = rig.seen()
            feedback.show(Signal.ADMITTED)
            yes = rig.seen()
            feedback.show(Signal.REFUSED)
            no = rig.seen()
            assert len({repr(before), repr(yes), repr(no)}) == 3

    @pytest.mark.anyio
    @pytest.mark.parametrize("signal", list(Signal))
    async def test_every_signal_is_shown(self, rig: FeedbackRig, signal: Signal) -> None:
        async with rig.open() as feedback:
            before = rig.seen()
            feedback.show(signal)
            assert holds(lambda: rig.seen() != before)

    @pytest.mark.anyio
    async def test_dead_lamps_stop_nothing(self, rig: FeedbackRig) -> None:
        async with rig.open() as feedback:
            feedback.show(Signal.READY)
            rig.lose()
            for signal in Signal:
                feedback.show(signal)
            await asyncio.sleep(0.2)  # blinking continues, or tries to
        feedback.show(Signal.READY)

    def test_opening_and_closing_leaks_nothing(self, rig: FeedbackRig) -> None:
        async def cycles(count: int) -> None:
            for _ in range(count):
                async with rig.open() as feedback:
                    feedback.show(Signal.ADMITTED)

        asyncio.run(cycles(2))
        before = settled()
        asyncio.run(cycles(OPENINGS))
        assert_nothing_more(before)
