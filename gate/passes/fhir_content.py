"""The content of a SMART Health Card: immunizations and test results in a FHIR R4 bundle.

Only what a gate decides by is read: kinds, codes, dates and results.  The patient is never taken out of it.  A card
names no disease, so a rule about it names its codes: `cvx:207`, `loinc:94500-6`.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from gate.core.evidence import EvidenceKind, HealthEvidence, SampleResult
from gate.passes.certificates import stated_day, stated_moment

MOST_ENTRIES = 100  # a card in one QR code holds some ten

_SYSTEMS = {
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://id.who.int/icd11/mms": "icd11",
}
_RESULTS = {
    "snomed:260373001": SampleResult.DETECTED,
    "snomed:10828004": SampleResult.DETECTED,  # positive
    "snomed:260415000": SampleResult.NOT_DETECTED,
    "snomed:260385009": SampleResult.NOT_DETECTED,  # negative
}
_FINAL = frozenset({"final", "amended", "corrected"})


def statements(bundle: object) -> tuple[HealthEvidence, ...]:
    """Return the evidence of a bundle; other resources are passed over.  Raises ValueError for another shape."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise ValueError("credentialSubject.fhirBundle is a Bundle")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_ENTRIES:
        raise ValueError(f"a bundle has 1 to {MOST_ENTRIES} entries")
    found: list[HealthEvidence] = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            raise ValueError("an entry of a bundle holds a resource")
        if read := _READ.get(str(resource.get("resourceType"))):
            found.extend(read(resource))
    return tuple(found)


def _immunization(resource: Mapping[str, Any]) -> Iterator[HealthEvidence]:
    if resource.get("status") != "completed":
        return
    day = _moment(resource.get("occurrenceDateTime"))[0]
    for code in _codes(resource.get("vaccineCode")):
        yield HealthEvidence(EvidenceKind.VACCINATION, day, code, about_covid=False)


def _observation(resource: Mapping[str, Any]) -> Iterator[HealthEvidence]:
    if resource.get("status") not in _FINAL:
        return
    period = resource.get("effectivePeriod")
    taken = resource.get("effectiveDateTime", period.get("start") if isinstance(period, dict) else None)
    day, at = _moment(taken)
    results = [_RESULTS[code] for code in _codes(resource.get("valueCodeableConcept")) if code in _RESULTS]
    result = results[0] if len(set(results)) == 1 else None
    for code in _codes(resource.get("code")):
        yield HealthEvidence(EvidenceKind.TEST, day, code, at, about_covid=False, result=result)


_READ = {"Immunization": _immunization, "Observation": _observation}


def _codes(concept: object) -> list[str]:
    """Return the codes of a concept, each with the short name of its system."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(codings, list):
        return []
    return [
        f"{_SYSTEMS[coding['system']]}:{coding['code']}"
        for coding in codings
        if isinstance(coding, dict) and coding.get("system") in _SYSTEMS and isinstance(coding.get("code"), str)
    ]


def _moment(text: object) -> tuple[date, float | None]:
    """Return the day of a FHIR dateTime, and Unix s where it states a time of day.  A year or a month is no day."""
    if not isinstance(text, str):
        raise ValueError("a resource without its date")
    if "T" not in text:
        return stated_day(text), None
    moment = stated_moment(text)
    return moment.date(), moment.timestamp()
