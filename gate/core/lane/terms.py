"""The terms of a standing order: who gave it, when, and until when.  Pure.

These times are Unix seconds by the trusted clock, unlike all others of the lane: they must survive a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gate.core.lane.modes import Mode


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """The terms of one order.  `until`: when it ends by itself; None: when it is taken back."""

    by: str = ""  # as the journal's `actor`
    since: float = 0.0  # Unix s
    until: float | None = None  # Unix s


UNKNOWN_TERMS = OrderTerms()


def is_due(terms: Mapping[Mode, OrderTerms], now: float) -> bool:
    """Return whether an order has ended by `now` (Unix s), or was given later than that."""
    return any(one.until is not None and not one.since <= now < one.until for one in terms.values())


def moved(terms: OrderTerms, now: float) -> OrderTerms:
    """Return the terms of an order that was given later than `now`: a wrong time was reset.  From now on it lasts as
    long as it was meant to."""
    if terms.until is None or terms.since <= now:
        return terms
    return replace(terms, since=now, until=now + terms.until - terms.since)
