"""`gate drivers`: the installed drivers, what each needs, and the keys of one."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable
from difflib import get_close_matches

import click

from gate.errors import UsageError
from gate.registry import Registered, registered
from gate.settings.reference import DriverOffer, driver_keys

_WIDE = 100  # columns: a narrower terminal would cut the names of packages, which people copy
_TABLE = (10, 16, 34)  # columns of kind, driver and what it is; the rest is what it needs


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def drivers(name: str | None, as_json: bool) -> None:
    """Show the drivers, and what each needs.

    Every installed one, third-party ones included.  With NAME that driver alone, with its keys in gate.toml and
    the boards that it knows.  Exit 1 when a driver cannot be loaded.

    \b
    Examples:
      gate drivers
      gate drivers serial_frames
    """
    rows = registered()
    if name is not None:
        rows = _named(rows, name)
    if as_json:
        for row in rows:
            click.echo(json.dumps(_facts(row)))
    elif name is not None:
        click.echo("\n\n".join(_whole(row) for row in rows))
    elif not sys.stdout.isatty():
        for row in rows:
            click.echo(_line(row))
    else:
        width = shutil.get_terminal_size().columns
        click.echo(_table(rows, width) if width >= _WIDE else "\n\n".join(block(row, width) for row in rows))
    sys.exit(1 if any(row.problem for row in rows) else 0)


def _named(rows: Iterable[Registered], name: str) -> list[Registered]:
    """Return the drivers of this name: one of each kind.  Raises UsageError."""
    known = list(rows)
    found = [row for row in known if row.name == name]
    if not found:
        near = get_close_matches(name, [row.name for row in known], 1, 0.6)
        hint = f"Did you mean `gate drivers {near[0]}`?" if near else "`gate drivers` lists them all"
        raise UsageError(f"there is no driver {name!r}", hint=hint)
    return found


def _facts(row: Registered) -> dict[str, object]:
    facts: dict[str, object] = {"kind": row.kind, "driver": row.name}
    if row.spec:
        facts |= {"summary": row.spec.summary, "needs": row.spec.needs, "simulated": row.spec.simulated}
        facts |= {"known": {key: dict(values) for key, values in row.spec.known().items()}}
    return facts | {"problem": row.problem}


def _about(row: Registered) -> tuple[str, str]:
    """Return what a driver is, and what it needs."""
    return (row.spec.summary, row.spec.needs) if row.spec else (row.problem, "")


def _line(row: Registered) -> str:
    """Return a driver in one line of four columns, for a program."""
    return "\t".join([row.kind, row.name, *_about(row)])


def _table(rows: Iterable[Registered], width: int) -> str:
    kind, name, what = _TABLE
    lines = [click.style(f"{'kind':<{kind}}{'driver':<{name}}{'what it is':<{what}}needs", bold=True)]
    for row in rows:
        summary, needs = _about(row)
        left, right = (
            textwrap.wrap(text, size, break_long_words=False, break_on_hyphens=False) or [""]
            for text, size in ((summary, what - 2), (needs, width - kind - name - what))
        )
        for number in range(max(len(left), len(right))):
            head = f"{row.kind:<{kind}}{row.name:<{name}}" if number == 0 else " " * (kind + name)
            about, need = (column[number] if number < len(column) else "" for column in (left, right))
            lines.append(f"{head}{about:<{what}}{need}".rstrip())
    return "\n".join(lines)


def block(row: Registered, width: int) -> str:
    """Return a driver for a narrow terminal, with no word cut."""
    summary, needs = _about(row)
    lines = [click.style(f"{row.kind} {row.name}", bold=True)]
    for text in (summary, f"needs {needs}" if needs else ""):
        lines += textwrap.wrap(text, width - 2, break_long_words=False, break_on_hyphens=False)
    return "\n  ".join(lines)


def _whole(row: Registered) -> str:
    """Return a driver with its keys, as gate.toml has them, and the values that it knows of some."""
    if row.spec is None:
        return f"{row.kind} {row.name}: {row.problem}"
    parts = [block(row, _WIDE)]
    offer = DriverOffer(row.kind.value, row.name, row.spec.config, row.spec.summary, row.spec.simulated)
    parts.append(driver_keys(offer))
    for key, values in row.spec.known().items():
        size = max(map(len, values)) + 2
        parts.append("\n".join([f"{key}:", *(f"  {value:<{size}}{meaning}" for value, meaning in values.items())]))
    return "\n\n".join(parts)
