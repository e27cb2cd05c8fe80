"""The Modbus driver against pymodbus's own server, on the other end of two joined pseudo-terminals."""

import asyncio
import os
import pty
import select
import threading
import tty
from collections.abc import Iterator

import pytest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.barriers.modbus_relay import DRIVER
from gate.core.model import Stance
from gate.errors import DeviceError


@pytest.fixture
def ports() -> Iterator[tuple[str, str]]:
    """Two serial ports with a wire between them."""
    ends = [pty.openpty() for _ in range(2)]
    for _, theirs in ends:
        tty.setraw(theirs)
    stop, stopping = os.pipe()

    def carry() -> None:
        ours = [end[0] for end in ends]
        while True:
            ready, _, _ = select.select([*ours, stop], [], [])
            if stop in ready:
                return
            for one in ready:
                os.write(ours[1 - ours.index(one)], os.read(one, 256))

    wire = threading.Thread(target=carry, daemon=True)
    wire.start()
    yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    os.write(stopping, b"x")
    wire.join()
    for descriptor in (stop, stopping, *(one for end in ends for one in end)):
        os.close(descriptor)


async def test_a_turnstile_of_the_library_takes_orders_and_modes(ports: tuple[str, str]) -> None:
    registers = [SimData(0x40, values=[0] * 9, datatype=DataType.REGISTERS)]
    registers += [SimData(address, values=0, datatype=DataType.REGISTERS) for address in (0x3000, 0x3011)]
    server = ModbusSerialServer(SimDevice(1, registers), port=ports[1], baudrate=9600)
    serving = asyncio.create_task(server.serve_forever())
    config = {"driver": "modbus_relay", "board": "lot", "port": ports[0], "pulse": "5s"}
    async with DRIVER.open(DRIVER.config.model_validate(config)) as barrier:
        await barrier.set_stance(Stance.FREE)
        await barrier.set_stance(Stance.CONTROLLED)
    await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus does not annotate it
    await asyncio.wait([serving])
    with pytest.raises(DeviceError, match="does not answer"):
        async with DRIVER.open(DRIVER.config.model_validate(config)):
            pass


@pytest.fixture
def echo() -> Iterator[str]:
    """An adapter that hears itself: every byte that is sent comes back, and nothing else."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    stop, stopping = os.pipe()

    def repeat() -> None:
        while stop not in (ready := select.select([ours, stop], [], [])[0]):
            for one in ready:
                os.write(one, os.read(one, 256))

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    yield os.ttyname(theirs)
    os.write(stopping, b"x")
    thread.join()
    for descriptor in (ours, theirs, stop, stopping):
        os.close(descriptor)


@pytest.mark.parametrize("board", ["waveshare", "lot"])
async def test_an_adapter_that_echoes_is_named_before_anybody_is_let_through(echo: str, board: str) -> None:
    """The echo of an order is what a board would answer to it."""
    config = {"driver": "modbus_relay", "board": board, "port": echo, "pulse": "5s"}
    with pytest.raises(DeviceError, match="echoes what it sends"):
        async with DRIVER.open(DRIVER.config.model_validate(config)):
            pass
