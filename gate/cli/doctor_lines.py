"""A line of `gate doctor`: what was looked at, how it is, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from gate.errors import GateError


class State(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Line:
    check: str
    state: State
    found: str
    advice: str = ""  # what to do; empty when all is well


def failure(check: str, error: GateError) -> Line:
    return Line(check, State.FAIL, error.what, error.hint)
