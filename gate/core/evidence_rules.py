"""The colour that a health certificate of another system means here.

A certificate has no colour.  What it means is data that the authority signs: the `evidence` of rules.json, an ordered
table with examples that must hold.  The first rule that one piece of evidence satisfies gives the colour; evidence
that satisfies none has no colour, and nobody enters by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime, StringConstraints, model_validator

from gate.core.evidence import EvidenceKind, HealthEvidence, SampleResult
from gate.core.model import Status

MOST_DAYS = 3660  # ten years: no rule asks about an older vaccination

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
_Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Colour = Literal["green", "blue", "yellow", "red"]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")  # a misspelt condition would match more than it should


class EvidenceRuleForm(_Form):
    """One rule of `evidence`, as rules.json has it.  A condition that is left out holds."""

    id: _Word
    kind: EvidenceKind
    codes: tuple[_Code, ...] | None = None
    doses: Literal["complete"] | Annotated[int, Field(ge=1, le=20, strict=True)] | None = None
    result: SampleResult | None = None
    days: tuple[int, int] | None = None  # since `day`, at least and at most; calendar days at the venue
    hours: tuple[int, int] | None = None  # since the sample, at least and at most
    colour: _Colour

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.codes == ():
            raise ValueError(f"evidence rule {self.id!r}: an empty 'codes' never matches; leave it out to match all")
        for name, most in (("days", MOST_DAYS), ("hours", MOST_DAYS * 24)):
            span = getattr(self, name)
            if span is not None and not 0 <= span[0] <= span[1] <= most:
                raise ValueError(f"evidence rule {self.id!r}: {name!r} is [at least, at most], from 0 to {most}")
        if self.doses is not None and self.kind is not EvidenceKind.VACCINATION:
            raise ValueError(f"evidence rule {self.id!r}: 'doses' belongs to a vaccination")
        of_test = self.kind is EvidenceKind.TEST
        if not of_test and (self.result is not None or self.hours is not None):
            raise ValueError(f"evidence rule {self.id!r}: 'result' and 'hours' belong to a test")
        if of_test and self.result is None:
            raise ValueError(f"evidence rule {self.id!r}: a test needs 'result': detected or not_detected")
        if self.colour != "red" and self.days is None and self.hours is None and self.kind is not EvidenceKind.RECOVERY:
            raise ValueError(f"evidence rule {self.id!r}: name 'days' or 'hours'; nothing proves health for ever")
        return self


class StatedForm(_Form):
    """The evidence of an example."""

    kind: EvidenceKind
    day: date | None = None  # vaccination, recovery
    at: NaiveDatetime | None = None  # test: local time at the venue
    code: _Code = "any"
    dose: int = 0
    doses: int = 0
    result: SampleResult | None = None
    first_day: date | None = None
    last_day: date | None = None

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if (self.day is None) == (self.at is None):
            raise ValueError("evidence of an example has 'day', or 'at' where it is a test")
        return self


class EvidenceExampleForm(_Form):
    """One example that the rules must give this colour; null: none."""

    at: NaiveDatetime  # local time at the venue
    evidence: StatedForm
    colour: _Colour | None


class EvidenceForm(_Form):
    """`evidence` of rules.json."""

    rules: Annotated[tuple[EvidenceRuleForm, ...], Field(min_length=1)]
    examples: Annotated[tuple[EvidenceExampleForm, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if double := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"evidence rule id {sorted(double)[0]!r} is duplicated")
        return self


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """One rule, parsed."""

    id: str
    kind: EvidenceKind
    codes: frozenset[str] | None
    least_doses: int | None  # None: any number
    complete: bool  # the last dose of its series, or a later one
    result: SampleResult | None
    days: tuple[int, int] | None
    hours: tuple[int, int] | None
    colour: Status

    def concerns(self, evidence: HealthEvidence) -> bool:
        """Return whether the rule is about such a statement."""
        about = evidence.about_covid if self.codes is None else evidence.code in self.codes
        return about and evidence.kind is self.kind

    def holds(self, evidence: HealthEvidence, local: datetime, doses: int) -> bool:
        """Return whether a statement that it concerns satisfies this rule.  `local`: the time at the venue, aware;
        `doses`: received up to this one, where the statement gives no number."""
        today, dose = local.date(), evidence.dose or doses
        return (
            (self.result is None or evidence.result is self.result)
            and (self.least_doses is None or dose >= self.least_doses)
            and (not self.complete or 0 < evidence.doses <= dose)
            and (evidence.first_day is None or evidence.first_day <= today)
            and (evidence.last_day is None or today <= evidence.last_day)
            and _within((today - evidence.day).days, self.days)
            and (self.hours is None or _within(_hours_since(evidence, local), self.hours))
        )


def _within(passed: float | None, span: tuple[int, int] | None) -> bool:
    """Return whether that much has passed.  Without a span: whether it is not ahead."""
    if passed is None:
        return False
    return passed >= 0 if span is None else span[0] <= passed <= span[1]


def _hours_since(evidence: HealthEvidence, local: datetime) -> float | None:
    return None if evidence.at is None else (local.timestamp() - evidence.at) / 3600


def colour_of(
    rules: Sequence[EvidenceRule], evidence: Sequence[HealthEvidence], local: datetime
) -> tuple[Status, EvidenceRule] | None:
    """Return the colour that the first fitting rule gives, and that rule; None where none fits."""
    for rule in rules:
        concerned = [one for one in evidence if rule.concerns(one)]
        if any(
            rule.holds(one, local, len({other.day for other in concerned if other.day <= one.day})) for one in concerned
        ):
            return rule.colour, rule
    return None


def evidence_rules(form: EvidenceForm) -> tuple[EvidenceRule, ...]:
    """Return the rules of a form.  Raises ValueError naming an example that they do not decide as it states."""
    rules = tuple(_rule(rule) for rule in form.rules)
    for number, example in enumerate(form.examples, 1):
        local = example.at.replace(tzinfo=UTC)  # an example has no zone: only differences count
        found = colour_of(rules, (_stated(example.evidence),), local)
        colour = None if found is None else found[0].colour
        if colour != example.colour:
            by = f"rule {found[1].id!r}" if found else "no rule matching"
            raise ValueError(
                f"evidence example {number} fails: {example.evidence.kind} at {example.at:%Y-%m-%d %H:%M} would be "
                f"{colour or 'without a colour'} ({by}), not {example.colour or 'without one'}"
            )
    return rules


def _rule(form: EvidenceRuleForm) -> EvidenceRule:
    return EvidenceRule(
        id=form.id,
        kind=form.kind,
        codes=None if form.codes is None else frozenset(form.codes),
        least_doses=form.doses if isinstance(form.doses, int) else None,
        complete=form.doses == "complete",
        result=form.result,
        days=form.days,
        hours=form.hours,
        colour=Status[form.colour.upper()],
    )


def _stated(form: StatedForm) -> HealthEvidence:
    at = None if form.at is None else form.at.replace(tzinfo=UTC).timestamp()
    day = form.day if form.day is not None else form.at.date() if form.at is not None else date.min
    return HealthEvidence(
        form.kind,
        day,
        form.code,
        at,
        dose=form.dose,
        doses=form.doses,
        result=form.result,
        first_day=form.first_day,
        last_day=form.last_day,
    )
