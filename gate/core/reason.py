"""The reasons of the gate's decisions.

The strings are a contract with journals, metrics, pages and other people's scripts: add where a feature needs one,
never rename.  Every reason has texts in Kazakh, Russian and English (`gate/texts/*.toml`) and a row in
config/README.md; tests hold both to this list.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The reason of a decision."""

    # From the pass itself, in the order in which the checks are made.
    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    UNKNOWN_ISSUER = "unknown_issuer"
    BAD_SIGNATURE = "bad_signature"
    ISSUER_REVOKED = "issuer_revoked"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    LIFETIME_EXCEEDED = "lifetime_exceeded"
    BINDING_MISSING = "binding_missing"
    PRESENTATION_STALE = "presentation_stale"
    PRESENTATION_EARLY = "presentation_early"
    WRONG_VENUE = "wrong_venue"

    # From the gate.
    ADMITTED = "admitted"
    NOT_LISTED = "not_listed"
    PASS_REVOKED = "pass_revoked"  # noqa: S105 - not a password
    LIST_MISSING = "list_missing"
    LIST_EXPIRED = "list_expired"
    LIST_RESTRICTED = "list_restricted"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_UNTRUSTED = "clock_untrusted"
    ALREADY_USED = "already_used"
    TOO_SOON = "too_soon"
    ANTI_PASSBACK = "anti_passback"
    OCCUPANCY_FULL = "occupancy_full"
    STATUS_NOT_ADMITTED = "status_not_admitted"
    EVIDENCE_INSUFFICIENT = "evidence_insufficient"
    NOT_A_MEMBER = "not_a_member"
    MEMBERSHIP_NOT_BEGUN = "membership_not_begun"
    MEMBERSHIP_OVER = "membership_over"
    MEMBERSHIP_SUSPENDED = "membership_suspended"
    OUTSIDE_PLAN = "outside_plan"
    VISITS_USED_UP = "visits_used_up"
    ALLOW_LIST_MISSING = "allow_list_missing"
    ALLOW_LIST_EXPIRED = "allow_list_expired"
    RULES_MISSING = "rules_missing"
    LANE_BUSY = "lane_busy"
    OUT_OF_SERVICE = "out_of_service"
    LOCKED_DOWN = "locked_down"
    STORAGE_FAILED = "storage_failed"
    DEVICE_FAILED = "device_failed"
    STAFF_ADMITTED = "staff_admitted"

    # Only in `gate verify --pass-only`: the pass is good, without the gate's list and rules.
    VERIFIED = "verified"


ADMITTING = frozenset({Reason.ADMITTED, Reason.STAFF_ADMITTED})

_TOO_EARLY = frozenset({Reason.NOT_YET_VALID, Reason.PRESENTATION_EARLY})


def blame_clock(reason: Reason) -> Reason:
    """Return the reason of a gate whose own clock is known to be behind: a pass that seems too early may be
    good."""
    return Reason.CLOCK_BEHIND if reason in _TOO_EARLY else reason
