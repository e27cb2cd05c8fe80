"""`gate journal`: read, verify and export it."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from gate.cli.moments import Moments, period, period_options, tz_option
from gate.cli.where import config_file, state_directory, state_options
from gate.core.acceptance_record import LARGEST, digest_of, facts_in
from gate.core.journal_event import JournalEvent
from gate.device.owner import become_owner
from gate.errors import StoreError, UsageError
from gate.settings.text import parse_text, read_text
from gate.store.journal_export import EXPORTED, write_into
from gate.store.journal_proof import last_row, open_journal, prove, read_rows


@click.group()
def journal() -> None:
    """Show, verify and export the journal.  It names nobody."""


@journal.command()
@state_options
@click.option("-n", "count", type=click.IntRange(0, 2**53), default=20, show_default=True, help="Number of rows.")
@tz_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a row.")
def tail(config: Path | None, state_dir: Path | None, count: int, tz: str | None, as_json: bool) -> None:
    """Show the last rows."""
    moments = _moments(config, state_dir, tz)
    state = _state(config, state_dir)
    with open_journal(state) as connection:
        for row in read_rows(state, connection, after=last_row(connection) - count):
            del row["hash"]
            click.echo(json.dumps(row, default=_hex) if as_json else _line(row, moments))


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
@period_options
def export(
    config: Path | None,
    state_dir: Path | None,
    form: str,
    after: int,
    database: Path | None,
    since: str | None,
    until: str | None,
    tz: str | None,
) -> None:
    """Write the rows to stdout, or to SQLite.

    To stdout as CSV or as JSON lines, or into a file of SQLite.  The column `time` is `at` as ISO text."""
    moments = _moments(config, state_dir, tz)
    within = period(moments, since, until)
    with open_journal(state := _state(config, state_dir)) as connection:
        rows = _timed(read_rows(state, connection, after=after), moments, within)
        if database is not None:
            click.echo(f"{write_into(database, rows)} rows written to {database}", err=True)
        elif form == "csv":
            out = csv.DictWriter(sys.stdout, EXPORTED, lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
        else:
            for row in rows:
                click.echo(json.dumps(row, default=_hex))


@journal.command()
@click.argument("record", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def accepted(record: Path, config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Verify an acceptance against the journal.

    The record's facts are shown as the journal holds them, whatever else the page says.  Exit 1 where no row
    holds them, or the journal was changed.
    """
    try:
        text, facts = facts_in(record.read_text("utf-8")[: LARGEST + 1])
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{record}: {error}", hint="Name the HTML file that the desk gave for it") from error
    state, digest = _state(config, state_dir), digest_of(text)
    prove(state)
    with open_journal(state) as connection:
        rows = [row["seq"] for row in read_rows(state, connection) if _holds(row, digest)]
    if not rows:
        raise StoreError(
            "the journal of this gate holds no such record", hint="Was it made by another gate, or changed since?"
        )
    if as_json:
        click.echo(json.dumps({"ok": True, "row": rows[0], "facts": facts}, ensure_ascii=False))
        return
    click.echo(f"row {rows[0]} of the journal holds this record:")
    for trial in facts.pop("trials"):
        click.echo(f"  {trial['trial']:<12} {trial['result']}")
    for name, value in facts.items():
        click.echo(f"  {name:<16} {value}")


def _holds(row: dict[str, Any], digest: str) -> bool:
    return bool(row["event"] == JournalEvent.ACCEPTANCE and row["detail"] == digest)


def _state(config: Path | None, state_dir: Path | None) -> Path:
    state = state_directory(config, state_dir)
    become_owner(state)  # reading may have to recover a WAL
    return state


def _hex(value: object) -> str:
    """Return a row's bytes as hex; changed rows may contain any type."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _moments(config: Path | None, state_dir: Path | None, tz: str | None) -> Moments:
    """Return the time zone to show: the one asked for, else the venue's; a faulty configuration does not keep a
    person from the journal.  Raises UsageError, ConfigError."""
    if tz is None and not (state_dir is not None and config is None):
        data, _ = parse_text(file := config_file(config), read_text(file))
        venue = data.get("venue")
        named = venue.get("timezone") if isinstance(venue, dict) else None
        try:
            return Moments.of(named if isinstance(named, str) else None)
        except UsageError:
            return Moments()
    return Moments.of(tz)


def _timed(
    rows: Iterable[dict[str, Any]], moments: Moments, within: tuple[float | None, float | None]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of this time as they are exported."""
    since, until = ((None if end is None else end * 1000) for end in within)
    for row in rows:
        at = row["at"]
        known = at if isinstance(at, int) else 0  # a changed row
        if (since is None or known >= since) and (until is None or known < until):
            seq = row.pop("seq")
            yield {"seq": seq, "time": moments.iso(known / 1000), **row, "hash": _hex(row["hash"])}


def _line(row: dict[str, Any], moments: Moments) -> str:
    at = moments.show(row["at"] / 1000) if isinstance(row["at"], int) else f"{row['at']!s:26}"  # a changed row
    words = [f"{row['seq']:>6}", at, f"{row['event']!s:9}"]
    words += [str(row[name]) for name in ("reason", "direction", "issuer", "detail") if row[name] is not None]
    if row["grant"] is not None:
        words.append(f"(of {row['grant']})")
    if row["actor"] is not None:
        words.append(f"[{row['actor']}]")
    return " ".join(words)
