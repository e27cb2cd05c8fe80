"""The figures of a report, counted in the slow and obvious way: row by row, in a list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from gate.store.journal import JournalRow

ADMITTED = ("admitted", "staff_admitted")


@dataclass
class Day:
    came: Counter[int] = field(default_factory=Counter)  # by quarter of an hour
    left: Counter[int] = field(default_factory=Counter)
    admitted: Counter[int] = field(default_factory=Counter)  # by hour
    by_staff: Counter[int] = field(default_factory=Counter)
    not_passed: Counter[int] = field(default_factory=Counter)
    refused: Counter[tuple[str, int]] = field(default_factory=Counter)  # by reason and hour
    would: Counter[tuple[str, int]] = field(default_factory=Counter)
    persons: dict[str, set[str]] = field(default_factory=dict)  # refused, by reason
    entered: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    inside: int = 0  # refusals of persons who had just entered
    tries: int = 0
    visits: int = 0
    unseen: int = 0
    opened: list[int] = field(default_factory=list)
    staff: Counter[tuple[str, str]] = field(default_factory=Counter)


def count(rows: Sequence[JournalRow], through: Sequence[bool], days: Sequence[date], zone: ZoneInfo) -> dict[date, Day]:
    found = {day: Day() for day in days}
    ends = {row.grant: row for row in rows if row.event == "passage" and row.grant is not None}
    for number, (row, lets) in enumerate(zip(rows, through, strict=True), 1):
        local = datetime.fromtimestamp(row.at / 1000, zone)
        day = found.get(local.date())
        if day is None:
            continue
        hour, quarter = local.hour, local.hour * 4 + local.minute // 15
        if row.event == "decision":
            inside = has_just_entered(rows, through, number)
            end = ends[number].detail if number in ends else None
            decided(day, row, hour, quarter, lets=lets, end=end, inside=inside)
            entry = None if inside else later(day, rows, through, number)
            of_entry = found.get(datetime.fromtimestamp(entry.at / 1000, zone).date()) if entry else None
            if entry and of_entry:
                of_entry.tries += entry.reason == "admitted"  # on the day of the visit
            day.inside += inside and not lets
        elif row.event == "passage":
            if row.us is not None:
                day.opened.append(row.us // 1000)
            if row.grant is None:
                (day.left if row.direction == "exit" else day.came)[quarter] += 1
    return found


def decided(day: Day, row: JournalRow, hour: int, quarter: int, *, lets: bool, end: str | None, inside: bool) -> None:
    many = int(row.detail.split()[0]) if row.us is None and row.detail else 1
    is_exit = row.direction == "exit"
    if lets:
        if end != "not_passed":
            (day.left if is_exit else day.came)[quarter] += many
        if end == "not_passed" and not is_exit:
            day.not_passed[hour] += many
        day.unseen += end == "unknown"
    if row.reason in ADMITTED:
        if not is_exit:
            (day.by_staff if row.reason == "staff_admitted" else day.admitted)[hour] += many
            day.visits += row.reason == "admitted"
        if row.reason == "staff_admitted":
            day.staff[row.actor or "", row.detail or ""] += 1
    elif not lets:
        day.refused[row.reason or "", hour] += many
        if row.holder and not is_exit and not inside:
            day.persons.setdefault(row.reason or "", set()).add(row.holder)
    elif row.mode == "pilot":
        day.would[row.reason or "", hour] += many


def has_just_entered(rows: Sequence[JournalRow], through: Sequence[bool], number: int) -> bool:
    """Whether a person who is refused as too soon entered in the five minutes before."""
    row = rows[number - 1]
    if row.reason != "too_soon" or not row.holder or row.direction == "exit":
        return False
    return any(
        lets and other.holder == row.holder and other.reason in ADMITTED and other.direction == "entry"
        for other, lets in zip(rows[: number - 1], through, strict=False)
        if row.at - other.at <= 300_000
    )


def later(day: Day, rows: Sequence[JournalRow], through: Sequence[bool], number: int) -> JournalRow | None:
    """Return the next entry of a person who was refused, within five minutes."""
    row = rows[number - 1]
    if row.reason in ADMITTED or through[number - 1] or not row.holder or row.direction == "exit":
        return None
    day.known[row.reason or ""] += 1
    for other in rows[number:]:
        if other.at - row.at > 300_000:
            return None
        if other.holder == row.holder and other.reason in ADMITTED and other.direction == "entry":
            day.entered[row.reason or ""] += 1
            return other
    return None
