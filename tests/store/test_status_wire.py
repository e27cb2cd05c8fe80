"""Deltas and heads of the status list, as bytes."""

import json
import random
from typing import Any

import pytest
import zstandard

from gate.errors import PublishError
from gate.store.status_delta import apply_delta, encode_delta
from gate.store.status_wire import Head, byte_length

HEAD: dict[str, Any] = {
    "version": 5,
    "as_of": 1,
    "size": 1,
    "listed": 0,
    "sha256": "0" * 64,
    "snapshot": "status/snapshot-5.zst",
    "deltas": [{"since": 3, "target": "status/3-4.zst"}, {"since": 4, "target": "status/4-5.zst"}],
}


def listed(size: int, *places: int) -> bytes:
    nibbles = bytearray(byte_length(size))
    for place in places:
        nibbles[place // 2] |= 3 << 4 * (place % 2)
    return bytes(nibbles)


# Distances around every length that LEB128 has here, up to 4 bytes.
GAPS = [1, 2, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152, 2_097_153]


@pytest.mark.parametrize("gap", GAPS)
def test_a_delta_leads_over_any_distance(gap: int) -> None:
    size = 2 * gap + 3
    before, after = listed(size, 0), listed(size, gap, 2 * gap + 1)
    assert apply_delta(encode_delta(before, after), before, size) == after


def test_a_delta_leads_from_any_list_to_any_other_that_is_not_shorter() -> None:
    chance = random.Random(1)
    for _ in range(50):
        small, large = sorted(chance.choices(range(1, 60), k=2))
        before, after = (listed(size, *chance.choices(range(size), k=9)) for size in (small, large))
        assert apply_delta(encode_delta(before, after), before, large) == after


@pytest.mark.parametrize("place", [4, 5])
@pytest.mark.parametrize("status", [1, 2, 4, 5])
def test_a_delta_names_only_the_places_that_changed(place: int, status: int) -> None:
    """The neighbour in the same byte is as it was."""
    before, after = bytearray(b"\x33" * 4), bytearray(b"\x33" * 4)
    after[place // 2] = after[place // 2] & (0xF0 >> 4 * (place % 2)) | status << 4 * (place % 2)
    delta = encode_delta(bytes(before), bytes(after))
    assert zstandard.decompress(delta) == (1).to_bytes(4, "little") + bytes([place, status])
    assert apply_delta(delta, bytes(before), 8) == after


def test_a_delta_takes_no_places_away() -> None:
    with pytest.raises(ValueError, match="take places away"):
        encode_delta(bytes(2), bytes(1))
    with pytest.raises(PublishError, match="fewer places"):
        apply_delta(encode_delta(b"", b""), bytes(2), 2)


def numbered(count: int, *content: int) -> bytes:
    return zstandard.compress(count.to_bytes(4, "little") + bytes(content))


@pytest.mark.parametrize(
    "data",
    [
        zstandard.compress(b"\0\0\0"),  # no number
        numbered(0, 0),  # more than it says
        numbered(1, 0),  # no value
        numbered(2, 0, 0x33),  # a distance too few
        numbered(1, 0, 0, 0x33),  # a distance too many
        numbered(1, 0x80, 0x33),  # a distance without end
        numbered(1, 8, 3),  # beyond the end
        numbered(9, *[0] * 9, *[0x33] * 5),  # more than there are places
    ],
)
def test_a_delta_that_does_not_fit_is_refused_whole(data: bytes) -> None:
    with pytest.raises(PublishError, match="delta does not hold what its head names"):
        apply_delta(data, bytes(4), 8)
    assert apply_delta(numbered(1, 7, 3), bytes(4), 8) == bytes([0, 0, 0, 0x30])
    assert apply_delta(numbered(8, *[0] * 8, *[0x33] * 4), bytes(4), 8) == b"\x33" * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"version": 2**53},
        {"as_of": 0},
        {"size": 0},
        {"size": 2**32 + 1},
        {"listed": -1},
        {"sha256": "0" * 63},
        {"sha256": "0" * 65},
        {"snapshot": "status/../snapshot.zst/x"},
        {"snapshot": f"status/{'s' * 118}.zst"},  # 129 characters
        {"version": 4},  # where the last delta begins
        {"deltas": list(reversed(HEAD["deltas"]))},
        {"deltas": [{"since": 0, "target": "status/0-5.zst"}]},
        {"shrunk_at": -1},
    ],
)
def test_a_head_with_a_mistake_is_refused(changes: dict[str, object]) -> None:
    Head.parse(json.dumps(HEAD))
    with pytest.raises(PublishError, match=r"status/head\.json"):
        Head.parse(json.dumps(HEAD | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2**53 - 1, "as_of": 2**53 - 1, "listed": 2**53 - 1, "size": 2**32},
        {"snapshot": f"status/{'s' * 117}.zst"},
        {"version": 1, "deltas": []},
        {"shrunk_at": 5},
    ],
)
def test_what_may_just_be(changes: dict[str, object]) -> None:
    assert Head.parse(json.dumps(HEAD | changes)).sha256 == HEAD["sha256"]
