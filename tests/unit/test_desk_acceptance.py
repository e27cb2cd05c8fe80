"""The acceptance run: steps tick by what the lane reports, and the record proves itself."""

import json
from typing import Any

import pytest

from gate.core.acceptance_record import canonical, digest_of, facts_in
from gate.desk.technician.acceptance import (
    AcceptanceRun,
    AcceptanceTrial,
    as_kept,
    fitted_trials,
    from_kept,
    record_facts,
)
from gate.desk.technician.record_html import record_html
from gate.desk.technician.texts_of import technician_words

BEGAN = 1_800_000_000.0


def run() -> AcceptanceRun:
    return AcceptanceRun(BEGAN, "one boot", "tech")


def decision(reason: str, at: float, passage: str | None = None) -> dict[str, Any]:
    return {"reason": reason, "at": BEGAN + at, "passage": passage}


def parts(*lost: str, edges: tuple[tuple[float, bool], ...] = (), since: float = -100.0) -> dict[str, Any]:
    names = ("reader[0]", "barrier", "input[0]")
    return {
        "parts": [
            {"name": name, "state": "lost" if name in lost else "well", "since": BEGAN + since} for name in names
        ],
        "inputs": [
            {"name": "input[0]", "role": "fire", "edges": [{"at": BEGAN + at, "level": level} for at, level in edges]}
        ],
    }


@pytest.mark.parametrize(
    ("reason", "passage", "trial"),
    [
        ("admitted", "passed", "green"),
        ("admitted", "unknown", "green"),
        ("admitted", "not_passed", "walk_back"),
        ("admitted", None, None),
        ("staff_admitted", "passed", None),
        ("status_not_admitted", None, "red"),
        ("binding_missing", None, "screenshot"),
        ("presentation_stale", None, "screenshot"),
        ("unreadable", None, None),
    ],
)
def test_a_decision_ticks_its_step(reason: str, passage: str | None, trial: str | None) -> None:
    tried = run()
    tried.take(BEGAN + 9, [decision(reason, 5, passage)], parts(), {}, "one boot")
    assert tried.done == ({trial: BEGAN + 5} if trial else {})


def test_what_was_before_the_run_ticks_nothing() -> None:
    tried = run()
    tried.take(BEGAN + 9, [decision("status_not_admitted", -1)], parts(edges=((-5, True),)), {}, "one boot")
    assert tried.done == {}


def test_the_fire_loop_ticks_by_its_edge_or_by_the_phase() -> None:
    tried = run()
    tried.take(BEGAN + 9, [], parts(edges=((3, False), (4.25, True), (6, True))), {}, "one boot")
    assert tried.done == {"fire": BEGAN + 4.25}
    tried = run()
    tried.take(BEGAN + 9, [], {}, {"phase": "fire", "since": BEGAN + 7}, "one boot")
    assert tried.done == {"fire": BEGAN + 7}


def test_a_device_ticks_when_it_is_back_and_not_by_a_restart_of_the_lane() -> None:
    tried = run()
    tried.take(BEGAN + 9, [], parts("reader[0]"), {}, "one boot")
    assert tried.done == {}
    tried.take(BEGAN + 20, [], parts(since=15), {}, "one boot")  # the lane's other parts have this time too
    assert tried.done == {"reader": BEGAN + 15}


def test_another_start_of_the_computer_is_the_power_cut() -> None:
    tried = from_kept(json.loads(json.dumps(as_kept(run()))))
    tried.take(BEGAN + 60, [], {}, {}, "another boot")
    assert tried.done == {"power": BEGAN + 60}
    unknown = AcceptanceRun(BEGAN, "", "tech")
    unknown.take(BEGAN + 60, [], {}, {}, "another boot")
    assert unknown.done == {}


def test_a_step_that_was_left_out_ticks_all_the_same() -> None:
    tried = run()
    tried.skip("red", on=True)
    tried.skip("nonsense", on=True)
    assert tried.skipped == ["red"]
    tried.take(BEGAN + 9, [decision("status_not_admitted", 5)], {}, {}, "one boot")
    assert (tried.skipped, tried.done) == ([], {"red": BEGAN + 5})


def test_a_gate_without_a_fire_loop_or_a_barrier_has_fewer_steps() -> None:
    bare = {"parts": [{"name": "reader[0]"}], "inputs": []}
    assert set(AcceptanceTrial) - set(fitted_trials(bare)) == {AcceptanceTrial.FIRE, AcceptanceTrial.BARRIER}
    assert set(fitted_trials(parts())) == set(AcceptanceTrial)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_record_proves_itself_and_no_name_breaks_out_of_it(language: str) -> None:
    tried = run()
    tried.done["green"] = BEGAN + 5
    evil = "</script><script>alert(1)</script>&\u2028"
    about = {"device": "d-1", "venue": "v", "version": "1", "timezone": "Asia/Almaty", "customer": evil}
    facts = record_facts(tried, fitted_trials(parts()), {**about, "technician_name": "Айгүл"}, BEGAN + 900)
    text = canonical(facts)
    page = record_html(facts, text, digest_of(text), 42, *technician_words(language, ("kk",)))
    assert page.count("<script") == page.count("</script>") == 1
    found, read = facts_in(page)
    assert (found, read["customer"]) == (text, evil)
    assert [one["result"] for one in read["trials"]].count("skipped") == 7
    assert digest_of(text) in page
    assert "+0500" in page  # of the venue
    for spoilt in (page.replace("d-1", "d-2"), page.replace('"green"', '"red"', 1)):
        assert digest_of(facts_in(spoilt)[0]) != digest_of(text)


@pytest.mark.parametrize("file", ["", "<html>", '<script type="application/json" id="acceptance">[]</script>'])
def test_another_file_is_no_record(file: str) -> None:
    with pytest.raises(ValueError, match=r"record|facts"):
        facts_in(file)
