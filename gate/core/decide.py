"""The decision of the gate.  Pure: no I/O, clock or log; time is a parameter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from gate.core.model import CertificateClaims, Claims, Decision, Listing, Status
from gate.core.reason import Reason
from gate.core.rules import RuleSet, Venue
from gate.core.staleness import AgeLimits, Freshness


class Unlisted(StrEnum):
    """The status of a person who is not on the list."""

    REFUSE = "refuse"
    USE_PASS = "use_pass"  # noqa: S105 - the colour in the pass holds; not a password


class AntiPassback(StrEnum):
    """The treatment of a person who enters and is already inside, as far as the gate knows."""

    OFF = "off"
    SOFT = "soft"  # enters, and the journal records it
    HARD = "hard"  # is refused until they have left by a pass


@dataclass(frozen=True, slots=True)
class Policy:
    """A venue's configuration of decisions."""

    venue: Venue
    timezone: ZoneInfo
    limits: AgeLimits
    unlisted: Unlisted
    reuse_after: float  # seconds until the same person may enter again: anti-passback by time
    antipassback: AntiPassback = AntiPassback.OFF
    forget_inside: float = 43200.0  # seconds after which a person counts as having left unseen
    max_inside: int | None = None  # people; None: no limit


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The gate's list and rules, as they apply to this venue."""

    list_version: int | None
    as_of: int | None  # Unix s of the status list; None: no list
    rules: RuleSet | None  # those that concern this venue; None: there are none


def decide(claims: Claims, listing: Listing, known: Knowledge, policy: Policy, at: float) -> Decision:
    """Decide whether status and rules admit this person.  (The store checks whether the pass was used before.)  The
    order is the order of severity: a condition that makes any answer impossible comes first.

    `at`: Unix seconds by the trusted clock.
    """
    if known.as_of is None:
        return Decision(Reason.LIST_MISSING)
    freshness = policy.limits.grade(known.as_of, at)
    if freshness is Freshness.REFUSE:
        return Decision(Reason.LIST_EXPIRED)
    if listing is Listing.REVOKED:
        return Decision(Reason.PASS_REVOKED)
    certificate = claims if isinstance(claims, CertificateClaims) else None
    if listing is Listing.UNLISTED and policy.unlisted is Unlisted.REFUSE and certificate is None:
        return Decision(Reason.NOT_LISTED)
    rule, local = None, datetime.fromtimestamp(at, policy.timezone)
    if known.rules is not None:
        rule = known.rules.deciding(local)
    if known.rules is None or rule is None:
        return Decision(Reason.RULES_MISSING)
    if certificate is None:
        status = newest_status(claims, listing, known.as_of)
    else:
        status = known.rules.colour(certificate.evidence, local)
    if status is None:
        return Decision(Reason.EVIDENCE_INSUFFICIENT, rule.id)
    if status is Status.RED or status not in rule.admit:
        return Decision(Reason.STATUS_NOT_ADMITTED, rule.id)
    if freshness is Freshness.RESTRICT and status is not Status.GREEN:
        return Decision(Reason.LIST_RESTRICTED, rule.id)
    return Decision(Reason.ADMITTED, rule.id)


def newest_status(claims: Claims, listing: Listing, as_of: int) -> Status | None:
    """Return the newest status of a pass: the pass is as of its iat, the list as of its `as_of`."""
    listed = listing.status
    if listed is None or claims.issued_at > as_of:
        return claims.status
    return listed
