"""The content of an EU Digital COVID Certificate (eHealth Network, "EU DCC JSON schema" 1.3.2): one vaccination, test
or recovery.

Only what a gate decides by is read, and that strictly; names and the date of birth are never taken out of it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from gate.core.evidence import EvidenceKind, HealthEvidence, SampleResult
from gate.passes.certificates import stated_day, stated_moment

COVID_19 = "840539006"  # SNOMED CT
_RESULTS = {"260373001": SampleResult.DETECTED, "260415000": SampleResult.NOT_DETECTED}  # SNOMED CT
_KINDS = {"v": EvidenceKind.VACCINATION, "t": EvidenceKind.TEST, "r": EvidenceKind.RECOVERY}
_TEXTS = {
    EvidenceKind.VACCINATION: ("tg", "vp", "mp", "ma", "dt", "co", "is", "ci"),
    EvidenceKind.TEST: ("tg", "tt", "sc", "tr", "co", "is", "ci"),
    EvidenceKind.RECOVERY: ("tg", "fr", "co", "is", "df", "du", "ci"),
}
_MOST_DOSES = 20


class Statement(NamedTuple):
    """The part of a certificate that a gate decides by."""

    identifier: str  # ci
    country: str  # co
    kind: EvidenceKind
    evidence: tuple[HealthEvidence, ...]  # empty: about another disease


def statement(certificate: object) -> Statement:
    """Return what a decoded certificate states.  Raises ValueError."""
    stated = _map(certificate, "a certificate")
    _text(stated, "ver")
    _text(_map(stated.get("nam"), "nam"), "fnt")
    if not isinstance(stated.get("dob"), str):  # may be empty: not everybody knows their day
        raise ValueError("dob is a text")
    held = [(kind, stated[name]) for name, kind in _KINDS.items() if stated.get(name) is not None]
    if len(held) != 1 or not isinstance(held[0][1], list) or len(held[0][1]) != 1:
        raise ValueError("a certificate holds one vaccination, test or recovery")
    kind, entry = held[0][0], _map(held[0][1][0], "an entry")
    for name in _TEXTS[kind]:
        _text(entry, name)
    evidence = _READ[kind](entry)
    return Statement(entry["ci"], entry["co"], kind, (evidence,) if entry["tg"] == COVID_19 else ())


def _vaccination(entry: Mapping[str, Any]) -> HealthEvidence:
    dose, doses = entry.get("dn"), entry.get("sd")
    if type(dose) is not int or type(doses) is not int or not (1 <= dose <= _MOST_DOSES and 1 <= doses <= _MOST_DOSES):
        raise ValueError(f"dn and sd are numbers of doses, 1 to {_MOST_DOSES}")
    return HealthEvidence(EvidenceKind.VACCINATION, _day(entry["dt"]), entry["mp"], dose=dose, doses=doses)


def _test(entry: Mapping[str, Any]) -> HealthEvidence:
    taken = stated_moment(entry["sc"])
    result = _RESULTS.get(entry["tr"])
    return HealthEvidence(EvidenceKind.TEST, taken.date(), entry["tt"], taken.timestamp(), result=result)


def _recovery(entry: Mapping[str, Any]) -> HealthEvidence:
    first, last = _day(entry["df"]), _day(entry["du"])
    return HealthEvidence(EvidenceKind.RECOVERY, _day(entry["fr"]), first_day=first, last_day=last)


_READ = {EvidenceKind.VACCINATION: _vaccination, EvidenceKind.TEST: _test, EvidenceKind.RECOVERY: _recovery}


def _map(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is a map")
    return value


def _text(stated: Mapping[str, Any], name: str) -> str:
    value = stated.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def _day(text: str) -> date:
    """Return the day of a date, or of a time that stands in its place, as some issuers write it."""
    return stated_day(text[:10])
