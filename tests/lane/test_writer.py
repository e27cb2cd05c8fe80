"""A disk that is slow: the manager hears that the lane lives, as long as a write may take, and no longer."""

import asyncio
import threading

import pytest

from gate.lane import writer as module
from gate.lane.writer import Writer

pytestmark = pytest.mark.real_time


async def pinged(writer: Writer, written: threading.Event, pings: int) -> bool:
    """Whether a write that lasts until so many pings came, or until `written`, ended."""
    heard = list[float]()

    def ping() -> None:
        heard.append(asyncio.get_running_loop().time())
        if len(heard) == pings:
            written.set()

    pinging = asyncio.create_task(writer.ping_while_writing(ping))
    ended = await writer.do(lambda: written.wait(60))
    count = len(heard)
    await asyncio.sleep(1.1)  # more than the time between two pings
    pinging.cancel()
    assert len(heard) == count, "pinged although nothing was written: the loop has to do that itself"
    return ended


async def test_a_slow_write_keeps_the_watchdog_fed() -> None:
    writer = Writer()
    assert await pinged(writer, threading.Event(), 2)
    writer.close()


async def test_a_write_that_takes_too_long_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_WRITE", 0.5)
    writer, written, heard = Writer(), threading.Event(), list[None]()
    pinging = asyncio.create_task(writer.ping_while_writing(lambda: heard.append(None)))
    asyncio.get_running_loop().call_later(1.5, written.set)
    assert await writer.do(lambda: written.wait(60))
    pinging.cancel()
    writer.close()
    assert heard == []
