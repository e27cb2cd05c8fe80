"""`gate journal`: read it, prove it whole, export it."""

import csv
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlite_utils import Database

from gate.cli.owner import become_owner
from gate.cli.where import state_directory, state_options
from gate.errors import StoreError
from gate.store import device_key
from gate.store import journal as store
from gate.store.database import File, open_for_reading


@click.group()
def journal() -> None:
    """Read the journal, prove it whole, export it.  It names nobody."""


@journal.command()
@state_options
@click.option("-n", "count", default=20, show_default=True, help="How many of the last rows.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")
def tail(config: Path | None, state_dir: Path | None, count: int, as_json: bool) -> None:
    """Show the last rows."""
    with _opened(state_directory(config, state_dir)) as connection:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
        for row in store.read(connection, after=last - count):
            click.echo(json.dumps(row) if as_json else _line(row))


@journal.command()
@state_options
@click.option("--checkpoint", help="SEQ:DIGEST from the device's log: a tail cut since then shows.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(config: Path | None, state_dir: Path | None, checkpoint: str | None, as_json: bool) -> None:
    """Prove that no row was edited, inserted or removed.  Exit 1 and the row's number when one was.

    The device's signature is checked on every checkpoint; a cut tail shows only against a checkpoint that
    left the device (they are in its log).
    """
    state = state_directory(config, state_dir)
    key = device_key.load(state)
    with _opened(state) as connection:
        proof = store.verify(connection, key.verify_key if key else None, checkpoint)
    facts = {"ok": True, "rows": proof.rows, "checkpoints": proof.checkpoints, "end": proof.end}
    click.echo(
        json.dumps(facts)
        if as_json
        else f"whole: {proof.rows} rows, signed checkpoints: {proof.checkpoints}, end {proof.end}"
    )


@journal.command()
@state_options
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--after", default=0, help="Only rows after this seq: to go on where the last export ended.")
def export(config: Path | None, state_dir: Path | None, form: str, after: int) -> None:
    """Write rows to stdout as CSV or JSON lines."""
    out = csv.DictWriter(sys.stdout, [*store.COLUMNS, "hash"], lineterminator="\n")
    if form == "csv":
        out.writeheader()
    with _opened(state_directory(config, state_dir)) as connection:
        for row in Database(connection)["journal"].rows_where("seq > ?", [after], order_by="seq"):
            row["hash"] = row["hash"].hex()
            if form == "csv":
                out.writerow(row)
            else:
                click.echo(json.dumps(row))


@contextmanager
def _opened(state: Path) -> Iterator[sqlite3.Connection]:
    become_owner(state)  # reading may have to bring a WAL in
    connection = open_for_reading(File.LANE, state)
    if connection is None:
        raise StoreError(f"{state} holds no journal", hint="It begins with the first `gate run`; check the directory")
    with closing(connection):
        yield connection


def _line(row: dict[str, str | int | None]) -> str:
    at = datetime.fromtimestamp(int(row["at"] or 0) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = [f"{row['seq']:>6}", at, f"{row['event']:9}"]
    words += [str(row[name]) for name in ("reason", "direction", "issuer", "detail") if row[name] is not None]
    if row["grant"] is not None:
        words.append(f"(of {row['grant']})")
    if row["actor"] is not None:
        words.append(f"[{row['actor']}]")
    return " ".join(words)
