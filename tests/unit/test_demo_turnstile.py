"""The turnstile of the demo, driven through its pseudo-terminal with the bytes of real relay boards."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from gate.demo.turnstile import Turnstile, TurnstileFrames
from gate.testing.relay_board import OFF, ON

ON_2 = bytes.fromhex("A00201A3")


@asynccontextmanager
async def plugged(turnstile: Turnstile) -> AsyncIterator[int]:
    async with turnstile:
        port = os.open(turnstile.device, os.O_RDWR | os.O_NOCTTY)
        try:
            yield port
        finally:
            os.close(port)


async def settle() -> None:
    await asyncio.sleep(0.05)


async def test_opens_and_locks_and_tells_each_opening_once() -> None:
    turnstile = Turnstile()
    async with plugged(turnstile) as port:
        os.write(port, OFF)
        await settle()
        assert not turnstile.free
        os.write(port, ON)
        async with asyncio.timeout(5):
            first = await turnstile.opened(0)
        os.write(port, ON)  # a relay that is on stays on
        await settle()
        assert turnstile.free
        os.write(port, OFF + ON)
        async with asyncio.timeout(5):
            second = await turnstile.opened(1)
    assert second >= first
    assert len(turnstile.openings) == 2


async def test_the_arm_lets_one_person_through_for_each_opening() -> None:
    turnstile = Turnstile()
    async with plugged(turnstile) as port:
        assert not turnstile.turn()
        os.write(port, ON)
        async with asyncio.timeout(5):
            await turnstile.opened(0)
        assert turnstile.turn()
        assert not turnstile.turn()  # the relay is on still, but the arm has locked behind them
        os.write(port, OFF + ON)
        async with asyncio.timeout(5):
            await turnstile.opened(1)
        assert turnstile.turn()


async def test_another_channel_and_a_broken_frame_move_nothing() -> None:
    turnstile = Turnstile()
    async with plugged(turnstile) as port:
        os.write(port, ON_2 + b"\xa0\x01\x01\xa3" + b"\xff")
        await settle()
        assert turnstile.openings == []
        os.write(port, ON)
        async with asyncio.timeout(5):
            await turnstile.opened(0)
    assert turnstile.strange_bytes == 5


async def test_survives_whoever_opens_and_closes_the_port() -> None:
    turnstile = Turnstile()
    async with turnstile:
        for number in range(2):
            port = os.open(turnstile.device, os.O_RDWR | os.O_NOCTTY)
            os.write(port, ON + OFF)
            os.close(port)
            async with asyncio.timeout(5):
                await turnstile.opened(number)
    assert len(turnstile.openings) == 2


@given(st.lists(st.sampled_from([ON, OFF, ON_2]), max_size=8), st.data())
def test_frames_come_out_however_the_line_cuts_them(sent: list[bytes], data: st.DataObject) -> None:
    line, frames, found = b"".join(sent), TurnstileFrames(), []
    while line:
        cut = data.draw(st.integers(1, len(line)))
        found += frames.feed(line[:cut])
        line = line[cut:]
    assert found == [(frame[1], frame[2]) for frame in sent]
    assert frames.strange == 0


@given(st.binary(max_size=12))
def test_finds_its_feet_after_noise(noise: bytes) -> None:
    frames = TurnstileFrames()
    frames.feed(noise)
    # A start byte at the end of the noise can swallow the first frame, never the ones after it.
    assert frames.feed(ON + OFF + ON)[-2:] == [(1, 0), (1, 1)]
