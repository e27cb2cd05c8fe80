"""`gate journal`: read, verify and export it."""

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gate.cli.where import state_directory, state_options
from gate.device.owner import become_owner
from gate.store.journal import COLUMNS
from gate.store.journal_export import write_into
from gate.store.journal_proof import last_row, open_journal, prove, read_rows


@click.group()
def journal() -> None:
    """Show, verify and export the journal.  It names nobody."""


@journal.command()
@state_options
@click.option("-n", "count", type=click.IntRange(0, 2**53), default=20, show_default=True, help="Number of rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a row.")
def tail(config: Path | None, state_dir: Path | None, count: int, as_json: bool) -> None:
    """Show the last rows."""
    state = _state(config, state_dir)
    with open_journal(state) as connection:
        for row in read_rows(state, connection, after=last_row(connection) - count):
            del row["hash"]
            click.echo(json.dumps(row, default=_hex) if as_json else _line(row))


@journal.command()
@state_options
@click.option("--checkpoint", help="SEQ:DIGEST from the device's log: reveals rows that were cut off since.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(config: Path | None, state_dir: Path | None, checkpoint: str | None, as_json: bool) -> None:
    """Verify that no row was changed or removed.

    Nor inserted.  Exit 1, with the row's number, when one was.  The device's signature on every checkpoint is
    verified.  Rows cut off at the end are found only with a checkpoint that left the device: they are in its
    log.
    """
    proof = prove(_state(config, state_dir), checkpoint)
    if as_json:
        facts = {"ok": True, "rows": proof.rows, "checkpoints": proof.checkpoints, "end": proof.end}
        click.echo(json.dumps({**facts, "first": proof.first, "lost": proof.lost}))
        return
    click.echo(f"whole: {proof.rows} rows, signed checkpoints: {proof.checkpoints}, end {proof.end}")
    if proof.first > 1 and not proof.lost:
        click.echo(f"rows 1 to {proof.first - 1} were kept for [journal] keep, and are deleted")
    for begin, end in proof.lost:
        click.echo(f"but rows {begin} to {end} were lost: row {end + 1} says how")


@journal.command()
@state_options
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option(
    "--after",
    type=click.IntRange(0, 2**53),
    default=0,
    help="Only rows after this seq, to continue the last export.",
)
@click.option(
    "--sqlite",
    "database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a table `journal` of this SQLite file instead; rows that it has are skipped.",
)
def export(config: Path | None, state_dir: Path | None, form: str, after: int, database: Path | None) -> None:
    """Write the rows to stdout, or to SQLite.

    To stdout as CSV or as JSON lines, or into a file of SQLite."""
    with open_journal(state := _state(config, state_dir)) as connection:
        rows = ({**row, "hash": _hex(row["hash"])} for row in read_rows(state, connection, after=after))
        if database is not None:
            click.echo(f"{write_into(database, rows)} rows written to {database}", err=True)
        elif form == "csv":
            out = csv.DictWriter(sys.stdout, [*COLUMNS, "hash"], lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
        else:
            for row in rows:
                click.echo(json.dumps(row, default=_hex))


def _state(config: Path | None, state_dir: Path | None) -> Path:
    state = state_directory(config, state_dir)
    become_owner(state)  # reading may have to recover a WAL
    return state


def _hex(value: object) -> str:
    """Return a row's bytes as hex; changed rows may contain any type."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _when(at: object) -> str:
    try:
        return datetime.fromtimestamp(int(str(at)) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):  # a changed row
        return f"{at!s:19}"


def _line(row: dict[str, Any]) -> str:
    at = _when(row["at"])
    words = [f"{row['seq']:>6}", at, f"{row['event']!s:9}"]
    words += [str(row[name]) for name in ("reason", "direction", "issuer", "detail") if row[name] is not None]
    if row["grant"] is not None:
        words.append(f"(of {row['grant']})")
    if row["actor"] is not None:
        words.append(f"[{row['actor']}]")
    return " ".join(words)
