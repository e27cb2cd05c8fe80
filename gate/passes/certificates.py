"""The checks that certificates of other systems share."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gate.core.evidence import HealthEvidence
from gate.core.model import Refused
from gate.core.reason import Reason
from gate.passes.aq1 import SKEW

_AHEAD = timedelta(hours=14)  # a day begins at UTC+14 before it begins in Greenwich
_CERTIFICATES = 2**63  # above every place of the status list, so that no certificate meets one


def holder_of(format_: str, identifier: str) -> int:
    """Return the number that stands for the holder: 63 bits of a digest of what identifies the certificate."""
    digest = hashlib.sha256(f"{format_}\0{identifier}".encode()).digest()
    return _CERTIFICATES | int.from_bytes(digest[:8], "big") >> 1


def check_dates(evidence: Iterable[HealthEvidence], at: float) -> None:
    """Check that nothing is stated of a time that has not come.  `at`: Unix s.  Raises Refused."""
    today = (datetime.fromtimestamp(at, UTC) + _AHEAD).date()
    for one in evidence:
        if one.day > today or (one.at is not None and one.at - at > SKEW):
            raise Refused(Reason.NOT_YET_VALID, f"states a {one.kind} of a time that has not come")
