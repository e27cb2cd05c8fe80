"""The played turnstile: its frames, and that it finds its feet after anything."""

from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import Direction
from gate.demo.lane_sim import WAITS, Arm, frame

ACK, NAK = bytes.fromhex("0202000606"), bytes.fromhex("0202001515")


def test_frames_are_as_documented() -> None:
    documented = {
        (0x48,): "02 02 00 48 48",
        (0x4C, 0x48): "02 03 00 4C 48 05",
        (0x06,): "02 02 00 06 06",
        (0x1A,): "02 02 00 1A 1A",
    }
    assert {command: frame(*command).hex(" ").upper() for command in documented} == documented


def test_one_person_for_each_release() -> None:
    arm = Arm()
    assert arm.turn(Direction.ENTRY) == b""
    assert arm.feed(frame(0x48), 0.0) == (ACK, ["released entry"])
    assert arm.turn(Direction.EXIT) == b""
    assert arm.turn(Direction.ENTRY) == frame(0x1A)
    assert arm.turn(Direction.ENTRY) == b""


def test_a_release_waits_and_then_is_over() -> None:
    arm = Arm()
    arm.feed(frame(0x44), 0.0)
    assert arm.tick(WAITS - 0.1) == []
    assert arm.tick(WAITS) == ["nobody came: entry locked", "nobody came: exit locked"]
    assert arm.turn(Direction.EXIT) == b""


def test_free_until_it_is_controlled_again() -> None:
    arm = Arm()
    arm.feed(frame(0x4C, 0x41), 0.0)
    assert [arm.turn(Direction.EXIT) for _ in range(3)] == [frame(0x1B)] * 3
    assert arm.feed(frame(0x43), 1.0) == (ACK, ["locked"])
    assert arm.turn(Direction.EXIT) == b""


def test_jammed_it_refuses() -> None:
    arm = Arm(jammed=True)
    assert arm.feed(frame(0x48), 0.0) == (NAK, ["refused"])
    assert arm.turn(Direction.ENTRY) == b""


@given(st.binary(max_size=60), st.integers(1, 5))
def test_after_garbage_a_command_is_heard_again(garbage: bytes, size: int) -> None:
    arm = Arm()
    arm.feed(garbage, 0.0)
    data = frame(0x43) * 3 + frame(0x48)
    words: list[str] = []
    for at in range(0, len(data), size):
        words += arm.feed(data[at : at + size], 1.0)[1]
    assert words[-1] == "released entry"
