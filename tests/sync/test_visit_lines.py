"""What a visit's process says is bounded and checked, whatever became of it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gate.errors import DamagedError, StoreError
from gate.sync.allowance import Step, VisitPhase
from gate.sync.round import MirrorProblem, Outcome, Visited
from gate.sync.visit_lines import MAX_LINE, VisitEnded, VisitFailed, ended_line, failed_line, parsed, step_line

numbers = st.integers(0, (1 << 63) - 1)
lines = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=40)
outcomes = st.builds(
    Outcome, lines, numbers, numbers, numbers, st.booleans(), numbers, lines, st.floats(0, 1e6), st.just(())
)
visits = st.builds(
    Visited, st.none() | outcomes, st.lists(st.builds(MirrorProblem, lines, lines), max_size=3).map(tuple), numbers
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@given(visits)
def test_a_visit_arrives_as_it_was(visited: Visited) -> None:
    assert parsed(ended_line(visited)) == VisitEnded(visited)


@given(st.sampled_from(VisitPhase), lines, numbers)
def test_a_step_arrives_as_it_was(phase: VisitPhase, about: str, received: int) -> None:
    assert parsed(step_line(Step(phase, about, received))) == Step(phase, about, received)


def test_a_fault_of_the_device_arrives_as_what_it_was() -> None:
    for kind in (StoreError, DamagedError):
        failed = parsed(failed_line(kind("list.db: bad", hint="Do this")))
        assert isinstance(failed, VisitFailed)
        assert type(failed.error) is kind
        assert str(failed.error) == "list.db: bad. Do this"


@given(st.binary(max_size=200))
def test_bytes_are_no_report(line: bytes) -> None:
    assert parsed(line) is None


@given(st.sampled_from(["step", "ended", "failed", "x"]), values)
def test_no_value_is_believed_for_its_name(name: str, value: object) -> None:
    said = parsed(json.dumps({name: value}).encode())
    assert said is None or isinstance(said, Step | VisitEnded | VisitFailed)


@given(visits, st.sampled_from(["version", "listed", "changed", "way", "applied_in", "problems", "mirror"]), values)
def test_no_field_is_believed_for_its_place(visited: Visited, field: str, value: object) -> None:
    message = json.loads(ended_line(visited))
    if message["ended"]["outcome"] is not None:
        message["ended"]["outcome"][field] = value
    said = parsed(json.dumps(message).encode())
    assert said is None or isinstance(said, VisitEnded)
    if isinstance(said, VisitEnded) and said.visited.outcome is not None:
        outcome = said.visited.outcome
        assert type(outcome.version) is int
        assert type(outcome.changed) is bool
        assert outcome.mirror.isprintable()


def test_no_line_is_too_long() -> None:
    assert parsed(b'{"step": ["work", "' + b"a" * MAX_LINE + b'", 0]}') is None
    assert parsed(b"[" * 60_000) is None


def test_what_a_mirror_said_is_one_line() -> None:
    said = parsed(ended_line(Visited(None, (MirrorProblem("a\nb\x1b[2J", "c\r"),), 0)))
    assert isinstance(said, VisitEnded)
    assert said.visited.problems == (MirrorProblem("a?b?[2J", "c?"),)
