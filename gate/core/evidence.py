"""Health evidence: what a health certificate of another system states.  The rules decide what it means here."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class EvidenceKind(StrEnum):
    """The kind of a certificate."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"


class SampleResult(StrEnum):
    """The result of a test."""

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"


@dataclass(frozen=True, slots=True)
class HealthEvidence:
    """One statement of a certificate.  It names nobody."""

    kind: EvidenceKind
    day: date  # of the vaccination, the sample, or the first positive result; as written, at its place
    code: str = ""  # of the vaccine or of the kind of test, in its system's own terms
    at: float | None = None  # test: Unix s of the sample; None: only the day is stated
    about_covid: bool = True  # stated by the certificate; False: only its code may tell
    dose: int = 0  # vaccination: the number of this dose; 0: not stated
    doses: int = 0  # of the series; 0: not stated
    result: SampleResult | None = None  # test; None: another or none
    first_day: date | None = None  # recovery: the days that its issuer lets it hold, both inclusive
    last_day: date | None = None
