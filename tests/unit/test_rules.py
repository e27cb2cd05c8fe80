"""Venue rules: the published examples, and the mistakes that must not open a door."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import Status
from gate.core.rules import Rule, Venue, parse_rules
from gate.errors import PublishError

PUBLISHED: dict[str, Any] = {
    "version": 3,
    "rules": [
        {"id": "need", "categories": ["grocery", "pharmacy"], "admit": ["green", "blue", "yellow"]},
        {"id": "pcr-proof", "from": "2021-05-21", "categories": ["airport", "station"], "admit": ["green"]},
        {
            "id": "weekend",
            "from": "2021-09-27",
            "weekdays": ["sat", "sun"],
            "except": ["hotel"],
            "admit": ["green"],
        },
        {"id": "open", "admit": ["green", "blue"]},
    ],
    "examples": [{"at": "2021-05-22T10:00", "category": "airport", "status": "blue", "admit": False}],
}


def changed(**changes: Any) -> str:
    return json.dumps(PUBLISHED | changes)


def rule_at(text: str, at: str, category: str, zone: str = "almaty") -> Rule | None:
    here = parse_rules(text).at_venue(Venue(category, zone))
    return here.deciding(datetime.fromisoformat(at)) if here else None


@pytest.mark.parametrize(
    ("at", "category", "rule"),
    [
        ("2021-05-20T23:59", "airport", "open"),
        ("2021-05-21T00:00", "airport", "pcr-proof"),
        ("2021-10-02T12:00", "grocery", "need"),
        ("2021-10-02T12:00", "cafe", "weekend"),  # a Saturday
        ("2021-10-02T12:00", "hotel", "open"),
        ("2021-10-04T12:00", "cafe", "open"),
    ],
)
def test_the_first_rule_that_matches_decides(at: str, category: str, rule: str) -> None:
    found = rule_at(changed(), at, category)
    assert found is not None
    assert found.id == rule


@pytest.mark.parametrize(
    ("at", "matches"),
    [("09:00", True), ("08:59", False), ("22:59", True), ("23:00", False)],
)
def test_hours(at: str, matches: bool) -> None:
    text = json.dumps({"version": 1, "rules": [{"id": "day", "hours": "09:00-23:00", "admit": ["green"]}]})
    assert (rule_at(text, f"2026-01-01T{at}", "cafe") is not None) is matches


@pytest.mark.parametrize(("at", "matches"), [("21:59", False), ("22:00", True), ("05:59", True), ("06:00", False)])
def test_hours_over_midnight(at: str, matches: bool) -> None:
    text = json.dumps({"version": 1, "rules": [{"id": "night", "hours": "22:00-06:00", "admit": ["green"]}]})
    assert (rule_at(text, f"2026-01-01T{at}", "cafe") is not None) is matches


def test_until_is_the_last_day_and_zones_bind() -> None:
    text = json.dumps(
        {"version": 1, "rules": [{"id": "a", "until": "2026-01-01", "zones": ["almaty"], "admit": ["green"]}]}
    )
    assert rule_at(text, "2026-01-01T23:59", "cafe") is not None
    assert rule_at(text, "2026-01-02T00:00", "cafe") is None
    assert rule_at(text, "2026-01-01T23:59", "cafe", zone="astana") is None


@pytest.mark.parametrize(
    "text",
    [
        changed(version=1),
        changed(version=2**53 - 1),
        changed(rules=[{"id": "a" * 64, "admit": ["green"]}], examples=[]),
        changed(rules=[{"id": "day", "from": "2026-01-01", "until": "2026-01-01", "admit": []}], examples=[]),
        changed(rules=[{"id": "a", "admit": []}, {"id": "b", "admit": []}], examples=[]),
    ],
)
def test_what_may_just_be(text: str) -> None:
    assert parse_rules(text).rules


def test_a_rule_may_admit_nobody() -> None:
    rule = rule_at(json.dumps({"version": 1, "rules": [{"id": "shut", "admit": []}]}), "2026-01-01T10:00", "cafe")
    assert rule is not None
    assert rule.admit == frozenset()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (changed(rules=[]), "rules: must have at least 1 entry"),
        (changed(rules=[{"id": "a", "admit": ["green", "red"]}]), "'a' would admit red"),
        (
            changed(rules=[{"id": "a", "admit": ["green"], "weekday": ["sat"]}], examples=[]),
            "weekday: is not known",
        ),
        (
            changed(rules=[{"id": "a", "admit": ["green"], "from_": "2021-01-01"}], examples=[]),
            "from_: is not known",
        ),
        (changed(rules=[{"id": "a", "admit": ["green"], "categories": []}], examples=[]), "empty 'categories'"),
        (changed(rules=[{"id": "a", "admit": ["green"]}] * 2), "'a' is duplicated"),
        (changed(rules=[{"id": "a", "admit": ["green"], "hours": "09:00-09:00"}]), "'hours' is empty"),
        (changed(rules=[{"id": "a", "admit": ["purple"]}]), "rules.0.admit.0"),
        (changed(rules=[{"id": "a"}]), "rules.0.admit: is missing"),
        (changed(version="3"), "version: must be a whole number"),
        (changed(version=0), "version"),
        (changed(version=2**53), "version"),
        (changed(rules=[{"id": "a" * 65, "admit": ["green"]}]), "rules.0.id"),
        (changed(rules=[{"id": "a", "from": "2026-01-02", "until": "2026-01-01", "admit": []}]), "before 'from'"),
        (changed(rules=[{"id": "a", "admit": ["green"], "zones": []}]), "empty 'zones'"),
        (changed(rules=[{"id": "a", "admit": ["green"], "weekdays": []}]), "empty 'weekdays'"),
        ("{", "is no JSON, from line 1, column 1 on"),
        (
            changed(examples=[{"at": "2021-05-22T10:00", "category": "airport", "status": "blue", "admit": True}]),
            "example 1 fails: blue at airport on 2021-05-22 10:00 would be refused .rule 'pcr-proof'.",
        ),
        (
            changed(examples=[{"at": "2021-05-22T10:00", "category": "cafe", "status": "red", "admit": True}]),
            "example 1 fails: red at cafe",
        ),
    ],
)
def test_a_set_that_could_go_wrong_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(PublishError, match=complaint):
        parse_rules(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "rules", "id", "admit"]), inner),
    )
)
def test_no_rule_set_admits_red_or_raises_anything_else(data: object) -> None:
    try:
        rules = parse_rules(json.dumps(data))
    except PublishError:
        return
    assert all(Status.RED not in rule.admit for rule in rules.rules)
