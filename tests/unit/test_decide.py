"""The yes or no by status, list and rules, without a store."""

from dataclasses import replace

import pytest

from gate.core.decide import Knowledge, Unlisted, decide, newest_status
from gate.core.model import Claims, Decision, Listing, Status
from gate.core.reason import Reason
from gate.core.rules import RuleSet, Venue, parse_rules
from gate.core.staleness import AgeLimits, Freshness
from gate.testing.builders import LIMITS, NOW, claims, policy, rules_json

RULES = parse_rules(rules_json()).at_venue(Venue("fitness", "almaty"))
KNOWN = Knowledge(1, NOW, RULES)
USE_PASS = policy(unlisted=Unlisted.USE_PASS)


def blue(issued_at: int = NOW - 3600) -> Claims:
    return replace(claims(issued_at=issued_at), status=Status.BLUE)


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (-1e9, Freshness.FRESH),
        (LIMITS.warn_after, Freshness.FRESH),
        (LIMITS.warn_after + 1, Freshness.WARN),
        (LIMITS.restrict_after, Freshness.WARN),
        (LIMITS.restrict_after + 1, Freshness.RESTRICT),
        (LIMITS.refuse_after, Freshness.RESTRICT),
        (LIMITS.refuse_after + 1, Freshness.REFUSE),
    ],
)
def test_a_list_ages_by_its_limits(age: float, freshness: Freshness) -> None:
    assert LIMITS.grade(NOW, NOW + age) is freshness


def test_no_list_is_no_fresh_one() -> None:
    assert LIMITS.grade(None, NOW) is Freshness.MISSING


def test_limits_are_in_order() -> None:
    AgeLimits(1, 1, 1)
    for limits in ((0, 1, 2), (2, 1, 3), (1, 3, 2)):
        with pytest.raises(ValueError, match="must hold"):
            AgeLimits(*limits)


@pytest.mark.parametrize(
    ("known", "listing", "reason"),
    [
        # Each is refused for the reason that comes first, though those after it hold, too.
        (Knowledge(None, None, None), Listing.REVOKED, Reason.LIST_MISSING),
        (Knowledge(1, NOW - 10**6, None), Listing.REVOKED, Reason.LIST_EXPIRED),
        (Knowledge(1, NOW, None), Listing.REVOKED, Reason.PASS_REVOKED),
        (Knowledge(1, NOW, None), Listing.UNLISTED, Reason.NOT_LISTED),
        (Knowledge(1, NOW, None), Listing.GREEN, Reason.RULES_MISSING),
        (replace(KNOWN, as_of=NOW - 30 * 3600), Listing.RED, Reason.STATUS_NOT_ADMITTED),
        (replace(KNOWN, as_of=NOW - 30 * 3600), Listing.BLUE, Reason.LIST_RESTRICTED),
        (replace(KNOWN, as_of=NOW - 30 * 3600), Listing.GREEN, Reason.ADMITTED),
        (KNOWN, Listing.YELLOW, Reason.STATUS_NOT_ADMITTED),
        (KNOWN, Listing.BLUE, Reason.ADMITTED),
    ],
)
def test_what_makes_any_answer_impossible_comes_first(known: Knowledge, listing: Listing, reason: Reason) -> None:
    decision = decide(claims(issued_at=NOW - 10**7), listing, known, policy(), NOW)
    by_rule = reason in (Reason.STATUS_NOT_ADMITTED, Reason.LIST_RESTRICTED, Reason.ADMITTED)
    assert decision == Decision(reason, "open" if by_rule else None)


def test_whom_the_list_does_not_name_counts_as_the_venue_says() -> None:
    assert decide(blue(), Listing.UNLISTED, KNOWN, policy(), NOW).reason is Reason.NOT_LISTED
    assert decide(blue(), Listing.UNLISTED, KNOWN, USE_PASS, NOW).reason is Reason.ADMITTED
    red = replace(claims(), status=Status.RED)
    assert decide(red, Listing.UNLISTED, KNOWN, USE_PASS, NOW).reason is Reason.STATUS_NOT_ADMITTED
    assert decide(blue(), Listing.REVOKED, KNOWN, USE_PASS, NOW).reason is Reason.PASS_REVOKED


@pytest.mark.parametrize(("issued_at", "status"), [(NOW + 1, Status.BLUE), (NOW, Status.RED), (NOW - 1, Status.RED)])
def test_the_newest_statement_wins_and_the_list_when_both_are_of_one_second(issued_at: int, status: Status) -> None:
    assert newest_status(blue(issued_at), Listing.RED, NOW) is status
    assert newest_status(blue(issued_at), Listing.UNLISTED, NOW) is Status.BLUE


def test_red_enters_nowhere_whatever_a_rule_says() -> None:
    assert RULES is not None
    open_to_all = RuleSet(1, (replace(RULES.rules[0], admit=frozenset(Status)),))
    known = replace(KNOWN, rules=open_to_all)
    assert decide(claims(), Listing.RED, known, policy(), NOW).reason is Reason.STATUS_NOT_ADMITTED
    assert decide(claims(), Listing.YELLOW, known, policy(), NOW).reason is Reason.ADMITTED


def test_rules_hold_by_the_wall_clock_of_the_venue() -> None:
    rules = parse_rules(b'{"version": 1, "rules": [{"id": "one", "hours": "13:00-14:00", "admit": ["green"]}]}')
    for at, reason in (
        (NOW - 1, Reason.RULES_MISSING),
        (NOW, Reason.ADMITTED),  # 13:00 in Almaty
        (NOW + 3599, Reason.ADMITTED),
        (NOW + 3600, Reason.RULES_MISSING),
    ):
        assert decide(claims(), Listing.GREEN, replace(KNOWN, rules=rules), policy(), at).reason is reason
