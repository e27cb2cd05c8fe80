"""The colours that certificates of other systems mean, by the rules that an authority signs."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gate.core.evidence import EvidenceKind, HealthEvidence, SampleResult
from gate.core.model import Status
from gate.core.rules import parse_rules
from gate.errors import PublishError

ALMATY = ZoneInfo("Asia/Almaty")
NOW = datetime(2021, 9, 1, 12, tzinfo=ALMATY)
DAY, HOUR = 86_400, 3600

DETECTED = {"id": "infected", "kind": "test", "result": "detected", "days": [0, 14], "colour": "red"}
PCR = {
    "id": "pcr",
    "kind": "test",
    "result": "not_detected",
    "codes": ["LP6464-4"],
    "hours": [0, 72],
    "colour": "green",
}
SERIES = {"id": "series", "kind": "vaccination", "doses": "complete", "days": [14, 270], "colour": "green"}
CARD = {"id": "card", "kind": "vaccination", "codes": ["cvx:207"], "doses": 2, "days": [14, 270], "colour": "green"}
HEALED = {"id": "healed", "kind": "recovery", "days": [11, 180], "colour": "green"}
EXAMPLE = {
    "at": "2021-09-01T12:00",
    "evidence": {"kind": "vaccination", "day": "2021-06-01", "dose": 2, "doses": 2},
    "colour": "green",
}


def rules(*rows: dict[str, Any], examples: Sequence[dict[str, Any]] = (EXAMPLE,)) -> str:
    evidence = {"rules": rows or (DETECTED, PCR, SERIES, CARD, HEALED), "examples": examples}
    return json.dumps({"version": 1, "rules": [{"id": "all", "admit": ["green"]}], "evidence": evidence})


RULES = parse_rules(rules())


def colour(*stated: HealthEvidence, at: datetime = NOW) -> Status | None:
    return RULES.colour(stated, at)


def vaccination(day: date, dose: int = 2, doses: int = 2, code: str = "EU/1/20/1528") -> HealthEvidence:
    return HealthEvidence(EvidenceKind.VACCINATION, day, code, dose=dose, doses=doses)


def sample(hours_ago: float, result: SampleResult | None = SampleResult.NOT_DETECTED) -> HealthEvidence:
    at = NOW.timestamp() - hours_ago * HOUR
    return HealthEvidence(EvidenceKind.TEST, datetime.fromtimestamp(at, ALMATY).date(), "LP6464-4", at, result=result)


def shot(day: date, code: str = "cvx:207") -> HealthEvidence:
    return HealthEvidence(EvidenceKind.VACCINATION, day, code, about_covid=False)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2021, 8, 19), None),  # 13 days ago
        (date(2021, 8, 18), Status.GREEN),  # 14
        (date(2020, 12, 5), Status.GREEN),  # 270
        (date(2020, 12, 4), None),
        (date(2021, 9, 2), None),  # tomorrow
    ],
)
def test_a_vaccination_counts_in_days_at_the_venue(day: date, expected: Status | None) -> None:
    assert colour(vaccination(day)) is expected


def test_the_last_dose_of_a_series_is_needed_and_a_later_one_is_good() -> None:
    day = date(2021, 6, 1)
    assert colour(vaccination(day, dose=1)) is None
    assert colour(vaccination(day, dose=3)) is Status.GREEN
    assert colour(vaccination(day, dose=1, doses=1)) is Status.GREEN
    assert colour(vaccination(day, dose=2, doses=0)) is None  # of a series that is not stated


@pytest.mark.parametrize(
    ("hours", "expected"), [(0.0, Status.GREEN), (72.0, Status.GREEN), (72.01, None), (-0.01, None)]
)
def test_a_test_counts_in_hours(hours: float, expected: Status | None) -> None:
    assert colour(sample(hours)) is expected


def test_a_positive_test_is_red_and_an_unknown_result_nothing() -> None:
    assert colour(sample(1, SampleResult.DETECTED)) is Status.RED
    assert colour(sample(1, None)) is None
    assert colour(sample(1), sample(30, SampleResult.DETECTED)) is Status.RED  # the first rule decides


def test_a_test_without_its_hour_satisfies_no_rule_about_hours() -> None:
    assert colour(HealthEvidence(EvidenceKind.TEST, NOW.date(), "LP6464-4", result=SampleResult.NOT_DETECTED)) is None


def test_a_recovery_holds_within_its_own_days_too() -> None:
    def healed(first: date, last: date) -> HealthEvidence:
        return HealthEvidence(EvidenceKind.RECOVERY, date(2021, 7, 1), first_day=first, last_day=last)

    assert colour(healed(date(2021, 7, 12), date(2021, 12, 28))) is Status.GREEN
    assert colour(healed(date(2021, 9, 1), date(2021, 9, 1))) is Status.GREEN
    assert colour(healed(date(2021, 9, 2), date(2021, 12, 28))) is None
    assert colour(healed(date(2021, 7, 12), date(2021, 8, 31))) is None


def test_a_card_that_names_no_disease_counts_by_its_codes_alone() -> None:
    first, second, flu = shot(date(2021, 5, 1)), shot(date(2021, 6, 1)), shot(date(2021, 6, 1), "cvx:140")
    assert colour(first, second) is Status.GREEN
    assert colour(second) is None  # one dose
    assert colour(second, flu) is None  # another vaccine is no second dose
    assert colour(second, second) is None  # nor is one dose that is entered twice
    assert parse_rules(rules(SERIES)).colour((first, second), NOW) is None  # a rule without codes is about COVID-19


def test_nothing_stated_has_no_colour_nor_has_anything_without_rules() -> None:
    assert colour() is None
    plain = parse_rules('{"version": 1, "rules": [{"id": "all", "admit": ["green"]}]}')
    assert plain.colour((vaccination(date(2021, 6, 1)),), NOW) is None


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({**SERIES, "codes": []}, "empty 'codes'"),
        ({**SERIES, "days": [270, 14]}, "at least, at most"),
        ({**SERIES, "days": [-1, 14]}, "at least, at most"),
        ({**SERIES, "hours": [0, 1]}, "belong to a test"),
        ({**SERIES, "result": "detected"}, "belong to a test"),
        ({**HEALED, "doses": 1}, "belongs to a vaccination"),
        ({**PCR, "result": None}, "needs 'result'"),
        ({key: value for key, value in SERIES.items() if key != "days"}, "for ever"),
        ({**SERIES, "dosis": 2}, "not known here"),
        ({**SERIES, "doses": 0}, "doses"),
    ],
)
def test_a_rule_with_a_mistake_is_refused(row: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PublishError, match=complaint):
        parse_rules(rules(row))


def test_rules_whose_own_example_fails_are_refused() -> None:
    with pytest.raises(PublishError, match=r"evidence example 1 fails: vaccination .* would be green .*'series'"):
        parse_rules(rules(examples=[{**EXAMPLE, "colour": None}]))
    with pytest.raises(PublishError, match=r"would be without a colour \(no rule matching\), not green"):
        parse_rules(rules(HEALED))
    with pytest.raises(PublishError, match="duplicated"):
        parse_rules(rules(SERIES, SERIES))
    with pytest.raises(PublishError, match="examples"):
        parse_rules(rules(examples=[]))


def test_an_example_of_a_test_has_its_moment() -> None:
    stated = {"kind": "test", "at": "2021-08-29T12:00", "code": "LP6464-4", "result": "not_detected"}
    good = {"at": "2021-09-01T12:00", "evidence": stated, "colour": "green"}
    parse_rules(rules(examples=[good, {**good, "at": "2021-09-01T12:01", "colour": None}]))
    with pytest.raises(PublishError, match="'day', or 'at'"):
        parse_rules(rules(examples=[{**good, "evidence": {**stated, "day": "2021-08-29"}}]))
