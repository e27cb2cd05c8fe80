"""Scanners byte by byte: frames of the GM65, lines in pieces, garbage, set-up codes."""

import asyncio
import binascii
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.readers import serial_scanner
from drivers.readers.repeat_filter import RepeatFilter
from drivers.readers.scanner_config import ScannerText
from drivers.readers.scanner_parser import IDLE, LONGEST, STALE, ScanLoss, ScannerParser
from drivers.readers.scanner_protocols import (
    CONTINUOUS,
    FAMILIES,
    HEARTBEAT,
    READ,
    SAVE,
    WRITE,
    frame,
    with_mode,
    write_zone,
)
from drivers.readers.serial_scanner import DRIVER
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.reader import Answer, Dropped, Reader
from gate.testing.barrier_contract import until
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.scanner_rigs import ScannerBoard

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


# Frames.


@pytest.mark.parametrize(
    ("built", "documented"),
    [
        (SAVE, "7E 00 09 01 00 00 00 DE C8"),
        (frame(WRITE, 0x002A, b"\x39\x01"), "7E 00 08 02 00 2A 39 01 A7 EA"),  # 9600 baud
        (frame(READ, 0x002A, b"\x02"), "7E 00 07 01 00 2A 02 D8 0F"),  # the baud rate
        (HEARTBEAT, "7E 00 0A 01 00 00 00 30 1A"),
        (FAMILIES["gm65"].trigger, "7E 00 08 01 00 02 01 AB CD"),
        (write_zone(0x0002, 1), "7E 00 08 01 00 02 01 02 DA"),
        (FAMILIES["honeywell"].trigger, "16 54 0D"),
        (FAMILIES["honeywell"].untrigger, "16 55 0D"),
    ],
)
def test_frames_are_as_documented(built: bytes, documented: str) -> None:
    assert built.hex(" ").upper() == documented


def test_a_new_mode_leaves_light_and_sound_alone() -> None:
    assert with_mode(0b11010100, CONTINUOUS) == 0b11010110
    assert with_mode(0b11010111, CONTINUOUS) == 0b11010110


# The stream.


def stream(*, answers: bool = False, line_ends: bool = True) -> ScannerParser:
    return ScannerParser(line_ends, answers)


@given(
    st.lists(st.text(BASE45, min_size=1, max_size=60), min_size=1, max_size=5),
    st.integers(1, 7),
    st.sampled_from(["\r", "\n", "\r\n"]),
)
def test_codes_come_out_however_the_line_cuts_them(texts: list[str], size: int, end: str) -> None:
    found = stream(answers=True)
    data = "".join(f"{text}{end}" for text in texts).encode()
    for at in range(0, len(data), size):
        found.feed(data[at : at + size], at / 1000)
    assert found.codes == texts


def test_answers_stand_between_codes_and_are_none() -> None:
    found = stream(answers=True)
    for byte in (
        bytes.fromhex("02 00 00 01 00 33 31") + b"FIRST\r" + bytes.fromhex("03 00 00 01 00 33 31") + b"SECOND\r"
    ):
        found.feed(bytes([byte]), 0.0)
    assert (found.codes, found.replies) == (["FIRST", "SECOND"], [b"\0", b"\0"])


@given(st.integers(1, 7), st.sampled_from(["\r", "\r\n"]))
def test_a_scanner_may_frame_its_codes_in_stx_and_etx(size: int, end: str) -> None:
    found = stream(answers=True)
    data = f"\x02FIRST\x03{end}\x02\x02SECOND\x03{end}".encode() + bytes.fromhex("02 00 00 01 07 43 d6")
    for at in range(0, len(data), size):
        found.feed(data[at : at + size], at / 1000)
    assert (found.codes, found.replies) == (["FIRST", "SECOND"], [b"\x07"])


@given(st.binary(max_size=400))
def test_garbage_never_hurts_and_is_over_with_silence(data: bytes) -> None:
    found = stream(answers=True)
    found.feed(data, 0.0)
    found.feed(b"", STALE + 0.1)  # an ETX at the end of the garbage ends a code only now: it might begin an answer
    found.codes.clear()
    found.feed(b"AQ1:GOOD\r\n", STALE + 0.2)
    assert found.codes == ["AQ1:GOOD"]


def test_a_line_that_stalls_in_a_code_is_dropped_and_said() -> None:
    found = stream()
    found.feed(b"AQ1:HA", 0.0)
    found.feed(b"LF\r", STALE + 0.1)
    assert found.codes == ["LF"]  # what is left is refused as no pass: never joined to something older
    assert found.losses == [ScanLoss.UNENDED]


