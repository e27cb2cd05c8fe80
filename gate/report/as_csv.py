"""A report as CSV that Excel in a Russian or Kazakh locale opens: `;`, a byte order mark, times with their offset.

One row for each number, so that a pivot table can take them in any way.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from gate.report.figures import HOURS, Cell, DoorDay
from gate.report.reason_groups import group_of
from gate.report.summary import Summary

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
COLUMNS = ("time", "day", "hour", "door", "what", "reason", "group", "number", "until", "detail")


def as_csv(of: Summary) -> str:
    """Return the report as CSV; the names are English, as scripts read them too."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(COLUMNS)
    for day in of.report.days:
        for row in _rows(day, of.zone):
            table.writerow([_safe(value) for value in row])
    return _BOM + out.getvalue()


def _rows(day: DoorDay, zone: tzinfo) -> Iterator[tuple[object, ...]]:
    of, begins = day.figures, date.fromisoformat(day.day)

    def row(hour: int, what: str, number: Cell, reason: str = "") -> tuple[object, ...]:
        at = datetime.combine(begins, time(hour), zone)
        group = group_of(reason).value if reason else ""
        return _iso(at), day.day, hour, day.door, what, reason, group, number, "", ""

    for hour in range(HOURS):
        quarters = slice(4 * hour, 4 * hour + 4)
        for what, number in (
            ("came", sum(of.came[quarters])),
            ("left", sum(of.left[quarters])),
            ("admitted", of.admitted[hour]),
            ("by_staff", of.by_staff[hour]),
            ("not_passed", of.not_passed[hour]),
        ):
            if number:
                yield row(hour, what, number)
        for what, kinds in (("refused", of.refused), ("would_refuse", of.would_refuse)):
            for reason, kind in sorted(kinds.items()):
                if kind.by_hour[hour]:
                    yield row(hour, what, kind.by_hour[hour], reason)
    for span in of.down:
        begin, end = (datetime.fromtimestamp(at, zone) for at in (span.begin, span.end))
        words = " ".join(filter(None, (span.part, span.problem)))
        yield (
            _iso(begin), day.day, begin.hour, day.door, "down", span.cause, "", span.turned_away, _iso(end), words
        )  # fmt: skip
    for order in of.orders:
        begin, end = (datetime.fromtimestamp(at, zone) for at in (order.begin, order.end))
        yield _iso(begin), day.day, begin.hour, day.door, "order", order.mode, "", 1, _iso(end), order.actor
    start = datetime.combine(begins, time(), zone)
    for actor, staff in sorted(of.staff.items()):
        for why, many in sorted({**staff.admitted, **staff.acts}.items()):
            what = "staff_admitted" if why in staff.admitted else "staff"
            yield _iso(start), day.day, "", day.door, what, why, "", many, _iso(start + timedelta(days=1)), actor


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _safe(value: object) -> object:
    """Return a value that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
