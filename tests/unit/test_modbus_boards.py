"""Modbus boards and turnstiles, byte by byte, and boards that lie, stall, corrupt and hang up."""

import asyncio
import itertools
import math
import os
import pty
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import serial
from pydantic import ValidationError

from drivers._shared.command_thread import CommandThread
from drivers.barriers.modbus_client import ModbusClient
from drivers.barriers.modbus_relay import DRIVER
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.inputs import Level
from gate.testing.barrier_contract import no_reports, until
from tests.contract.serial_boards import LotBoard, ModbusBoard, WaveshareBoard, crc16
from tests.fuzz.fakes import Rs485

ON_1S, OFF, READ = "01 05 02 00 00 0A", "01 05 00 00 00 00 CD CA", "01 01 00 00 00 08 3D CC"


def opened(port: object, board: str = "waveshare", **settings: object) -> AbstractAsyncContextManager[Barrier]:
    config = {"driver": "modbus_relay", "board": board, "port": str(port), "pulse": "700ms", **settings}
    return DRIVER.open(DRIVER.config.model_validate(config))


@pytest.fixture
def waveshare(tmp_path: Path) -> Iterator[WaveshareBoard]:
    board = WaveshareBoard(tmp_path)
    yield board
    board.close()


@pytest.fixture
def lot(tmp_path: Path) -> Iterator[LotBoard]:
    board = LotBoard(tmp_path)
    board.begin_within = 5.0
    yield board
    board.close()


class Obedient(ModbusBoard):
    """Says yes to everything."""

    def answer(self, function: int, body: bytes) -> bytes:
        size = {1: 1, 3: 2 * body[3]}.get(function)
        return bytes([function]) + (body if size is None else bytes([size]) + bytes(size))


Order = Callable[[ModbusClient], object]
DOCUMENTED: dict[str, Order] = {
    "01 05 00 00 FF 00 8C 3A": lambda line: line.write_coil_value(0x0000, 0xFF00),  # relay 1 on
    "01 05 00 00 00 00 CD CA": lambda line: line.write_coil_value(0x0000, 0x0000),  # off
    "01 05 00 01 FF 00 DD FA": lambda line: line.write_coil_value(0x0001, 0xFF00),  # relay 2 on
    "01 05 00 00 55 00 F2 9A": lambda line: line.write_coil_value(0x0000, 0x5500),  # toggle
    "01 05 00 FF FF 00 BC 0A": lambda line: line.write_coil_value(0x00FF, 0xFF00),  # all on
    "01 05 00 FF 00 00 FD FA": lambda line: line.write_coil_value(0x00FF, 0x0000),  # all off
    "01 05 02 00 00 07 8D B0": lambda line: line.write_coil_value(0x0200, 7),  # on for 700 ms
    "01 05 04 00 00 07 8D 38": lambda line: line.write_coil_value(0x0400, 7),  # off for 700 ms
    "01 01 00 00 00 08 3D CC": lambda line: line.read_coils(0x0000, 8),
    "01 03 80 00 00 01 AD CA": lambda line: line.read_registers(0x8000, 1),  # version
    "FF 05 00 00 FF 00 99 E4": lambda line: line.write_coil_value(0x0000, 0xFF00),  # boards that come as unit 255
}
"""Of these the driver says off, on for a time, and read; the others show that the line says what it is given."""


@pytest.mark.parametrize("frame", DOCUMENTED)
def test_the_line_says_the_documented_frames(tmp_path: Path, frame: str) -> None:
    board = Obedient(tmp_path)
    board.unit = int(frame[:2], 16)
    line = ModbusClient(str(board.port), 9600, board.unit)
    try:
        DOCUMENTED[frame](line)
        assert board.heard.hex(" ").upper() == frame
    finally:
        line.close()
        board.close()


@pytest.mark.parametrize(
    "frame",
    [
        "01 0F 00 00 00 08 01 FF BE D5",  # write eight
        "01 02 00 00 00 08 79 CC",  # read inputs
        "00 06 40 00 00 01 5C 1B",  # set the unit
        "00 03 40 00 00 01 90 1B",  # read the unit
        "00 03 00 00 00 01 85 DB",  # the same, of boards that come as unit 255
    ],
)
def test_the_peers_check_sum_is_that_of_documented_frames_that_we_never_say(frame: str) -> None:
    raw = bytes.fromhex(frame)
    assert crc16(raw[:-2]) == raw[-2:]


