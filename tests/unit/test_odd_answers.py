"""Whatever a device's bytes do to a decoder, the lane hears of a device that is lost."""

import asyncio
import struct
from collections.abc import Sequence

import pytest

from drivers._shared.command_thread import CommandThread
from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import BoardTimedBarrier, HostTimedBarrier
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.inputs import Level
from gate.testing.barrier_contract import no_reports

ODD = [
    struct.error("unpack requires a buffer of 4 bytes"),
    IndexError("index out of range"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ValueError("invalid literal"),
    OverflowError("too large"),
    OSError(24, "Too many open files"),
]
SPOTS = ("on", "confirm", "check", "sensed")


class Odd(Switch):
    """A board that answers nonsense at one of its questions, once it is open."""

    name = "odd board"

    def __init__(self, spot: str, error: Exception) -> None:
        self._spot, self._error, self.works = spot, error, False

    def _maybe(self, spot: str) -> None:
        if self.works and spot == self._spot:
            raise self._error

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - the port's
        self._maybe("on")

    def off(self) -> None:
        return

    async def confirm(self, *, on: bool) -> None:
        if on:
            self._maybe("confirm")

    def check(self) -> None:
        self._maybe("check")

    def sensed(self) -> Sequence[Level]:
        self._maybe("sensed")
        return ()

    def close(self) -> None:
        return


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("board_timed", [False, True])
async def test_what_odd_bytes_raise_is_a_device_error(spot: str, error: Exception, board_timed: bool) -> None:
    switch = Odd(spot, error)
    barrier = BoardTimedBarrier(switch, 0.1, can_lock=True) if board_timed else HostTimedBarrier(switch, 0.1)
    await barrier.start()
    switch.works = True
    opened = []
    try:
        work = (
            barrier.release(Direction.ENTRY, lambda: opened.append(True))
            if spot in ("on", "confirm")
            else barrier.watch(no_reports)
        )
        with pytest.raises(DeviceError) as caught:
            await asyncio.wait_for(work, 5)
        assert caught.value.hint
        assert caught.value.moved is (spot != "on")
        assert (opened, barrier.secured) == ([], True)
    finally:
        barrier.close()


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
async def test_what_an_order_raises_on_its_thread_is_a_device_error(error: Exception) -> None:
    thread = CommandThread("test")

    def work() -> None:
        raise error

    thread.submit(work)
    with pytest.raises(DeviceError):
        await thread.settled()
    await asyncio.to_thread(thread.close)