@given(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\t", b"\x03", b"\x03\r\n", b"\x04", b"\n\r"]),
    st.sampled_from([b"", b"\x02", b"\0", b"\x1d", b"\r\n", b"\x02\x02"]),
    st.booleans(),
    st.integers(1, 9),
)
def test_whatever_stands_around_a_code_it_is_whole(end: bytes, before: bytes, answers: bool, size: int) -> None:
    found, data = stream(answers=answers), (before + b"AQ1:ONE" + end) * 2
    for at in range(0, len(data), size):
        found.feed(data[at : at + size], at / 1000)
    found.feed(b"", 0.5)
    assert found.codes == ["AQ1:ONE"] * 2
    assert found.losses == []


def test_noise_in_a_line_is_said() -> None:
    found = stream()
    found.feed(b"AQ\x011:\x80\r", 0.0)
    assert found.losses == [ScanLoss.NOISE]


@given(st.binary(min_size=1, max_size=1), st.binary(min_size=2, max_size=2))
def test_an_answer_is_believed_by_its_checksum_only(value: bytes, crc: bytes) -> None:
    """Within a code of somebody's making such bytes would say that set-up codes are off."""
    found = stream(answers=True)
    said = b"\0\0\1" + value
    found.feed(b"AQ1:A\x02" + said + crc + b"B\r", 0.0)
    if binascii.crc_hqx(said, 0) == int.from_bytes(crc, "big"):
        assert (found.replies, found.codes) == ([value], ["AQ1:AB"])
    else:
        assert found.replies == []
        assert ScanLoss.UNCHECKED in found.losses


def test_no_answer_swallows_a_code() -> None:
    found = stream(answers=True)
    found.feed(b"\x02\0\0\xffAQ1:ONE\r", 0.0)
    assert [code[-7:] for code in found.codes] == ["AQ1:ONE"]
    found.feed(b"\x03\0", 1.0)  # the beginning of an answer, and never more
    found.feed(b"AQ1:TWO\r", 1.0 + 2 * IDLE)
    assert found.codes[-1] == "AQ1:TWO"


def test_without_line_ends_silence_ends_a_code() -> None:
    found = stream(line_ends=False)
    found.feed(b"AQ1:WHOLE", 0.0)
    found.feed(b"", IDLE / 2)
    assert found.codes == []
    found.feed(b"", IDLE * 1.5)
    assert found.codes == ["AQ1:WHOLE"]


def test_an_endless_line_is_no_code() -> None:
    found = stream()
    found.feed(b"A" * (LONGEST + 1) + b"\r" + b"B\r", 0.0)
    assert found.codes == ["B"]
    assert found.losses == [ScanLoss.OVERLONG]


# The GM65 and its kin.


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScannerBoard]:
    board = ScannerBoard(tmp_path, speaks=True)
    yield board
    board.close()


@asynccontextmanager
async def opened(board: ScannerBoard, **settings: object) -> AsyncIterator[Reader]:
    config = {"driver": "serial_scanner", "port": str(board.port), "scanner": "gm65", **settings}
    async with DRIVER.open(DRIVER.config.model_validate(config)) as reader:
        yield reader


async def test_it_reads_all_the_time_and_obeys_no_set_up_code(board: ScannerBoard) -> None:
    async with opened(board):
        assert board.zones[0x0000] == 0xD6
        assert board.zones[0x0003] == 0
    assert board.heard.hex(" ").upper() == (
        "7E 00 07 01 00 00 01 01 41 7E 00 07 01 00 03 01 54 12"  # as they are
        " 7E 00 08 01 00 00 D6 DF 22 7E 00 07 01 00 00 01 01 41"  # the mode, read back
        " 7E 00 08 01 00 03 00 21 CA 7E 00 07 01 00 03 01 54 12"  # set-up codes off, read back
        " 7E 00 09 01 00 00 00 DE C8"  # save
    )


async def test_what_it_is_told_outlasts_its_power_and_wears_no_flash(board: ScannerBoard) -> None:
    async with opened(board):
        assert board.saved == board.zones
    told = len(board.heard)
    async with opened(board):
        assert board.heard[told:].hex(" ").upper() == "7E 00 07 01 00 00 01 01 41 7E 00 07 01 00 03 01 54 12"


@pytest.mark.parametrize(("fault", "said"), [("dumb", "does not answer"), ("stubborn", "zone 0000")])
async def test_one_that_does_not_do_as_it_is_told_is_not_used(board: ScannerBoard, fault: str, said: str) -> None:
    setattr(board, fault, True)
    with pytest.raises(DeviceError, match=said):
        async with opened(board):
            pass


async def test_one_that_goes_dumb_is_lost_after_three_heartbeats(
    board: ScannerBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_scanner, "_BEAT_EVERY", 0.1)
    async with opened(board) as reader:
        run = asyncio.create_task(reader.run(LaneDouble().present))
        await until(lambda: board.beats >= 5)
        assert not run.done()
        board.dumb = True
        with pytest.raises(DeviceError, match="3 heartbeats"):
            await asyncio.wait_for(run, 5)


async def test_on_command_it_is_commanded_all_the_time(board: ScannerBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_scanner, "_TRIGGER_EVERY", 0.05)
    async with opened(board, trigger=True) as reader:
        assert board.zones[0x0000] & 0b11 == 0b01
        async with running(reader, LaneDouble()):
            await until(lambda: board.triggered >= 3)


