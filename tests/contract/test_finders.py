"""Finders: what they find, and that nothing opens by it."""

import asyncio
from itertools import permutations
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
import serial.tools.list_ports

from drivers._shared import serial_question
from drivers._shared.serial_port import SerialPort
from drivers.barriers.find_boards import QUESTIONS, BoardFinder
from drivers.barriers.serial_profile import load_profile, shipped_profiles
from drivers.readers.find_readers import GM65_BAUD, ReaderFinder
from gate import registry
from gate.errors import DeviceError
from tests.contract.found_boards import BOARDS, ProfileBoard, opening_frames

ALL = (*QUESTIONS, GM65_BAUD)
WRITES = {5, 6, 15, 16, 22, 23}  # functions of Modbus that write
MODBUS = [question for question in QUESTIONS if question[0] == 1]


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_known_by_its_answer_and_nothing_opens(name: str, tmp_path: Path) -> None:
    make, table = BOARDS[name]
    board = make(tmp_path)
    try:
        found = [one for finder in (ReaderFinder(), BoardFinder()) for one in finder.ask(str(board.port))]
        heard, openings = board.heard, board.openings
    finally:
        board.close()
    assert openings == 0
    assert heard
    assert b"".join((GM65_BAUD, *QUESTIONS)).startswith(heard)
    assert [dict(one.table) for one in found] == ([] if table is None else [{**table, "port": str(board.port)}])
    for one in found:  # its driver takes what was found
        spec = registry.driver("barrier", str(one.table["driver"]))
        assert spec.config.model_validate({**one.table, "pulse": "1s"})


@pytest.mark.parametrize("profile", shipped_profiles())
def test_no_order_is_in_the_questions_whatever_their_order(profile: str) -> None:
    frames = opening_frames(load_profile(profile))
    for order in permutations(ALL):
        sent = b"".join(order)
        assert [frame.hex(" ") for frame in frames if frame in sent] == []


def test_the_usual_question_to_a_waveshare_would_open_an_hw_667() -> None:
    """The check above finds what it is there for."""
    coils = bytes.fromhex("01 01 00 00 00 08 3D CC")
    assert [frame for frame in opening_frames(load_profile("hw-667")) if frame in coils]


def test_questions_to_modbus_read() -> None:
    assert len(MODBUS) == 3
    assert not {question[1] for question in MODBUS} & WRITES


def test_every_question_that_is_sent_is_shown_before() -> None:
    shown = {line.partition("  ")[0] for line in (*BoardFinder.questions, *ReaderFinder.questions)}
    assert shown == {question.hex(" ").upper() for question in ALL}


def test_a_gm65_is_known_by_its_baud_rate(tmp_path: Path) -> None:
    board = ProfileBoard(tmp_path, "lcus", {GM65_BAUD: bytes.fromhex("02 00 00 02 39 01 C1 4C")})
    try:
        (found,) = ReaderFinder().ask(str(board.port))
    finally:
        board.close()
    assert found.table == {"driver": "serial_scanner", "scanner": "gm65", "port": str(board.port)}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("02 00 00 02 39 01 C1 4D", id="its checksum is wrong"),
        pytest.param("02 00 00 02 38 01 C1 4C", id="its data are wrong"),
        pytest.param("02 00 00 02 39 01 C1", id="cut"),
        pytest.param("02 00 00 02", id="its head alone"),
        pytest.param("02 00 00 02 39 01 C1 4C FF FF", id="noise after it"),
        pytest.param("02 00 00 02 39 01 C1 4C 00", id="a byte after it"),
        pytest.param("FF 02 00 00 02 39 01 C1 4C", id="noise before it"),
        pytest.param("02 00 00 02 39 01 C1 4C 02 00 00 02 39 01 C1 4C", id="twice"),
        pytest.param("02 00 00 01 39 1F 52", id="one byte"),
    ],
)
def test_an_answer_that_is_not_whole_is_no_gm65(answer: str, tmp_path: Path) -> None:
    board = ProfileBoard(tmp_path, "lcus", {GM65_BAUD: bytes.fromhex(answer)})
    try:
        assert ReaderFinder().ask(str(board.port)) == []
    finally:
        board.close()


def test_a_device_that_never_pauses_is_left_and_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_question, "_QUIET", 600.0)  # a busy computer makes no pause
    monkeypatch.setattr(serial_question, "_LONGEST", 10**9)  # the end is by time alone
    monkeypatch.setattr(serial_question, "_WHOLE_WITHIN", 0.3)
    board, stop = ProfileBoard(tmp_path, "lcus", {}), Event()

    def chatter() -> None:
        while not stop.wait(0.03):
            board.say(b"\xa5")

    talker = Thread(target=chatter, daemon=True)
    talker.start()
    try:
        assert [one for finder in (ReaderFinder(), BoardFinder()) for one in finder.ask(str(board.port))] == []
    finally:
        stop.set()
        talker.join()
        board.close()
    assert board.openings == 0


def test_a_flood_ends_the_wait_before_the_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_question, "_QUIET", 600.0)
    monkeypatch.setattr(serial_question, "_WHOLE_WITHIN", 600.0)
    flood = SimpleNamespace(read=lambda: b"\x00" * 100, write=lambda _: None, drained=lambda: asyncio.sleep(0))
    assert asyncio.run(serial_question.put_question(cast(SerialPort, flood), GM65_BAUD)) == b""


def test_a_port_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    for finder in (BoardFinder(), ReaderFinder()):
        with pytest.raises(DeviceError, match="is not there"):
            finder.ask(str(tmp_path / "nothing"))


def test_what_can_be_seen_is_named_without_opening_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(place: str, target: str) -> str:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        device = tmp_path / "dev" / target
        device.touch()
        path.symlink_to(device)
        return str(path)

    camera = link("dev/v4l/by-id/usb-ACME_Camera_1-video-index0", "video0")
    link("dev/v4l/by-id/usb-ACME_Camera_1-video-index1", "video1")  # metadata, no pictures
    relay = link("dev/serial/by-path/platform-usb-0:1.2:1.0-port0", "ttyUSB0")
    keyboard = link("dev/input/by-path/platform-usb-0:1.3-event-kbd", "event3")
    for number, name in ((0, "ACME: Camera"), (7, "unicam")):
        folder = tmp_path / f"sys/class/video4linux/video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
    (tmp_path / "sys/class/video4linux/video8/name").mkdir(parents=True)  # reading it is refused, to root as well

    def port(name: str, vendor: int | None, product: str | None) -> Any:
        device = str(tmp_path / "dev" / name)
        return SimpleNamespace(device=device, vid=vendor, pid=1, product=product, description="n/a")

    ports = [
        port("ttyUSB0", 0x1A86, "USB Serial"),
        port("ttyACM0", 0x2A19, "Numato Lab 1 Channel USB Relay"),
        port("ttyACM1", 0x1EAB, "Newland"),
        port("ttyS0", None, None),
    ]
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: ports)
    readers = [dict(one.table) for one in ReaderFinder(tmp_path).look()]
    newland = {"driver": "serial_scanner", "scanner": "newland", "port": str(tmp_path / "dev/ttyACM1")}
    assert readers == [
        {"driver": "camera", "device": camera},
        {"driver": "picamera"},
        {"port": relay},
        newland,
        {"driver": "hid_scanner", "device": keyboard},
    ]
    barriers = [dict(one.table) for one in BoardFinder(tmp_path / "dev").look()]
    assert barriers == [
        {"port": relay},
        {"driver": "numato", "port": str(tmp_path / "dev/ttyACM0")},
    ]