def heard(board: Any) -> list[str]:
    """Requests of eight bytes, without the looks that go on all the time."""
    data = board.heard
    return [frame for at in range(0, len(data), 8) if (frame := data[at : at + 8].hex(" ").upper()) != READ]


async def test_the_board_is_told_to_time_the_pulse(waveshare: WaveshareBoard) -> None:
    async with opened(waveshare.port, extended_pulse="3s") as barrier:
        await barrier.release(Direction.ENTRY)
        assert heard(waveshare) == [OFF, "01 05 02 00 00 07 8D B0"]
        assert waveshare.heard.endswith(bytes.fromhex(READ))  # and asked whether it does
        await barrier.release(Direction.EXIT, extended=True)
    assert [frame[:17] for frame in heard(waveshare)[2:]] == ["01 05 02 00 00 1E", OFF[:17]]


async def test_another_unit_on_the_bus_has_its_own_address(waveshare: WaveshareBoard) -> None:
    waveshare.unit = 0xFF
    async with opened(waveshare.port, unit=255):
        assert heard(waveshare) == ["FF 05 00 00 00 00 D8 14", "FF 01 00 00 00 08 28 12"]


async def test_a_relay_that_stays_as_it_was_is_out_of_service(waveshare: WaveshareBoard) -> None:
    async with opened(waveshare.port) as barrier:
        waveshare.stuck = True
        with pytest.raises(DeviceError, match="switched on and did not follow"):
            await barrier.release(Direction.ENTRY)


async def test_a_relay_that_is_on_by_itself_shows_in_watch(waveshare: WaveshareBoard) -> None:
    async with opened(waveshare.port) as barrier:
        watch = asyncio.create_task(barrier.watch(no_reports))
        await asyncio.sleep(0.3)
        waveshare.release(None)
        with pytest.raises(DeviceError, match="on without an order"):
            await asyncio.wait_for(watch, 5)


@pytest.mark.parametrize("fault", ["silent", "corrupts", "lies"])
async def test_a_board_that_is_not_to_be_trusted_refuses_a_release(waveshare: WaveshareBoard, fault: str) -> None:
    async with opened(waveshare.port) as barrier:
        setattr(waveshare, fault, True)
        with pytest.raises(DeviceError, match=r"does not answer|did not"):
            await barrier.release(Direction.ENTRY)
        setattr(waveshare, fault, False)
    assert waveshare.locked()


async def test_a_clock_that_is_set_back_does_not_keep_an_order(
    waveshare: WaveshareBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(waveshare.port) as barrier:
        waveshare.silent = True
        wall, ends = itertools.count(1_800_000_000, -1), time.monotonic() + 8
        monkeypatch.setattr(time, "time", lambda: next(wall) if time.monotonic() < ends else math.inf)
        with pytest.raises(DeviceError, match="does not answer"):
            await asyncio.wait_for(barrier.release(Direction.ENTRY), 5)


async def test_a_defect_on_the_thread_of_orders_is_not_lost() -> None:
    orders = CommandThread("test")
    orders.submit(lambda: getattr(orders, "nothing"))  # noqa: B009 - no attribute of it
    with pytest.raises(AttributeError):
        await orders.settled()
    with pytest.raises(AttributeError):
        orders.raise_failure()
    orders.close()


async def test_an_order_outlasts_who_waited_for_it() -> None:
    """A stance that is taken and at once another: the first order, to lock, is still in its queue."""
    orders, go, carried_out = CommandThread("test"), threading.Event(), list[int]()
    orders.submit(lambda: go.wait(5))
    for number in range(20):
        orders.submit(partial(carried_out.append, number))
    waiting = asyncio.create_task(orders.settled())
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    go.set()
    orders.close()
    assert carried_out == list(range(20))


async def test_why_a_port_cannot_be_opened_is_said(waveshare: WaveshareBoard, tmp_path: Path) -> None:
    async with opened(waveshare.port):
        with pytest.raises(DeviceError, match="in use by another program"):
            async with opened(waveshare.port):
                pass
    with pytest.raises(DeviceError, match="is not there"):
        async with opened(tmp_path / "nowhere"):
            pass


async def test_an_echo_is_compared() -> None:
    """A server that answers FF 00 to any coil that is not off: what pymodbus's own server does."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with suppress(OSError):
                request = os.read(ours, 8)
                value = b"\xff\x00" if request[4:6] != b"\x00\x00" else b"\x00\x00"
                answer = request[:4] + value if request[1] == 5 else bytes([1, 1, 1, 0])
                os.write(ours, answer + crc16(answer))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        async with opened(os.ttyname(theirs)) as barrier:
            with pytest.raises(DeviceError, match="echoes 0200 FF00 instead of 0200 0007"):
                await barrier.release(Direction.ENTRY)
    finally:
        stop.set()
        os.close(theirs)
        os.close(ours)


class LatePort(Rs485):
    """A port whose board answers every other question only with the answer to the one after it."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked = 0

    def write(self, request: bytes) -> int:
        self.asked += 1
        self._coming = request * 2 if self.asked % 2 == 0 else b""
        return len(request)


def test_two_late_answers_are_no_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial, "serial_for_url", lambda *_, **__: LatePort())
    client = ModbusClient("/dev/ttyUSB0", 9600, 1)
    for _ in range(2):
        client.write_coil_value(0, 0)


