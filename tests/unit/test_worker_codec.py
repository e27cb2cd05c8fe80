"""Messages of workers: what is sent arrives, and whatever else comes is one kind of error."""

import json
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.worker.codec import Codec, CodecError, MessageLimits


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Place:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sighting:
    number: int
    certain: bool
    texts: tuple[str, ...]
    place: Place | None
    file: tuple[int, int, int]
    colour: Colour


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


LIMITS = MessageLimits(line=2000, text=20, items=5)
CODEC = Codec(Sighting, Nothing, limits=LIMITS)

finite = st.floats(allow_nan=False, allow_infinity=False)
sightings = st.builds(
    Sighting,
    number=st.integers(-(2**63), 2**63),
    certain=st.booleans(),
    texts=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    place=st.none() | st.builds(Place, finite, finite),
    file=st.tuples(*[st.integers(0, 2**63)] * 3),
    colour=st.sampled_from(Colour),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(sightings | st.just(Nothing()))
def test_what_is_sent_arrives(message: object) -> None:
    line = CODEC.encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert CODEC.decode(line) == message


@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_a_message_or_one_error(line: bytes) -> None:
    with suppress(CodecError):
        assert isinstance(CODEC.decode(line), Sighting | Nothing)


@given(sightings, st.sampled_from(["number", "certain", "texts", "place", "file", "colour"]), json_values)
def test_a_field_of_another_kind_is_refused_or_fits(message: Sighting, field: str, value: Any) -> None:
    name, values = json.loads(CODEC.encode(message))
    line = json.dumps([name, values | {field: value}]).encode()
    try:
        found = CODEC.decode(line)
    except CodecError:
        return
    assert CODEC.decode(CODEC.encode(found)) == found


GOOD: dict[str, Any] = {
    "number": 1,
    "certain": True,
    "texts": [],
    "place": None,
    "file": [1, 2, 3],
    "colour": "red",
}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'["Nothing"]',
        b'["Nothing", {}, {}]',
        b'["Nothing", []]',
        b'["Nothing", {"more": 1}]',
        b'["Nothing", {}',
        b'[["Nothing"], {}]',
        b'[{"a": 1}, {}]',
        b'["Codec", {}]',
        b'"ab"',
        b'{"Nothing": 1, "b": 2}',
        b"\xff\xfe\n",
        b"[" * 1500,
        b"1" * 1999,
        b'["Nothing", ' + b" " * 2000 + b"{}]",
        json.dumps(["Sighting", GOOD | {"texts": ["a" * 21]}]).encode(),
        json.dumps(["Sighting", GOOD | {"texts": ["a"] * 6}]).encode(),
        json.dumps(["Sighting", GOOD | {"texts": "abc"}]).encode(),
        json.dumps(["Sighting", GOOD | {"file": [1, 2]}]).encode(),
        json.dumps(["Sighting", GOOD | {"number": True}]).encode(),
        json.dumps(["Sighting", GOOD | {"number": 1.0}]).encode(),
        json.dumps(["Sighting", GOOD | {"number": 2**64}]).encode(),
        json.dumps(["Sighting", GOOD | {"certain": 1}]).encode(),
        json.dumps(["Sighting", GOOD | {"colour": "green"}]).encode(),
        json.dumps(["Sighting", GOOD | {"colour": {}}]).encode(),
        json.dumps(["Sighting", GOOD | {"place": {"x": float("nan"), "y": 0}}]).encode(),
        json.dumps(["Sighting", GOOD | {"place": {"x": 1e999, "y": 0}}]).encode(),
        json.dumps(["Sighting", GOOD | {"place": {"x": 10**400, "y": 0}}]).encode(),
    ],
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(CodecError):
        CODEC.decode(line)


def test_a_message_beyond_the_limit_is_not_sent() -> None:
    with pytest.raises(CodecError, match="at most 2000"):
        CODEC.encode(Sighting(1, True, ("\x01" * 20,) * 20, None, (1, 2, 3), Colour.RED))


def test_a_message_with_a_field_that_has_no_form_is_a_mistake_of_ours() -> None:
    @dataclass(frozen=True)
    class Loose:
        anything: dict[str, Any]

    with pytest.raises(TypeError, match="no form"):
        Codec(Loose, limits=LIMITS)
