"""Scanners that type: keys with shift, keys that were lost, and the device that types them."""

import asyncio
import errno
import time
from collections.abc import Iterator
from typing import Any

import evdev
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.hid_scanner import DRIVER as HID
from drivers.readers.hid_scanner import KEYS, Typing
from gate.errors import DeviceError
from gate.ports.reader import Answer
from gate.testing.barrier_contract import until
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.scanner_rigs import CODES, Keyboard, strokes

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def typed(text: str) -> str | None:
    typing, found = Typing(), None
    for event in strokes(text):
        if event.type == 1:
            found = typing.key(event.code, event.value, 0.0) or found
    return found


@given(st.text(sorted(CODES), min_size=1, max_size=80))
def test_every_sign_of_the_layout_comes_through(text: str) -> None:
    assert typed(text) == text


def test_every_sign_of_a_pass_and_of_an_address_can_be_typed() -> None:
    assert set(BASE45 + "abcdefghijklmnopqrstuvwxyz?=&#_~@") <= set(CODES)


def test_the_key_codes_are_those_of_the_kernel() -> None:
    codes = evdev.ecodes
    for name, plain, shifted in [
        ("KEY_A", "a", "A"),
        ("KEY_1", "1", "!"),
        ("KEY_SEMICOLON", ";", ":"),
        ("KEY_DOT", ".", ">"),
    ]:
        assert KEYS[getattr(codes, name)] == (plain, shifted)
    for number in range(10):
        assert KEYS[getattr(codes, f"KEY_KP{number}")][0] == str(number)
    assert KEYS[codes.KEY_SPACE] == (" ", " ")


def test_shift_counts_while_it_is_down_and_repeats_do_not() -> None:
    typing = Typing()
    for code, value in [(42, 1), (54, 1), (42, 0), (30, 1), (30, 2), (30, 0), (54, 0), (30, 1)]:
        assert typing.key(code, value, 0.0) is None
    assert typing.key(28, 1, 0.0) == "Aa"
    assert typing.key(28, 1, 0.0) is None  # ENTER alone


def test_half_a_code_is_forgotten() -> None:
    typing = Typing()
    typing.key(30, 1, 0.0)
    typing.key(48, 1, 2.0)
    assert typing.key(28, 1, 2.1) == "b"


def test_a_code_of_which_keys_were_lost_is_none_and_shift_does_not_stick() -> None:
    typing, found = Typing(), []
    for event in [*strokes("AQ1:HALF")[:7], None, *strokes("half"), *strokes("whole")]:
        if event is None:
            typing.lost()
        elif event.type == 1 and (text := typing.key(event.code, event.value, 0.0)):
            found.append(text)
    assert found == ["whole"]


class Cut(Keyboard):
    """Types what is put before it, in the pieces in which it was put."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[list[Any]] = []

    def read(self) -> Iterator[Any]:
        if not self.pieces:
            raise BlockingIOError
        return iter(self.pieces.pop(0))


@pytest.mark.anyio
async def test_half_a_code_typed_while_the_lane_was_asked_is_not_shown_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, pending = Cut(), True
    monkeypatch.setattr(evdev, "InputDevice", keyboard.InputDevice)
    lane = LaneDouble(lambda _: None if pending else Answer.DECIDED)
    config = HID.config.model_validate({"driver": "hid_scanner", "device": "/dev/input/event9"})
    async with HID.open(config) as reader, running(reader, lane):
        await asyncio.sleep(0.05)
        keyboard.pieces.append(strokes("FIRST"))
        await lane.seen("FIRST")
        behind = strokes("BEHIND")
        keyboard.pieces.append(strokes("NOBODY") + behind[:13])
        await asyncio.sleep(0.2)
        pending = False
        await until(lambda: not keyboard.pieces)
        keyboard.pieces += [behind[13:], strokes("LAST")]
        await lane.seen("LAST")
    assert set(lane.texts) == {"FIRST", "BEHIND", "LAST"}


@pytest.mark.parametrize(
    ("number", "said"), [(errno.EACCES, "group input"), (errno.EBUSY, "fuser"), (errno.ENOENT, "by-path")]
)
@pytest.mark.anyio
async def test_a_device_that_cannot_be_had_says_why(monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(path: str) -> None:
        raise OSError(number, path)

    monkeypatch.setattr(evdev, "InputDevice", refuse)
    with pytest.raises(DeviceError, match=said):
        async with HID.open(HID.config.model_validate({"driver": "hid_scanner", "device": "/dev/input/event9"})):
            pass


@pytest.mark.anyio
async def test_it_is_grabbed_while_it_is_read_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr(evdev, "InputDevice", keyboard.InputDevice)
    config = HID.config.model_validate({"driver": "hid_scanner", "device": "/dev/input/event9"})
    async with HID.open(config) as reader:
        assert keyboard.grabbed
        lane = LaneDouble()
        async with running(reader, lane):
            keyboard.texts.append("AQ1:% TYPED $")
            await lane.seen("AQ1:% TYPED $")
    assert not keyboard.grabbed
    assert time.monotonic() >= lane.scans[0].seen
