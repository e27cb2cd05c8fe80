"""Messages between the lane and the page's process: what is sent arrives, and what is no message is refused."""

import json
from dataclasses import replace
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.outlet_events import DeviceChanged, Event
from gate.core.reason import Reason
from gate.core.tally import LATENCIES, Tally
from gate.kiosk.about import About
from gate.kiosk.messages import (
    LONGEST_TEXT,
    TO_LANE,
    TO_PAGE,
    Beat,
    BeginPage,
    PageHeartbeat,
    PageLogLine,
    Up,
    cut,
    to_lane,
    to_page,
)
from gate.worker.codec import CodecError

ABOUT = About("ala-t2-07", "ala-t2", "airport", ("kk", "ru"), Mode.PILOT, ("barrier fake",))
COUNTS = st.integers(0, 2**63)
TALLIES = st.builds(
    Tally,
    decisions=st.dictionaries(st.sampled_from(Reason), COUNTS),
    passages=st.dictionaries(st.sampled_from(Passed), COUNTS),
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FIELDS: dict[object, st.SearchStrategy[object]] = {
    float: FINITE,
    float | None: st.none() | FINITE,
    int: st.integers(-(2**63), 2**63),
    int | None: st.none() | st.integers(-(2**63), 2**63),
    str: st.text(max_size=50),
}


def any_of(kind: type) -> st.SearchStrategy[object]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: FIELDS.get(hint, st.from_type(hint)) for name, hint in hints.items()})


MESSAGES = st.one_of(*(any_of(kind) for kind in (*get_args(Event), Beat)), TALLIES, st.just(BeginPage(ABOUT)))


@given(MESSAGES)
def test_what_the_lane_sends_arrives(message: object) -> None:
    line = to_page.encode(cut(message, TO_PAGE))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert to_page.decode(line) == message


@given(
    st.one_of(
        st.just(Up()), st.just(PageHeartbeat()), st.builds(PageLogLine, st.text(max_size=TO_LANE.text), st.booleans())
    )
)
def test_what_the_page_says_arrives(message: Up | PageHeartbeat | PageLogLine) -> None:
    assert to_lane.decode(to_lane.encode(message)) == message


def test_a_text_is_cut_and_any_bytes_of_a_path_pass() -> None:
    sent = DeviceChanged(0.0, "reader[0]", "camera", "/dev/\udc80" + "x" * 10_000)
    came = to_page.decode(to_page.encode(cut(sent, TO_PAGE)))
    assert came == replace(sent, problem=sent.problem[:LONGEST_TEXT])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_message_is_refused(line: bytes) -> None:
    for codec in (to_page, to_lane):
        with pytest.raises(CodecError):
            codec.decode(line)


@given(
    st.sampled_from(["PhaseChanged", "Tally", "BeginPage", "PageHeartbeat", "Decided"]),
    st.dictionaries(st.text(), JSON),
)
def test_a_known_kind_with_other_fields_is_refused_or_right(kind: str, values: dict[str, object]) -> None:
    line = json.dumps([kind, values]).encode()
    for codec in (to_page, to_lane):
        try:
            message = codec.decode(line)
        except CodecError:
            continue
        assert type(message).__name__ == kind


@pytest.mark.parametrize(
    "line",
    [
        b'["PhaseChanged", {"at": 1.0}]',
        b'["PhaseChanged", {"at": 1.0, "phase": "ready", "more": 1}]',
        b'["PhaseChanged", {"at": true, "phase": "ready"}]',
        b'["PhaseChanged", {"at": 1.0, "phase": "open"}]',
        b'["PageHeartbeat", {}]',  # of the other direction
        b'["Tally", {"decisions": {"admitted": "1"}, "admitted": 0, "let_through": 0, "passages": {}, '
        b'"latencies": [], "latency_sum": 0}]',
        b'["Tally", {"decisions": [], "admitted": 0, "let_through": 0, "passages": {}, '
        b'"latencies": [], "latency_sum": 0}]',
        b"[" * 60_000,
        b'["DeviceChanged", {"at": 0, "device": "' + b"x" * TO_PAGE.line + b'", "driver": "", "problem": ""}]',
    ],
)
def test_near_misses_are_refused(line: bytes) -> None:
    with pytest.raises(CodecError):
        to_page.decode(line)


def test_the_largest_tally_fits() -> None:
    large = Tally(dict.fromkeys(Reason, 2**63), 2**63, 2**63, dict.fromkeys(Passed, 2**63))
    assert len(to_page.encode(large)) < TO_PAGE.line / 4
    assert to_page.decode(to_page.encode(large)) == large


def test_a_tally_has_a_bucket_for_all_above() -> None:
    assert len(Tally().latencies) == len(LATENCIES) + 1
