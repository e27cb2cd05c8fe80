"""Messages between the lane and the page's process: what is sent arrives, and what is no message is refused."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.events import DeviceChanged, Event, Mode, Passed, PhaseChanged
from gate.core.reason import Reason
from gate.core.tally import LATENCIES, Tally
from gate.kiosk.messages import LONGEST_LINE, LONGEST_TEXT, Alive, Beat, Begin, Trouble, Up, encode, to_lane, to_page
from gate.kiosk.view import About

ABOUT = About("ala-t2-07", "ala-t2", "airport", ("kk", "ru"), Mode.PILOT, ("barrier fake",))
TALLIES = st.builds(
    Tally,
    decisions=st.dictionaries(st.sampled_from(Reason), st.integers(0)),
    passages=st.dictionaries(st.sampled_from(Passed), st.integers(0)),
)
MESSAGES = st.one_of(
    *(st.from_type(kind) for kind in get_args(Event)), TALLIES, st.from_type(Beat), st.just(Begin(ABOUT))
)


@given(MESSAGES)
def test_what_the_lane_sends_arrives(message: object) -> None:
    line = encode(message)  # type: ignore[arg-type]  # of a strategy
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert repr(to_page(line)) == repr(message)  # as text: NaN is not equal to itself


@given(st.one_of(st.just(Up()), st.just(Alive()), st.builds(Trouble, st.text())))
def test_what_the_page_says_arrives(message: Up | Alive | Trouble) -> None:
    assert to_lane(encode(message)) == message


def test_a_text_is_cut_and_any_bytes_of_a_path_pass() -> None:
    sent = DeviceChanged(0.0, "reader[0]", "camera", "/dev/\udc80" + "x" * 10_000)
    came = to_page(encode(sent))
    assert isinstance(came, DeviceChanged)
    assert came.problem == sent.problem[:LONGEST_TEXT]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_message_is_refused(line: bytes) -> None:
    for decode in (to_page, to_lane):
        with pytest.raises(ValueError):  # noqa: PT011 - any: the JSON reader's words are its own
            decode(line)


@given(
    st.sampled_from(sorted({"PhaseChanged", "Tally", "Begin", "Alive", "Decided"})), st.dictionaries(st.text(), JSON)
)
def test_a_known_kind_with_other_fields_is_refused_or_right(kind: str, fields: dict[str, object]) -> None:
    line = json.dumps({**fields, "kind": kind}).encode()
    for decode in (to_page, to_lane):
        try:
            message = decode(line)
        except ValueError:
            continue
        assert type(message).__name__ == kind


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind": "PhaseChanged", "at": 1.0}',
        b'{"kind": "PhaseChanged", "at": 1.0, "phase": "ready", "more": 1}',
        b'{"kind": "PhaseChanged", "at": "1", "phase": "ready"}',
        b'{"kind": "PhaseChanged", "at": true, "phase": "ready"}',
        b'{"kind": "PhaseChanged", "at": 1.0, "phase": "open"}',
        b'{"kind": "Alive"}',  # of the other direction
        b"[" * 60_000,
        b'{"kind": "Trouble", "text": "' + b"x" * LONGEST_LINE + b'"}',
    ],
)
def test_near_misses_are_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any: the JSON reader's words are its own
        to_page(line)


def test_a_whole_number_is_a_time() -> None:
    assert to_page(b'{"kind": "PhaseChanged", "at": 1, "phase": "ready"}') == PhaseChanged(1.0, "ready")  # type: ignore[arg-type]  # a StrEnum


def test_a_tally_has_a_bucket_for_all_above() -> None:
    assert len(Tally().latencies) == len(LATENCIES) + 1
