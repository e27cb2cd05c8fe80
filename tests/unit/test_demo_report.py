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


def visited(number: int, **change: Any) -> Report:
    """A report of a busy machine in which one visit went otherwise."""
    report = good()
    seen = [replace(one, **change) if one.person.number == number else one for one in report.seen]
    return replace(report, seen=seen, ending=replace(report.ending, frames=100, late=20))


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "ignored", "reason": None, "passed": False, "ms_to_open": None},
        {"passed": False, "note": "the gate answered when nobody was there"},
        {"outcome": "refused", "reason": "presentation_stale", "passed": False, "ms_to_open": None},
    ],
)
def test_what_a_busy_machine_does_to_people_is_not_called_a_failure(change: dict[str, Any]) -> None:
    busy = visited(1, **change)
    opened = sum(1 for one in busy.seen if one.outcome == "admitted")
    busy = replace(busy, ending=replace(busy.ending, opened=opened))
    assert (busy.mismatches() != [], busy.excused) == (True, True)
    assert not replace(busy, ending=replace(busy.ending, late=1)).excused


def test_no_busy_machine_excuses_an_entry_or_a_broken_journal() -> None:
    refused = next(person for person in PEOPLE if person.outcome == "refused")
    entered = visited(refused.number, outcome="admitted", reason="admitted", passed=True, ms_to_open=9.0)
    assert not replace(entered, ending=replace(entered.ending, opened=entered.admitted)).excused
    broken = good()
    assert not replace(broken, ending=replace(broken.ending, frames=100, late=90, journal_ok=False)).excused


def test_a_visit_during_a_trouble_is_judged_by_nobody() -> None:
    report = visited(1, outcome="refused", reason="list_expired", passed=False, ms_to_open=None, disturbed=True)
    assert report.mismatches() == []
