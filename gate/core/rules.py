"""Venue rules: which colours may enter where and when.

Ordered; the first rule that matches decides, and without a match the gate refuses.  Dates and hours are in the
venue's time zone.  A rule set carries examples that must hold.  `parse_rules` refuses a set whose own examples
fail, that could admit red, or that is empty, so that a typing error cannot open a door.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime, StringConstraints, ValidationError, model_validator

from gate.core.evidence import HealthEvidence
from gate.core.evidence_rules import EvidenceForm, EvidenceRule, colour_of, evidence_rules
from gate.core.form_error import first_error
from gate.core.model import Status
from gate.core.schedule import DAYS, Weekday
from gate.errors import PublishError

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
_Colour = Literal["green", "blue", "yellow", "red"]
_Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class _Form(BaseModel):
    # Unknown keys are errors: a rule with a misspelt condition would match more than it should.
    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleForm(_Form):
    """One rule, as rules.json has it."""

    id: _Word
    from_: Annotated[date | None, Field(alias="from")] = None  # first day
    until: date | None = None  # last day, inclusive
    categories: tuple[_Word, ...] | None = None
    except_: Annotated[tuple[_Word, ...], Field(alias="except")] = ()  # categories
    zones: tuple[_Word, ...] | None = None
    weekdays: tuple[Weekday, ...] | None = None
    hours: _Hours | None = None  # "22:00-06:00" runs over midnight
    admit: tuple[_Colour, ...]  # empty: nobody

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if "red" in self.admit:
            raise ValueError(f"rule {self.id!r} would admit red, which may enter nowhere")
        for name in ("categories", "zones", "weekdays"):
            if getattr(self, name) == ():
                raise ValueError(f"rule {self.id!r}: an empty {name!r} never matches; leave it out to match all")
        if self.from_ and self.until and self.until < self.from_:
            raise ValueError(f"rule {self.id!r}: 'until' lies before 'from'")
        if self.hours and self.hours[:5] == self.hours[6:]:
            raise ValueError(f"rule {self.id!r}: 'hours' is empty; leave it out for the whole day")
        return self


class ExampleForm(_Form):
    """One example that the rules must decide as it states."""

    at: NaiveDatetime  # local time at the venue
    category: _Word
    zone: _Word = "any"
    status: _Colour
    admit: bool


class RulesForm(_Form):
    """rules.json as a whole."""

    version: Annotated[int, Field(ge=1, lt=2**53, strict=True)]
    rules: Annotated[tuple[RuleForm, ...], Field(min_length=1)]
    examples: tuple[ExampleForm, ...] = ()
    evidence: EvidenceForm | None = None  # the colours of certificates of other systems; None: they have none

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if double := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"rule id {sorted(double)[0]!r} is duplicated")
        return self


@dataclass(frozen=True, slots=True)
class Venue:
    """The venue that rules are applied at."""

    category: str
    zone: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, parsed."""

    id: str
    first_day: date
    last_day: date
    categories: frozenset[str] | None
    exempt: frozenset[str]
    zones: frozenset[str] | None
    weekdays: frozenset[int]  # 0 is Monday
    hours: tuple[time, time] | None
    admit: frozenset[Status]

    def concerns(self, venue: Venue) -> bool:
        """Return whether the rule applies at this venue."""
        return (
            (self.categories is None or venue.category in self.categories)
            and venue.category not in self.exempt
            and (self.zones is None or venue.zone in self.zones)
        )

    def in_force(self, local: datetime) -> bool:
        """Return whether the rule is in force.  `local`: the wall clock at the venue."""
        return (
            self.first_day <= local.date() <= self.last_day
            and local.weekday() in self.weekdays
            and (self.hours is None or _within(local.time(), self.hours))
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in their order, and their version."""

    version: int
    rules: tuple[Rule, ...]
    evidence: tuple[EvidenceRule, ...] = ()

    def __post_init__(self) -> None:
        if not self.rules:  # an empty set must never read as "no objection"
            raise PublishError("rule set without rules", hint="Write at least one rule")

    def at_venue(self, venue: Venue) -> "RuleSet | None":
        """Return only the rules that concern this venue; None when there are none."""
        rules = tuple(rule for rule in self.rules if rule.concerns(venue))
        return replace(self, rules=rules) if rules else None

    def deciding(self, local: datetime) -> Rule | None:
        """Return the first rule in force at this wall-clock time."""
        for rule in self.rules:
            if rule.in_force(local):
                return rule
        return None

    def colour(self, evidence: Sequence[HealthEvidence], local: datetime) -> Status | None:
        """Return the colour of a certificate's evidence at this wall-clock time; None: it has none here."""
        found = colour_of(self.evidence, evidence, local)
        return None if found is None else found[0]


def parse_rules(text: str | bytes) -> RuleSet:
    """Parse a rule set.  Raises PublishError naming the rule or example that is wrong."""
    try:
        form = RulesForm.model_validate_json(text)
    except ValidationError as error:
        raise PublishError(f"rules: {first_error(error)}", hint="Correct rules.json and publish it again") from error
    try:
        evidence = () if form.evidence is None else evidence_rules(form.evidence)
    except ValueError as error:
        raise PublishError(f"rules: {error}", hint="Correct the rule or the example") from error
    rule_set = RuleSet(form.version, tuple(_rule(rule) for rule in form.rules), evidence)
    for number, example in enumerate(form.examples, 1):
        _check(rule_set, number, example)
    return rule_set


def _rule(form: RuleForm) -> Rule:
    days = form.weekdays or DAYS
    return Rule(
        id=form.id,
        first_day=form.from_ or date.min,
        last_day=form.until or date.max,
        categories=None if form.categories is None else frozenset(form.categories),
        exempt=frozenset(form.except_),
        zones=None if form.zones is None else frozenset(form.zones),
        weekdays=frozenset(DAYS.index(day) for day in days),
        hours=None if form.hours is None else (time.fromisoformat(form.hours[:5]), time.fromisoformat(form.hours[6:])),
        admit=frozenset(Status[colour.upper()] for colour in form.admit),
    )


def _within(clock: time, hours: tuple[time, time]) -> bool:
    start, end = hours
    return start <= clock < end if start < end else clock >= start or clock < end


def _check(rule_set: RuleSet, number: int, example: ExampleForm) -> None:
    at_venue = rule_set.at_venue(Venue(example.category, example.zone))
    rule = at_venue.deciding(example.at) if at_venue else None
    admitted = rule is not None and Status[example.status.upper()] in rule.admit
    if admitted != example.admit:
        by = f"rule {rule.id!r}" if rule else "no rule matching"
        raise PublishError(
            f"rules: example {number} fails: {example.status} at {example.category} on {example.at:%Y-%m-%d %H:%M} "
            f"would be {'admitted' if admitted else 'refused'} ({by})",
            hint="Correct the rule or the example",
        )