# LOT turnstiles.


async def sense(barrier: Barrier) -> tuple[list[Level], asyncio.Task[None]]:
    levels: list[Level] = []
    watch = asyncio.create_task(barrier.watch(levels.append))
    await asyncio.sleep(0.4)
    return levels, watch


async def test_a_turnstile_lets_one_person_through_each_way(lot: LotBoard) -> None:
    async with opened(lot.port, "lot", pulse="5s") as barrier:
        levels, watch = await sense(barrier)
        await barrier.release(Direction.ENTRY)
        assert (lot.registers[0x3011], lot.registers[0x40], lot.registers[0x41]) == (5, 1, 0)
        lot.pass_through(Direction.ENTRY)  # the low word is full: the high one counts on
        await until(lambda: [level.direction for level in levels] == [Direction.ENTRY])
        assert (lot.registers[0x44], lot.registers[0x45]) == (0, 1)
        barrier.secure()
        await until(lambda: lot.registers[0x40] == 0)
        await barrier.release(Direction.EXIT, extended=True)
        assert (lot.registers[0x3011], lot.registers[0x41]) == (10, 1)
        watch.cancel()
        await asyncio.wait([watch])


async def test_a_turnstiles_modes_are_the_stances(lot: LotBoard) -> None:
    async with opened(lot.port, "lot", pulse="5s") as barrier:
        for stance, mode in ((Stance.BLOCKED, 1), (Stance.FREE, 2), (Stance.CONTROLLED, 0)):
            await barrier.set_stance(stance)
            assert lot.registers[0x3000] == mode


def motor_jams(lot: LotBoard) -> None:
    lot.registers[0x48] = 3


def mode_is_changed_elsewhere(lot: LotBoard) -> None:
    lot.registers[0x3000] = 2


@pytest.mark.parametrize(
    ("fault", "said"), [(motor_jams, "reports error 3"), (mode_is_changed_elsewhere, "in mode 2 instead of 0")]
)
async def test_a_turnstile_that_is_not_well_is_out_of_service(
    lot: LotBoard, fault: Callable[[LotBoard], None], said: str
) -> None:
    async with opened(lot.port, "lot", pulse="5s") as barrier:
        _, watch = await sense(barrier)
        fault(lot)
        with pytest.raises(DeviceError, match=said):
            await asyncio.wait_for(watch, 5)


async def test_a_counter_that_was_set_is_no_crowd(lot: LotBoard) -> None:
    async with opened(lot.port, "lot", pulse="5s") as barrier:
        levels, watch = await sense(barrier)
        lot.registers[0x44], lot.registers[0x45] = 0, 0
        await asyncio.sleep(0.5)
        lot.pass_through(Direction.ENTRY)
        await until(lambda: len(levels) == 1)
        watch.cancel()
        await asyncio.wait([watch])


# Settings.


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"board": "lot", "pulse": "1500ms"}, "whole seconds"),
        ({"board": "lot", "pulse": "5s", "channel": 2}, "a turnstile has none"),
        ({"board": "waveshare", "pulse": "1s", "channel": 9}, "less than or equal to 8"),
        ({"board": "waveshare", "pulse": "11s"}, "less than or equal to 10"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DRIVER.config.model_validate({"driver": "modbus_relay", "port": "/dev/null", **wrong})


async def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymodbus.client", None)
    with pytest.raises(DeviceError, match=r"--with modbus`, or .*pip install pymodbus"):
        async with opened("/dev/null"):
            pass
