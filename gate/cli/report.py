"""`gate report`: what happened at the entrance, for the person the gate works for."""

import sys
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gate.cli.moments import Moments
from gate.cli.where import USUAL, config_as_given, config_file
from gate.core.language import LANGUAGES
from gate.errors import UsageError

if TYPE_CHECKING:
    from gate.report.figures import GateReport
    from gate.report.making import ReportedDoor

MANY_PARTS = 10  # files of a journal, from which the progress is shown


class _Gate(NamedTuple):
    """The configured gate: what is reported on, the present by its trusted time, its language."""

    door: "ReportedDoor"
    now: float
    language: str
    keep_for: float


@click.command()
@config_as_given("--config", "config")
@click.option("--day", metavar="DAY", help="One day: yesterday, today, or as 2026-11-27.  [default: yesterday]")
@click.option("--week", is_flag=True, help="The seven days up to yesterday.")
@click.option("--from", "first", metavar="DAY", help="The first of several days.")
@click.option("--to", "last", metavar="DAY", help="The last of them.  [default: yesterday]")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language.  [default: the venue's first]")
@click.option("--json", "form", flag_value="json", help="Print JSON, which --merge takes.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV for Excel.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to FILE, for one A4.")
@click.option(
    "--merge",
    "others",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Add another door: its --json, or its `gate journal export`.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the reports that are due in a folder, for the desk; print nothing.",
)
def report(
    config: Path | None,
    day: str | None,
    week: bool,
    first: str | None,
    last: str | None,
    lang: str | None,
    form: str | None,
    html: Path | None,
    others: tuple[Path, ...],
    into: Path | None,
) -> None:
    """Show who came, who was refused and why.

    By day and hour, with down times, the acts of staff and what a pilot would have refused.  It names nobody, and
    shows no small group by status.  Days are the venue's."""
    if into is not None:
        if others or form or html or day or week or first or last:
            raise UsageError("--into goes with --config alone", hint="It chooses the days by itself")
        return _keep(_gate(config, lang), into)
    alone = config is None and not USUAL.exists() and bool(others)  # a manager's computer, with reports of doors
    gate = None if alone else _gate(config, lang)
    days = _days(gate.door.zone if gate else None, gate.now if gate else time.time(), day, week, first, last)
    reports = _read_others(others, gate, days)
    if gate:
        from gate.report.making import make

        reports.insert(0, make(gate.door, days, gate.now, _progress))
    _show(reports, lang or (gate.language if gate else LANGUAGES[0]), form, html)
    return None


def _gate(config: Path | None, language: str | None) -> _Gate:
    """Return the configured gate, and become the owner of its state.  Raises UsageError, ConfigError, StoreError."""
    from gate.device.owner import become_owner
    from gate.report.making import ReportedDoor
    from gate.settings.load import load_tables
    from gate.settings.zones import zone
    from gate.state import trusted_clock

    tables = load_tables(config_file(config))
    state = tables.paths.state_dir
    become_owner(state)  # reading may have to recover a WAL
    clock = trusted_clock(state, tables.clock.untrusted_for)
    door = ReportedDoor(tables.venue.id, tables.device.id, zone(tables.venue.timezone), state)
    return _Gate(door, clock.now(), language or tables.venue.languages[0], tables.journal.keep)


def _days(
    zone: tzinfo | None, now: float, day: str | None, week: bool, first: str | None, last: str | None
) -> list[date]:
    """Return the days that the options name.  Raises UsageError."""
    from gate.report.building import check_days

    if sum((day is not None, week, first is not None or last is not None)) > 1:
        raise UsageError("--day, --week and --from with --to exclude each other", hint="Give one of them")
    today = datetime.fromtimestamp(now, zone).date()
    end = today - timedelta(days=1)
    begin = end - timedelta(days=6) if week else end
    if day is not None:
        begin = end = _day(day, zone, now)
    elif first is not None or last is not None:
        end = _day(last, zone, now) if last is not None else end
        begin = _day(first, zone, now) if first is not None else end
    days = [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
    check_days(days)
    if days[0] > today:
        raise UsageError(f"{days[0]} is still to come", hint='Give a day that has begun, or "today"')
    return days


def _day(text: str, zone: tzinfo | None, now: float) -> date:
    try:
        return datetime.fromtimestamp(Moments(zone).read(text, now), zone).date()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f'"{text}" is no day of the calendar', hint='Write "2026-11-27" or "7d"') from None


def _read_others(others: Sequence[Path], gate: _Gate | None, days: Sequence[date]) -> list["GateReport"]:
    """Read reports and exports of other doors.  Raises StoreError, UsageError."""
    from dataclasses import replace

    from gate.report.making import make_of_export
    from gate.report.report_json import begins_report, read_report

    reports, wanted = [], {day.isoformat() for day in days}
    for file in others:
        if begins_report(file):
            read = read_report(file)
            if gate is not None:
                read.days = [each for each in read.days if each.day in wanted]
            if not read.days:
                raise UsageError(f"{file} has no day of this report", hint="Make it for the same days")
            reports.append(read)
        elif gate is None:
            raise UsageError(f"{file} holds rows and no time zone", hint="Give --config FILE, for venue and time zone")
        else:
            door = replace(gate.door, door=file.name.partition(".")[0])
            reports.append(make_of_export(door, file, days, gate.now))
    return reports


def _show(reports: Sequence["GateReport"], language: str, form: str | None, html: Path | None) -> None:
    from gate.report.building import merged
    from gate.report.report_json import masked, to_json
    from gate.report.summary import summarise
    from gate.report.wording import wording

    whole = merged(reports)
    of, say = summarise(whole), wording(language)
    if html is not None:
        from gate.report.as_html import as_page
        from gate.store.durable import SHARED, write_whole

        write_whole(html, as_page(of, say).encode(), SHARED)
        click.echo(f"written: {html}", err=True)
    if form == "json":
        click.echo(to_json(masked(whole)))
    elif form == "csv":
        from gate.report.as_csv import as_csv

        sys.stdout.buffer.write(as_csv(of).encode())
    elif html is None:
        from gate.report.as_text import as_text

        click.echo(as_text(of, say), nl=False)


def _keep(gate: _Gate, folder: Path) -> None:
    """Write what is due into the folder.  Raises StoreError."""
    from gate.report.keeping import days_due, delete_old, keep
    from gate.report.making import make
    from gate.store.durable import make_directory

    make_directory(folder, 0o750)
    for day in days_due(folder, gate.door.door, gate.now, gate.door.zone):
        keep(folder, make(gate.door, [day], gate.now), gate.language)
    delete_old(folder, gate.keep_for, gate.now)


def _progress(done: int, parts: int) -> None:
    """Show the progress of a long journal on stderr."""
    if parts < MANY_PARTS or (done % MANY_PARTS and done < parts):
        return
    end = "\r" if sys.stderr.isatty() and done < parts else "\n"
    click.echo(f"reading the journal: {done} of {parts} files", err=True, nl=False)
    click.echo(end, err=True, nl=False)
