"""The reports of a visit's process to its parent: lines of JSON, bounded and checked.

The process handles untrusted data, so its parent trusts only the checked format of these lines.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from gate.errors import DamagedError, GateError, StoreError
from gate.sync.allowance import Step, VisitPhase
from gate.sync.round import MirrorProblem, Outcome, Visited

MAX_LINE = 1 << 16  # bytes
_LONGEST = 2000  # characters of one message


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """Report of a visit that ended, successful or not."""

    visited: Visited


@dataclass(frozen=True, slots=True)
class VisitFailed:
    """Report of a fault of this device, not of the mirror."""

    error: GateError


def step_line(step: Step) -> bytes:
    return _line({"step": [step.phase.value, step.about[:_LONGEST], step.received]})


def ended_line(visited: Visited) -> bytes:
    return _line({"ended": asdict(visited)})


def failed_line(error: GateError) -> bytes:
    kind = "damaged" if isinstance(error, DamagedError) else "store"
    return _line({"failed": [kind, error.what[:_LONGEST], error.hint[:_LONGEST]]})


def parsed(line: bytes) -> Step | VisitEnded | VisitFailed | None:
    """Parse a line; None for an invalid one."""
    if len(line) > MAX_LINE:
        return None
    try:
        ((name, value),) = json.loads(line).items()
        if name == "step":
            phase, about, received = value
            return Step(VisitPhase(phase), _text(about), _number(received))
        if name == "ended":
            return VisitEnded(_visited(value))
        if name == "failed":
            kind, what, hint = value
            failure = DamagedError if kind == "damaged" else StoreError
            return VisitFailed(failure(_text(what), hint=_text(hint)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return None


def _visited(value: dict[str, Any]) -> Visited:
    outcome = value["outcome"]
    return Visited(
        None if outcome is None else _outcome(outcome),
        tuple(MirrorProblem(_text(problem["what"]), _text(problem["hint"])) for problem in value["problems"]),
        _number(value["received"]),
    )


def _outcome(value: dict[str, Any]) -> Outcome:
    if not isinstance(value["changed"], bool):
        raise TypeError("a field of another kind")
    return Outcome(
        mirror=_text(value["mirror"]),
        version=_number(value["version"]),
        as_of=_number(value["as_of"]),
        listed=_number(value["listed"]),
        changed=value["changed"],
        received=_number(value["received"]),
        way=_text(value["way"]),
        applied_in=_seconds(value["applied_in"]),
        problems=tuple(_text(problem) for problem in value["problems"]),
    )


def _text(value: object) -> str:
    """Return a text as one line: it may contain a mirror's text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return "".join(letter if letter.isprintable() else "?" for letter in value)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise TypeError("no number")
    return value


def _seconds(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value < 1 << 31:  # type: ignore[operator]  # one of both
        raise TypeError("no time span")
    return float(value)  # type: ignore[arg-type]  # as above


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"
