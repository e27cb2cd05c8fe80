"""What the demo says about itself: only a run that went wholly as expected is called good."""

from dataclasses import replace
from typing import Any

import pytest

from gate.demo.cast import Person, cast
from gate.demo.report import Ending, Report, Seen

PEOPLE = cast(12, 1)
GOOD = Ending(opened=0, strange_bytes=0, journal_ok=True, journal_output="whole", stopped_well=True, decision_ms=[4.0])


def as_expected(person: Person) -> Seen:
    reason = None if person.act.reason is None else person.act.reason.value
    return Seen(person, person.outcome, reason, person.passes, 120.0 if person.admitted else None)


def good() -> Report:
    seen = [as_expected(person) for person in PEOPLE]
    return Report(12, seen, replace(GOOD, opened=sum(person.admitted for person in PEOPLE)))


def test_a_good_run_has_no_mismatch_and_its_numbers_add_up() -> None:
    report = good()
    assert report.mismatches() == []
    summary = report.summary()
    assert summary["expected_ok"] is True
    refused = summary["refused"]
    assert isinstance(refused, dict)
    assert summary["people"] == 12
    assert report.admitted + sum(refused.values()) + 1 == 12  # one shows nothing
    assert summary["opened"] == summary["admitted"] == report.admitted
    assert summary["ms_to_open"] == {"median": 120.0, "max": 120.0}


@pytest.mark.parametrize(
    ("change", "output"),
    [
        ({"reason": "expired", "outcome": "refused"}, "was refused (expired), not admitted"),
        ({"outcome": "ignored", "reason": None}, "was ignored, not admitted"),
        ({"passed": False}, "did not go through"),
        ({"ms_to_open": None}, "the turnstile was not opened"),
        ({"note": "the gate did not say how the passage ended"}, "did not say"),
    ],
)
def test_a_person_who_fares_otherwise_is_named(change: dict[str, Any], output: str) -> None:
    report = good()
    wrong = replace(report.seen[0], **change)
    assert wrong.mismatch().startswith("person 1 (green from ashyq): ")
    assert output in wrong.mismatch()
    changed = replace(report, seen=[wrong, *report.seen[1:]])
    assert changed.summary()["expected_ok"] is False


@pytest.mark.parametrize(
    ("change", "output"),
    [
        ({"opened": 9}, "opened 9 times for"),
        ({"strange_bytes": 3}, "3 bytes"),
        ({"journal_ok": False, "journal_output": "row 7 was edited"}, "row 7 was edited"),
        ({"stopped_well": False}, "did not stop properly"),
    ],
)
def test_an_ending_that_is_wrong_is_named(change: dict[str, Any], output: str) -> None:
    report = good()
    changed = replace(report, ending=replace(report.ending, **change))
    assert any(output in line for line in changed.mismatches())


def test_being_stopped_is_only_right_where_it_is_the_way_to_end() -> None:
    report = good()
    fewer = replace(report, expected_people=20)
    assert fewer.mismatches() == ["stopped after 12 of 20 people"]
    assert replace(fewer, endless=True).mismatches() == []
    between = replace(fewer, endless=True, ending=replace(report.ending, opened=report.admitted + 1))
    assert between.mismatches() == []  # stopped after an opening, before the visit was over
    assert replace(between, expected_people=12).mismatches() != []


def test_a_row_has_the_keys_that_scripts_rely_on() -> None:
    row = as_expected(PEOPLE[0]).row()
    assert row == {
        "person": 1,
        "shows": "green from ashyq",
        "outcome": "admitted",
        "reason": "admitted",
        "passed": True,
        "ms_to_open": 120.0,
    }