async def test_a_honeywell_is_triggered_and_let_go(tmp_path: Path) -> None:
    board = ScannerBoard(tmp_path, speaks=False)
    async with opened(board, scanner="honeywell", trigger=True, set_up=["16 4D 0D"]) as reader:
        async with running(reader, LaneDouble()):
            await until(lambda: b"\x16T\r" in board.heard)
        assert board.heard.startswith(b"\x16M\r")
    await until(lambda: board.heard.endswith(b"\x16U\r"))
    board.close()


class NewlandBoard(ScannerBoard):
    """Echoes a command, with what it thinks of it before the semicolon, and reads a code right after."""

    def __init__(self, folder: Path, thinks: bytes) -> None:
        self.thinks = thinks
        super().__init__(folder, speaks=False)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        if not data.endswith(b";\x03"):
            return b"", data
        return b"\x02" + data[1:-2] + self.thinks + b";\x03", b""


COMMAND = "7E 01 30 30 30 30 40 51 52 43 45 4E 41 31 3B 03"


async def test_the_answer_to_a_command_is_no_part_of_a_code(tmp_path: Path) -> None:
    board, lane = NewlandBoard(tmp_path, b"\x06"), LaneDouble()
    async with opened(board, scanner="newland", set_up=[COMMAND]) as reader, running(reader, lane):
        await asyncio.sleep(0.1)  # the answer is there
        board.say(b"FIRST\r")
        await until(lambda: bool(lane.texts))
    assert lane.texts == ["FIRST"]
    board.close()


@pytest.mark.parametrize("thinks", [b"\x15", b"\x05"])
async def test_a_scanner_that_refuses_to_be_set_up_is_not_used(tmp_path: Path, thinks: bytes) -> None:
    board = NewlandBoard(tmp_path, thinks)
    with pytest.raises(DeviceError, match=f"refuses the command {COMMAND}"):
        async with opened(board, scanner="newland", set_up=[COMMAND]):
            pass
    board.close()


async def test_a_scanner_that_may_obey_visitors_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    board = ScannerBoard(tmp_path, speaks=False)
    async with opened(board, scanner="newland"):
        assert "set-up codes" in caplog.text
    board.close()


async def test_what_was_read_while_the_lane_was_asked_is_shown_to_nobody(board: ScannerBoard) -> None:
    pending = True

    lane = LaneDouble(lambda _: None if pending else Answer.DECIDED)
    async with opened(board) as reader, running(reader, lane):
        board.say(b"FIRST\r")
        await lane.seen("FIRST")
        board.say(b"BEHIND\r")
        await asyncio.sleep(0.2)
        pending = False
        await asyncio.sleep(0.2)
        board.say(b"LAST\r")
        await lane.seen("LAST")
    assert lane.texts == ["FIRST", "LAST"]


def test_settings_that_say_nothing_are_refused() -> None:
    for wrong in ({"set_up": ["XX"]}, {"set_up": [""]}, {"scanner": "zebra"}):
        with pytest.raises(ValidationError):
            DRIVER.config.model_validate({"driver": "serial_scanner", "port": "/dev/null", "scanner": "line", **wrong})


# One showing of a code.


async def test_a_code_that_stays_in_view_is_shown_once_and_after_a_while_again() -> None:
    lane = LaneDouble()
    once = RepeatFilter(
        ScannerText.model_validate({"driver": "test", "direction": "exit", "same_code_after": "300ms"}), lane.present
    )
    for _ in range(5):
        await once.show("A")
        await asyncio.sleep(0.1)  # less than the time between, but longer than it in all
    assert len(lane.scans) == 1
    await asyncio.sleep(0.4)
    await once.show("A")
    await once.show("B")
    assert [scan.text for scan in lane.scans] == ["A", "A", "B"]


async def test_who_has_to_wait_is_shown_again() -> None:
    answers = [Answer.WAIT, Answer.WAIT, Answer.DECIDED]
    lane = LaneDouble(lambda _: answers.pop(0))
    once = RepeatFilter(ScannerText(driver="test", direction=Direction.EXIT), lane.present)
    for _ in range(5):
        await once.show("A")
    assert len(lane.scans) == 3


async def test_what_the_scanner_puts_around_a_code_is_taken_away_and_what_is_dropped_is_said(tmp_path: Path) -> None:
    board, lane = ScannerBoard(tmp_path, speaks=False), LaneDouble()
    async with opened(board, scanner="line", prefix="#", suffix="*") as reader, running(reader, lane):
        board.say(b"#AQ1:ONE*\r")
        await lane.seen("AQ1:ONE")
        board.say(b"#AQ1:HALF")
        await until(lambda: bool(lane.others))
    assert lane.others == [Dropped("serial_scanner", ScanLoss.UNENDED.what, ScanLoss.UNENDED.hint)]
    board.close()
