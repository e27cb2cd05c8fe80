"""A computer that gives no more threads (TasksMax=, memory): nothing ends, nothing opens later, orders are taken."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from drivers._shared.claim import claim, free
from drivers._shared.command_thread import CommandThread
from gate.errors import DeviceError, StoreError
from gate.lane.writer import Writer

pytestmark = pytest.mark.real_time

Starve = Callable[[bool], None]


@pytest.fixture
def starve(monkeypatch: pytest.MonkeyPatch) -> Starve:
    start, starved = threading.Thread.start, False

    def refuse(thread: threading.Thread) -> None:
        if starved:
            raise RuntimeError("can't start new thread")
        start(thread)

    def switch(on: bool) -> None:
        nonlocal starved
        starved = on

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return switch


def test_an_order_that_found_no_thread_is_never_carried_out(starve: Starve) -> None:
    thread, carried_out = CommandThread("device"), list[str]()
    starve(True)
    with pytest.raises(DeviceError, match="no thread to drive the device") as refused:
        thread.submit(lambda: carried_out.append("open"))
    assert refused.value.moved is False
    starve(False)
    thread.submit(lambda: carried_out.append("lock"))
    thread.close()
    assert carried_out == ["lock"]


async def test_a_device_is_freed_once_and_never_taken_by_nobody(starve: Starve) -> None:
    held = list[str]()
    starve(True)
    with pytest.raises(RuntimeError):
        await claim(lambda: held.append("taken"), lambda _: held.append("freed"))
    await free(lambda: held.append("closed"))
    starve(False)
    await asyncio.to_thread(int)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert held == ["closed", "taken", "freed"]


async def test_the_store_is_waited_for(starve: Starve) -> None:
    writer, written = Writer(), list[str]()
    starve(True)
    with pytest.raises(StoreError, match="no thread to write it"):
        await writer.do(lambda: written.append("lost"))
    starve(False)
    await writer.do(lambda: written.append("row"))
    writer.close()
    assert written == ["row"]
