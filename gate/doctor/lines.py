"""A line of `gate doctor`: the check, its result, and what to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb

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


def guarded(check: str, find: Callable[[], Iterable[CheckLine]]) -> Iterator[CheckLine]:
    """Yield the lines that `find` finds; an error that ends it becomes the line of `check`, and the others go on."""
    try:
        yield from find()
    except GateError as error:
        yield failure(check, error)
    except Exception as error:  # noqa: BLE001 - a fault of one check, of whatever kind, must not hide the others
        place = extract_tb(error.__traceback__)[-1]
        words = " ".join(f"{type(error).__name__} {error}".split())[:200]
        found = f"the check itself failed: {words} ({Path(place.filename).name}:{place.lineno})"
        yield CheckLine(
            check, Mark.FAIL, found, "Report it with `gate doctor --report FILE`; the other checks are valid"
        )


def dropped_line(check: str, what: str, count: int, advice: str) -> CheckLine:
    """Return the line of a reader that has dropped input."""
    return CheckLine(check, Mark.WARN, f"dropped {count} times: {what}", advice)
