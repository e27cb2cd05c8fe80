"""The age of the gate's list, and its effect on a decision.  Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Freshness(StrEnum):
    """The grade of a list's age."""

    FRESH = "fresh"
    WARN = "warn"  # shown to the technician; decisions unchanged
    RESTRICT = "restrict"  # only green enters
    REFUSE = "refuse"  # nobody enters on this list: list_expired
    MISSING = "missing"  # there is no list: list_missing


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """Seconds from the list's `as_of`; warn_after <= restrict_after <= refuse_after."""

    warn_after: float
    restrict_after: float
    refuse_after: float

    def __post_init__(self) -> None:
        if not 0 < self.warn_after <= self.restrict_after <= self.refuse_after:
            raise ValueError("warn_after <= restrict_after <= refuse_after must hold, all above 0")

    def grade(self, as_of: int | None, at: float) -> Freshness:
        """Grade a list's age.  A list from the future is fresh: it is signed, so it is our clock that is behind."""
        if as_of is None:
            return Freshness.MISSING
        age = at - as_of
        if age > self.refuse_after:
            return Freshness.REFUSE
        if age > self.restrict_after:
            return Freshness.RESTRICT
        return Freshness.WARN if age > self.warn_after else Freshness.FRESH
