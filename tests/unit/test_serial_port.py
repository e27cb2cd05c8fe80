"""A serial line that clogs, and a port that was just closed, over real pseudo-terminals."""

import asyncio
import os
import pty
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from drivers._shared.serial_port import SerialPort
from drivers.barriers.serial_frames import DRIVER
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.testing.relay_board import OFF, ON
from tests.unit.serial_lines import fill


@contextmanager
def line() -> Iterator[tuple[int, int]]:
    """Both ends of a line, the far one and the near one, neither of which blocks."""
    far, near = pty.openpty()
    tty.setraw(near)
    for end in (far, near):
        os.set_blocking(end, False)
    try:
        yield far, near
    finally:
        os.close(far)
        os.close(near)


def heard(far: int, until: bytes) -> bytes:
    """All that comes out of the line now that it moves again, but for the zeros that clogged it."""
    found = b""
    limit = time.monotonic() + 5
    while not found.endswith(until) and time.monotonic() < limit:
        with suppress(BlockingIOError):
            found += os.read(far, 4096)
        time.sleep(0.01)
    return found.strip(b"\0")


async def test_a_release_that_a_clogged_line_has_kept_is_not_carried_out_later() -> None:
    with line() as (far, near):
        config = {"driver": "serial_frames", "profile": "lcus", "port": os.ttyname(near), "pulse": "300ms"}
        async with DRIVER.open(DRIVER.config.model_validate(config)) as barrier:
            assert os.read(far, 4) == OFF
            os.write(near, bytes(8192))  # the far end has more than it takes at once (4095): what follows waits
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await asyncio.sleep(0.1)
            fill(near)
            with pytest.raises(DeviceError, match="takes no more bytes"):
                await release
            await asyncio.sleep(0.3)  # the guard repeats the order to lock
        assert ON not in heard(far, OFF)


def test_a_closed_port_is_free_at_once_though_a_process_is_just_being_forked() -> None:
    """Such a process holds every file of its parent until it has become the other program."""
    with line() as (_, near):
        port = SerialPort(os.ttyname(near), 9600)
        told, tell = os.pipe()
        if not (child := os.fork()):
            os.read(told, 1)
            os._exit(0)
        try:
            port.close()
            SerialPort(os.ttyname(near), 9600).close()
        finally:
            os.write(tell, b"x")
            os.waitpid(child, 0)
            os.close(told)
            os.close(tell)
