"""The checks that certificates of other systems share."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gate.core.evidence import HealthEvidence
from gate.core.model import Refused
from gate.core.reason import Reason
from gate.passes.aq1 import SKEW

LAST_TIME = 253_402_128_000  # Unix s: 9999-12-30, so that a day's hours may be added to any time
_AHEAD = timedelta(hours=14)  # a day begins at UTC+14 before it begins in Greenwich
_CERTIFICATES = 2**63  # above every place of the status list, so that no certificate meets one


def holder_of(format_: str, identifier: str) -> int:
    """Return the number that stands for the holder: 63 bits of a digest of what identifies the certificate."""
    digest = hashlib.sha256(f"{format_}\0{identifier}".encode()).digest()
    return _CERTIFICATES | int.from_bytes(digest[:8], "big") >> 1


def stated_time(value: Any) -> float:
    """Return a time of a certificate's claims, Unix s.  Raises ValueError for another kind or range."""
    if type(value) not in (int, float) or not 0 <= value <= LAST_TIME:
        raise ValueError("a time in it is no Unix seconds")
    return float(value)


def stated_day(text: str) -> date:
    """Return a day as ISO 8601 has it.  Raises ValueError, in words that quote nothing of a certificate."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date in it is none") from None


def stated_moment(text: str) -> datetime:
    """Return a time of day with its zone; UTC where none is written.  Raises ValueError as `stated_day` does."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time of day in it is none") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_dates(evidence: Iterable[HealthEvidence], at: float) -> None:
    """Check that nothing is stated of a time that has not come.  `at`: Unix s.  Raises Refused."""
    today = (datetime.fromtimestamp(min(at, LAST_TIME), UTC) + _AHEAD).date()
    for one in evidence:
        if one.day > today or (one.at is not None and one.at - at > SKEW):
            raise Refused(Reason.NOT_YET_VALID, f"states a {one.kind} of a time that has not come")
