"""The folder of reports of a device: a file a day and form, made by a timer, read by the desk.

The desk may not read the journal, so it shows what is here.  The JSON is complete, as the journal is, and as private:
what is shown of it is masked (`gate.report.summary`).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from gate.errors import StoreError
from gate.report.as_csv import as_csv
from gate.report.as_html import as_page
from gate.report.figures import GateReport
from gate.report.report_json import read_report, to_json
from gate.report.summary import summarise
from gate.report.wording import wording
from gate.store.database import unusable
from gate.store.durable import SHARED, write_whole

REPORTS = "reports"  # folder of them in the state directory
FINAL_HOUR = 6  # of the venue: then the report of yesterday is final, and the night is over in each kind of venue
CATCH_UP = 35  # days before today that are made where they are missing: those that a week is compared to, and a week


def days_due(folder: Path, door: str, now: float, zone: tzinfo) -> list[date]:
    """Return the days whose report is to be made now: missing ones, yesterday's once it is final, today's."""
    local = datetime.fromtimestamp(now, zone)
    final = local.replace(hour=FINAL_HOUR, minute=0, second=0, microsecond=0)
    earlier = [local.date() - timedelta(days=back) for back in range(CATCH_UP, 1, -1)]
    due = [day for day in earlier if not _path(folder, door, day, "json").exists()]
    yesterday = local.date() - timedelta(days=1)
    with suppress(OSError):
        made = _path(folder, door, yesterday, "json").stat().st_mtime
        if not made < final.timestamp() <= now:
            return [*due, local.date()]
    return [*due, yesterday, local.date()]


def keep(folder: Path, report: GateReport, language: str) -> None:
    """Write the report of one door and day in all forms.  Raises StoreError."""
    (proof,), (day,) = report.doors, report.dates
    of = summarise(report)
    forms = {"json": to_json(report), "csv": as_csv(of).encode(), "html": as_page(of, wording(language)).encode()}
    for form, content in forms.items():
        path = _path(folder, proof.door, date.fromisoformat(day), form)
        try:
            write_whole(path, content, SHARED)
            os.utime(path, (report.made, report.made))
        except OSError as error:
            raise unusable(path, error) from error


def kept(folder: Path, days: Callable[[date], bool]) -> Iterator[GateReport]:
    """Yield the reports of these days, of all doors; a file that cannot be read is left out."""
    for path in sorted(folder.glob("*.json")):
        day = _day_of(path)
        if day is not None and days(day):
            with suppress(StoreError):
                yield read_report(path)


def delete_old(folder: Path, keep_for: float, now: float) -> int:
    """Delete reports of days that began more than `keep_for` seconds ago; return the number of files."""
    last = datetime.fromtimestamp(now - keep_for).date()  # noqa: DTZ006 - a day more or less is no matter
    old = [path for path in folder.iterdir() if (day := _day_of(path)) is not None and day < last]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _path(folder: Path, door: str, day: date, form: str) -> Path:
    return folder / f"{door}_{day.isoformat()}.{form}"


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem.rpartition("_")[2])
    except ValueError:
        return None
