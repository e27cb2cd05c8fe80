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

from drivers.readers.hid_keys import KEYS, Typing
from drivers.readers.hid_scanner import DRIVER as HID
from drivers.readers.scanner_parser import LONGEST, ScanLoss
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


TEXT = "AQ1:6BF%2 8$*+-./:Z"
CTRL_J, CTRL_M, CTRL_I, CTRL_C = ([(29, 1), (code, 1), (code, 0), (29, 0)] for code in (36, 50, 23, 46))
CTRL_B = [(97, 1), (48, 1), (48, 0), (97, 0)]
DIGITS = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True))


def pressed(*codes: int) -> list[tuple[int, int]]:
    return [(code, value) for code in codes for value in (1, 0)]


def keys(text: str, *, caps: bool = False) -> list[tuple[int, int]]:
    """As a scanner types it that believes CAPS LOCK to be on, or off."""
    events: list[tuple[int, int]] = []
    for sign in text:
        code, shifted = CODES[sign]
        shift = bool(shifted) != (caps and sign.isalpha())
        events += [(42, 1)] * shift + pressed(code) + [(42, 0)] * shift
    return events


def by_numbers(text: str, width: int = 4, alt: int = 56) -> list[tuple[int, int]]:
    return [
        event
        for sign in text
        for event in [(alt, 1), *pressed(*(DIGITS[digit] for digit in f"{ord(sign):0{width}}")), (alt, 0)]
    ]


ENTER = pressed(28)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(keys(TEXT) + ENTER, id="enter"),
        pytest.param(keys(TEXT) + pressed(96), id="enter of the keypad"),
        pytest.param(keys(TEXT) + pressed(15), id="tab"),
        pytest.param(keys(TEXT) + pressed(108), id="arrow down"),
        pytest.param(keys(TEXT) + CTRL_M, id="ctrl-m"),
        pytest.param(keys(TEXT) + CTRL_J, id="ctrl-j"),
        pytest.param(keys(TEXT) + CTRL_I, id="ctrl-i"),
        pytest.param(CTRL_B + keys(TEXT) + CTRL_C, id="stx and etx"),
        pytest.param(keys(TEXT) + ENTER + CTRL_J, id="enter and ctrl-j"),
        pytest.param(ENTER + keys(TEXT) + ENTER, id="enter before"),
        pytest.param(by_numbers(TEXT) + ENTER, id="alt and four digits"),
        pytest.param(by_numbers(TEXT, 3) + ENTER, id="alt and three digits"),
        pytest.param(by_numbers(f"{TEXT}\r", alt=100), id="the right alt, and a number that ends it"),
        pytest.param(pressed(58) + keys(TEXT, caps=True) + pressed(58) + ENTER, id="caps lock around it"),
        pytest.param(pressed(58) + keys(TEXT, caps=True) + ENTER + pressed(58), id="caps lock until after it"),
        pytest.param(pressed(69) + keys(TEXT) + ENTER, id="num lock before"),
    ],
)
def test_the_modes_in_which_scanners_are_delivered(events: list[tuple[int, int]]) -> None:
    typing = Typing()
    found = [text for _ in range(2) for code, value in events if (text := typing.key(code, value, 0.0))]
    assert found == [TEXT, TEXT]
    assert typing.losses == []


def test_letters_of_the_other_case_come_through_as_they_are_typed() -> None:
    typing = Typing()
    found = [text for code, value in keys(TEXT, caps=True) + ENTER if (text := typing.key(code, value, 0.0))]
    assert found == [TEXT.swapcase()]


def test_a_code_that_no_key_ends_is_said_or_ended_by_silence() -> None:
    for silence, found, losses in ((None, None, [ScanLoss.UNENDED]), (0.1, TEXT, [])):
        typing = Typing(silence)
        for code, value in keys(TEXT):
            assert typing.key(code, value, 0.0) is None
        assert typing.quiet(0.05) is None
        assert typing.quiet(1.1) == found
        assert typing.quiet(3.0) is None
        assert typing.losses == losses


def test_what_is_typed_after_a_silence_begins_a_code_and_ends_the_one_before() -> None:
    typing = Typing(0.1)
    found = [typing.key(code, value, at) for at, text in ((0.0, "ONE"), (1.0, "TWO")) for code, value in keys(text)]
    assert [text for text in [*found, typing.quiet(2.0)] if text] == ["ONE", "TWO"]


def test_keys_that_are_no_text_and_codes_that_are_too_long_are_said() -> None:
    typing = Typing()
    for code, value in [*pressed(59), *keys("A" * (LONGEST + 1)), *ENTER]:
        assert typing.key(code, value, 0.0) is None
    assert typing.losses == [ScanLoss.KEYS, ScanLoss.OVERLONG]


@pytest.mark.parametrize("number", [1, 31, 127, 256, 1178, 8470])
def test_a_code_with_a_number_that_is_no_sign_is_none_and_is_reported(number: int) -> None:
    typing = Typing()
    events = [*keys("AQ1:6B"), *by_numbers(chr(number)), *keys("F%2"), *ENTER, *keys(TEXT), *ENTER]
    found = [text for code, value in events if (text := typing.key(code, value, 0.0))]
    assert found == [TEXT]  # the next one alone
    assert typing.losses == [ScanLoss.KEYS]


def test_numbers_that_frame_a_code_are_no_loss() -> None:
    typing = Typing()
    events = [*by_numbers("\x02"), *keys(TEXT), *by_numbers("\x03")]
    assert [text for code, value in events if (text := typing.key(code, value, 0.0))] == [TEXT]
    assert typing.losses == []


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2), st.floats(0, 3)), max_size=200), st.booleans())
def test_no_keys_hurt_and_a_code_after_them_is_whole(events: list[tuple[int, int, float]], silence: bool) -> None:
    typing, at = Typing(0.1 if silence else None), 0.0
    for code, value, passed in events:
        at += passed
        typing.key(code, value, at)
    for code in (29, 97, 42, 54, 56, 100):
        typing.key(code, 0, at)
    typing.quiet(at + 2)
    found = [text for code, value in keys(TEXT) + ENTER if (text := typing.key(code, value, at + 2))]
    assert [text.upper() for text in found] == [TEXT]


class Cut(Keyboard):
    """Types what is put before it, in the pieces in which it was put."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[list[Any]] = []

    def read(self) -> Iterator[Any]:
        if not self.pieces:
            raise BlockingIOError
        return iter(self.pieces.pop(0))


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
async def test_a_device_that_cannot_be_had_says_why(monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(path: str) -> None:
        raise OSError(number, path)

    monkeypatch.setattr(evdev, "InputDevice", refuse)
    with pytest.raises(DeviceError, match=said):
        async with HID.open(HID.config.model_validate({"driver": "hid_scanner", "device": "/dev/input/event9"})):
            pass


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


def test_a_ctrl_that_is_stuck_is_said_once_a_holding() -> None:
    typing = Typing()
    for _ in range(2):
        for code, value in [(29, 1), *((key, 1) for key in (48, 27, 30, 31)), (29, 0)]:  # STX and GS are nothing
            assert typing.key(code, value, 0.0) is None
    assert typing.losses == []
    for code in (29, *range(16, 26)):
        assert typing.key(code, 1, 0.0) is None
    assert typing.losses == [ScanLoss.KEYS]
