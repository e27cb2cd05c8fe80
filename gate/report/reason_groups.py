"""Whose a refusal is: the person's, the status's, or the gate's."""

from enum import StrEnum

from gate.core.reason import ADMITTING, Reason


class ReasonGroup(StrEnum):
    """Who or what can change a refusal."""

    PERSON = "person"  # the person can: another code, another app, another moment
    STATUS = "status"  # the status of the person with the authority or the venue, by its rules
    GATE = "gate"  # the gate or the venue: a list, a device, an order of staff, a full house


_STATUS = frozenset(
    {
        Reason.NOT_LISTED,
        Reason.PASS_REVOKED,
        Reason.STATUS_NOT_ADMITTED,
        Reason.EVIDENCE_INSUFFICIENT,
        Reason.NOT_A_MEMBER,
        Reason.MEMBERSHIP_NOT_BEGUN,
        Reason.MEMBERSHIP_OVER,
        Reason.MEMBERSHIP_SUSPENDED,
    }
)
_GATE = frozenset(
    {
        Reason.LIST_MISSING,
        Reason.LIST_EXPIRED,
        Reason.LIST_RESTRICTED,
        Reason.CLOCK_BEHIND,
        Reason.CLOCK_UNTRUSTED,
        Reason.OCCUPANCY_FULL,
        Reason.RULES_MISSING,
        Reason.ALLOW_LIST_MISSING,
        Reason.ALLOW_LIST_EXPIRED,
        Reason.LANE_BUSY,
        Reason.OUT_OF_SERVICE,
        Reason.LOCKED_DOWN,
        Reason.STORAGE_FAILED,
        Reason.DEVICE_FAILED,
    }
)
STOPPED = tuple(sorted(_GATE - {Reason.OCCUPANCY_FULL, Reason.LANE_BUSY, Reason.LIST_RESTRICTED}))
"""Reasons of a gate that serves nobody: who is refused for one was turned away by a down time."""

ADMITTED = frozenset(reason.value for reason in ADMITTING)


def group_of(reason: str) -> ReasonGroup:
    """Return the group of a refusal; a reason of a later release counts as the gate's."""
    if reason in _STATUS:
        return ReasonGroup.STATUS
    return ReasonGroup.GATE if reason in _GATE or reason not in set(Reason) else ReasonGroup.PERSON
