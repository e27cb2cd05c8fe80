"""A line of `gate doctor`: the check, its result, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from gate.errors import GateError


class Mark(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"  # it could not be checked: neither good nor bad


@dataclass(frozen=True, slots=True)
class CheckLine:
    """The result of one check."""

    check: str
    state: Mark
    found: str
    advice: str = ""  # what to do, or what it takes to know; empty when all is well


def failure(check: str, error: GateError) -> CheckLine:
    """Return the line of a check that failed with an error."""
    return CheckLine(check, Mark.FAIL, error.what, error.hint)
