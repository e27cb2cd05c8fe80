"""What devices answer, to the drivers that ask them: nothing but DeviceError comes of it."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import serial

from drivers._shared import command_thread, serial_listener
from drivers._shared.threaded_switch import ThreadedSwitch
from drivers.barriers import modbus_boards, modbus_client, uhppote_client
from drivers.barriers.modbus_boards import LotTurnstile, Waveshare
from drivers.barriers.modbus_client import ModbusClient
from drivers.barriers.numato import _NumatoSwitch
from drivers.barriers.serial_frames import FramesConfig, _FramesSwitch
from drivers.barriers.serial_profile import build_frame, load_profile, shipped_profiles
from drivers.barriers.uhppote_client import CONTROLLED, DoorSetting, UhppoteClient, message
from drivers.barriers.zk_client import ZkClient, frame
from drivers.readers import repeat_filter, serial_scanner
from drivers.readers.hid_keys import Typing
from drivers.readers.scanner_parser import LONGEST, ScannerParser
from drivers.readers.scanner_protocols import FAMILIES
from drivers.readers.serial_scanner import Scanner, ScannerConfig
from gate.core.model import Direction, Scan
from gate.errors import DeviceError
from gate.ports.reader import Answer, Seen
from tests.contract.serial_boards import crc16
from tests.fuzz.fakes import Datagrams, Port, Rs485, Socket, own_time, run
from tests.fuzz.osdp_targets import OSDP
from tests.fuzz.target import BETWEEN, Target, pieces

# Scanners


def _stream(data: bytes) -> None:
    for ends, answers in ((True, True), (False, False)):
        stream, at = ScannerParser(ends, answers), 1.0
        for start in range(0, len(data), 7):
            at += data[start] / 100
            stream.feed(data[start : start + 7], at)
        stream.feed(b"", at + 10)
        assert all(0 < len(code) <= LONGEST for code in stream.codes)


def _keys(data: bytes) -> None:
    typing = Typing()
    for at, (code, value) in enumerate(zip(data[::2], data[1::2], strict=False)):
        read = typing.key(code, value % 3, at / 50)
        assert read is None or 0 < len(read) <= LONGEST


def _scanner(data: bytes) -> None:
    """A whole scanner: set up, read from, pulled out.  The first byte chooses its family."""
    kind = data[0] if data else 0
    names = sorted(FAMILIES)
    settings = {
        "driver": "serial_scanner",
        "port": "/dev/ttyUSB0",
        "scanner": names[kind % len(names)],
        "ends": "silence" if kind & 0x40 else "line",
        "trigger": names[kind % len(names)] in ("gm65", "honeywell") and bool(kind & 0x20),
        "set_up": ["16 4D 0D 2E"] if kind & 0x10 else [],
    }
    shown: list[Scan] = []

    def present(scan: Seen) -> Answer:
        if isinstance(scan, Scan):
            shown.append(scan)
        return Answer.DECIDED

    async def live() -> None:
        await scanner.set_up()
        await scanner.run(present)

    with own_time(serial_scanner, repeat_filter):
        config = ScannerConfig.model_validate(settings)
        scanner = Scanner(Port(pieces(data[1:]), ends=True), config)  # type: ignore[arg-type]  # stands for one
        with suppress(DeviceError):
            run(live())
    assert all(0 < len(scan.text) <= LONGEST for scan in shown)


def _scans() -> list[bytes]:
    zone = b"\x02\x00\x00\x01%b\x33\x31"
    gm65 = BETWEEN.join([zone % b"\x02", zone % b"\x00", b"AQ1:ABC", b"", b"\x03\x00\x00\x01\x00\x33\x31"])
    families = sorted(FAMILIES)
    return [
        bytes([families.index("gm65")]) + gm65,
        bytes([families.index("gm65") | 0x40]) + gm65,
        bytes([families.index("honeywell") | 0x10]) + b"2E\x06." + BETWEEN + b"AQ1:ABC\r",
        bytes([families.index("newland")]) + b"AQ1:ABC\r\n" + BETWEEN + b"\x02AQ1:DEF\x03",
        bytes([families.index("line")]) + b"AQ1:A" + BETWEEN + b"BC\nAQ1:\xff\n",
    ]


# Serial relays


def _reports(switch: Any, on: bool) -> None:
    switch.on(Direction.EXIT) if on else switch.off()
    switch.sensed()
    run(switch.confirm(on=on))
    switch.sensed()


def _frames(data: bytes) -> None:
    """The first byte chooses the profile."""
    names = shipped_profiles()
    kind = data[0] if data else 0
    profile = _PROFILES[names[kind % len(names)]]
    pulse = {} if profile.board_pulse is not None else {"pulse": "500ms"}
    config = FramesConfig.model_validate(
        {"driver": "serial_frames", "profile": names[kind % len(names)], "port": "/dev/ttyUSB0", **pulse}
    )
    with own_time(serial_listener):
        switch = _FramesSwitch(Port(pieces(data[1:])), profile, config)  # type: ignore[arg-type]  # stands for one
        with suppress(DeviceError):
            run(switch.probe())
        _reports(switch, bool(kind & 0x80))
        assert len(switch._listener._received) <= 256


_PROFILES = {name: load_profile(name) for name in shipped_profiles()}


def _frame_answers() -> list[bytes]:
    seeds = []
    for number, (_, profile) in enumerate(sorted(_PROFILES.items())):
        answers = [b"", b""]
        if profile.ack is not None:
            answers += [build_frame(profile.ack.ok, 1)] * 2
        if profile.query is not None:
            answers = [b"", build_frame(profile.query.off, 1), b"", b"", build_frame(profile.query.on, 1)]
        if profile.passage is not None:
            answers += [build_frame(profile.passage.entry, 1), build_frame(profile.passage.exit, 1)]
        seeds.append(bytes([number | 0x80]) + BETWEEN.join(answers))
    return seeds


def _numato(data: bytes) -> None:
    with own_time(serial_listener):
        switch = _NumatoSwitch(Port(pieces(data[1:])), 3)  # type: ignore[arg-type]  # stands for one
        _reports(switch, bool(data and data[0]))


# Modbus


class _AtOnce:
    """An order thread that carries out each order as it is given."""

    def submit(self, work: Callable[[], object]) -> None:
        try:
            work()
        except command_thread.ODD as error:
            raise DeviceError("the device sends a malformed answer", hint="See its cable") from error


def _modbus(data: bytes) -> None:
    """The first byte chooses the question; with its highest bit set every answer bears the right check sum."""
    kind, answers = data[0] if data else 0, pieces(data[1:])
    if kind & 0x80:
        answers = [answer + crc16(answer) for answer in answers]
    with (
        own_time(modbus_client, modbus_boards),
        patch.object(serial, "serial_for_url", lambda *_, **__: Rs485(answers)),
    ):
        line = ModbusClient("/dev/ttyUSB0", 9600, 1)
        boards: list[ThreadedSwitch] = [
            Waveshare(line, _AtOnce(), 2, 0.5, 1.0),  # type: ignore[arg-type]  # stands for one
            LotTurnstile(line, _AtOnce(), 5.0, 9.0),  # type: ignore[arg-type]  # stands for one
        ]
        board = boards[kind & 1]
        try:
            match kind >> 1 & 3:
                case 0:
                    board.on(Direction.EXIT)
                case 1:
                    board.off()
                case 2:
                    board.read_back(on=False)
                case _:
                    board.poll()
                    board.poll()
            assert len(board.sensed()) <= 2 * 2 * 50  # as many as its counters may go forward
        finally:
            line.close()


def _modbus_answers() -> list[bytes]:
    def answers(kind: int, *bodies: str) -> bytes:
        return bytes([0x80 | kind]) + BETWEEN.join(bytes.fromhex(body) for body in bodies)

    looked = "01 03 12" + "0000" * 4 + "FFFF 0000 0001 0000 0000"
    return [
        answers(0, "01 05 0201 0005"),
        answers(2, "01 05 0001 0000"),
        answers(4, "01 01 01 00"),
        answers(6, "01 01 01 00", "01 01 01 00"),
        answers(1, "01 06 3011 0005", "01 06 0041 0001"),
        answers(3, "01 10 0040 0002", "01 06 3000 0000"),
        answers(5, "01 03 02 0000", "01 03 04 0000 0000"),
        answers(7, looked, "01 03 02 0000", looked.replace("FFFF", "0003"), "01 03 02 0000"),
        answers(0, "01 85 02"),
    ]


# Boards on a network


def _uhppote(data: bytes) -> None:
    board = Datagrams(pieces(data[1:]))
    with patch.object(socket, "socket", board.socket):
        line = UhppoteClient("127.0.0.1", 60000, 405419896, 1)
        match (data[0] if data else 0) % 4:
            case 0:
                line.open()
            case 1:
                line.set(DoorSetting(CONTROLLED, 5))
            case 2:
                line.setting()
            case _:
                line.state()


def _uhppote_answers() -> list[bytes]:
    def answer(kind: int, code: int, data: bytes) -> bytes:
        return bytes([kind]) + message(code, 405419896, data)

    return [
        answer(0, uhppote_client.OPEN, b"\x01"),
        answer(1, uhppote_client.SET_DOOR, bytes([1, CONTROLLED, 5])),
        answer(2, uhppote_client.GET_DOOR, bytes([1, CONTROLLED, 5])),
        answer(3, uhppote_client.STATUS, bytes(56)),
    ]


def _zk(data: bytes) -> None:
    with patch.object(socket, "create_connection", lambda *_: Socket(data)):
        line = ZkClient("127.0.0.1", 4370)
        try:
            line.doors()
            line.hold(1, 5)
        finally:
            line.close()


def _zk_answers() -> list[bytes]:
    first = frame(0xC8, b"\x39\x30\0\0")
    doors = first + frame(0xC8, b"\x39\x30\0\0LockCount=2\0")
    return [doors + frame(0xC8, b"\x39\x30\0\0"), frame(0xC9, b"\xf3"), first]


DEVICES = {
    "stream": Target(_stream, None, lambda: [b"AQ1:ABC\r\n", b"\x02\0\0\x01\0\x33\x31", b"AQ1:\xff\0\x1dX\t"]),
    "scanner": Target(_scanner, None, _scans),
    "keys": Target(_keys, None, lambda: [bytes([42, 1, 30, 1, 42, 0, 28, 1]), bytes([56, 1, 79, 1, 56, 0, 28, 1])]),
    "frames": Target(_frames, DeviceError, _frame_answers),
    "numato": Target(_numato, DeviceError, lambda: [b"\x01relay on 3\r\n\r>" + BETWEEN * 2 + b"\n\ron\n\r>"]),
    "modbus": Target(_modbus, DeviceError, _modbus_answers),
    **OSDP,
    "uhppote": Target(_uhppote, DeviceError, _uhppote_answers),
    "zk": Target(_zk, DeviceError, _zk_answers),
}
