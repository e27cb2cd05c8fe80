"""The report of a doctor for a ticket: one text file that a support person reads, without secrets and people."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from gate.doctor.examined import ExaminedGate, RunTool, run_tool
from gate.doctor.lines import CheckLine, Mark
from gate.errors import ConfigError, UsageError
from gate.settings.load import Loaded
from gate.settings.problems import dotted
from gate.settings.redaction import Redaction
from gate.settings.review import effective
from gate.store.durable import write_whole

_LOG_LINES = 200  # of each unit: half a day of an ordinary gate
_UNITS = ("gate", "gate-sync", "gate-desk", "gate-provision", "gate-release")
_PLAIN = ("--no-pager", "-o", "short-iso", "-q")
_UNREAD = "it cannot be read here, or not by this account"
_MODE = 0o600  # it goes into a ticket by the hand of the person who asked for it
_FOREWORD = """\
This report holds no passwords, keys, passes, IINs or names: they were left out or replaced by [hidden], [pass],
[12 digits], [hexadecimal], [base64] and [key].  Read it before you send it.
"""
_MARKS = {Mark.PASS: "pass   ", Mark.WARN: "WARN   ", Mark.FAIL: "FAIL   ", Mark.UNKNOWN: "unknown"}


def write_report(
    path: Path, examined: ExaminedGate, loaded: Loaded, facts: dict[str, str], lines: Sequence[CheckLine]
) -> None:
    """Write the report.  Raises UsageError where it cannot be written."""
    sieve = Redaction(examined.settings.model_dump(mode="json"), examined.root / "etc/credstore")
    sections = (
        *_titled("Device", (f"{key:10} {value}" for key, value in facts.items())),
        *_checks(lines),
        *_titled("Configuration", _configuration(loaded, sieve)),
        *_titled("Packages", _packages()),
        *_logs(examined.run, examined.unit),
    )
    _write(path, sieve.text("\n".join(sections)))


def write_report_of_fault(path: Path, file: Path, error: ConfigError) -> None:
    """Write the report of a device whose configuration cannot be used: nothing else is known of it.  Raises UsageError
    where it cannot be written."""
    sections = (
        *_titled("Configuration that cannot be used", str(error).splitlines()),
        *_titled("Packages", _packages()),
        *_logs(run_tool, ""),
    )
    try:
        tables = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        tables = {}
    _write(path, Redaction(tables).text("\n".join(sections)))


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path.absolute(), f"Report of an Ashyq Gate\n\n{_FOREWORD}{text}".encode(), _MODE)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Name a file in a folder that you may write to") from error


def _checks(lines: Sequence[CheckLine]) -> Iterator[str]:
    faults = [line for line in lines if line.state is not Mark.PASS]
    yield from _titled("Faults, and what is not known", [_row(line) for line in faults] or ["none"])
    yield from _titled("All checks", [_row(line) for line in lines])


def _logs(run: RunTool, unit: str) -> Iterator[str]:
    own = unit.removesuffix(".service")
    for name in dict.fromkeys((*_UNITS, *((own,) if own else ()))):
        text = run(("journalctl", "-u", name, "-n", str(_LOG_LINES), *_PLAIN))
        if text and text.strip():
            yield from _titled(f"Log of {name}", text.splitlines())
    # Most faults of a device begin with what the kernel logged of cards, USB and power.
    text = run(("journalctl", "-k", "-b", "-p", "warning", "-n", str(_LOG_LINES), *_PLAIN))
    yield from _titled("Log of the kernel", text.splitlines() if text else [_UNREAD])


def _titled(title: str, rows: Iterable[str]) -> Iterator[str]:
    yield f"\n{title}\n{'-' * len(title)}"
    yield from rows


def _row(line: CheckLine) -> str:
    advice = f"\n{'':21}-> {line.advice}" if line.advice else ""
    return f"{_MARKS[line.state]} {line.check:<12} {line.found}{advice}"


def _configuration(loaded: Loaded, sieve: Redaction) -> Iterator[str]:
    for row in effective(loaded):
        key = str(row.path[-1])
        place = f"line {row.line}" if row.line else "default"
        yield f"{dotted(row.path)} = {json.dumps(sieve.value(key, row.value), ensure_ascii=False)}  # {place}"


def _packages() -> Iterator[str]:
    try:
        needed = requires("ashyq-gate") or []
    except PackageNotFoundError:
        needed = []
    for name in sorted({match[0] for need in needed if (match := re.match(r"[A-Za-z0-9._-]+", need))}):
        try:
            yield f"{name:24} {version(name)}"
        except PackageNotFoundError:
            continue  # of an extra that this gate does not have
