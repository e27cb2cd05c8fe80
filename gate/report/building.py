"""Builds a report from the journal of a door, and one of several."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta, tzinfo
from pathlib import Path

from gate.errors import BrokenJournalError, UsageError
from gate.report.counting import DoorCount, Progress, count_door
from gate.report.figures import (
    AlarmFigures,
    DayFigures,
    DoorDay,
    DoorProof,
    DownSpan,
    GateReport,
    Headline,
    OrderSpan,
    StaffFigures,
)
from gate.report.history import Happening
from gate.report.local_days import LocalDays
from gate.report.spans import Span, cut, union_seconds
from gate.store.journal_parts import JournalParts
from gate.store.journal_proof import prove

WEEKS = 4  # before each day, to compare it with
COMPARED_DAYS = 7  # a longer report is not compared: its days would be compared with each other


def build(
    venue: str,
    door: str,
    parts: JournalParts,
    days: Sequence[date],
    zone: tzinfo,
    *,
    made: float,
    until: float | None,
    proof: DoorProof,
    progress: Progress = lambda *_: None,
) -> GateReport:
    """Build the report of one door.  `until`: as in `count_door`.  Raises StoreError."""
    compared = [day - timedelta(weeks=week) for day in days for week in range(1, WEEKS + 1)]
    local = LocalDays([*days, *(compared if len(days) <= COMPARED_DAYS else ())], zone)
    count, known_until = count_door(parts, local, until, progress)
    made_days = {day: _door_day(door, day, count, known_until) for day in local.days}
    for day in days if len(days) <= COMPARED_DAYS else ():
        weeks = (made_days[day - timedelta(weeks=week)] for week in range(1, WEEKS + 1))
        made_days[day].weeks_before = [_compared(each, made_days[day]) for each in weeks]
    return GateReport(venue=venue, timezone=str(zone), made=made, doors=[proof], days=[made_days[day] for day in days])


def prove_days(door: str, state_dir: Path, within: tuple[int, int]) -> DoorProof:
    """Prove the rows of some time (Unix ms, the end exclusive).  Raises StoreError for a journal that cannot be
    read."""
    try:
        proof = prove(state_dir, within=within)
    except BrokenJournalError as broken:
        return DoorProof(door=door, whole=False, row=broken.row, problem=broken.what)
    return DoorProof(door=door, whole=True, lost=list(proof.lost))


def merged(reports: Iterable[GateReport]) -> GateReport:
    """Merge reports: of other doors, or of other days.  Raises UsageError where they contradict each other."""
    reports = list(reports)
    zones = sorted({report.timezone for report in reports})
    if len(zones) > 1:
        raise UsageError(f"the reports are of different time zones: {', '.join(zones)}", hint="Make one for each")
    seen: set[tuple[str, str]] = set()
    for day in (day for report in reports for day in report.days):
        if (day.door, day.day) in seen:
            raise UsageError(f"{day.door} is in two of the reports on {day.day}", hint="Name each door once")
        seen.add((day.door, day.day))
    doors: dict[str, DoorProof] = {}
    for proof in (proof for report in reports for proof in report.doors):
        doors[proof.door] = _joined(doors[proof.door], proof) if proof.door in doors else proof
    return GateReport(
        venue=", ".join(dict.fromkeys(report.venue for report in reports)),
        timezone=zones[0],
        made=max(report.made for report in reports),
        doors=list(doors.values()),
        days=sorted((day for report in reports for day in report.days), key=lambda day: (day.day, day.door)),
    )


def headline(figures: DayFigures) -> Headline:
    """Return the four numbers of a day."""
    return Headline(
        came=sum(figures.came),
        left=sum(figures.left),
        refused=figures.persons_refused,
        down=union_seconds((span.begin, span.end) for span in figures.down),
    )


def _joined(one: DoorProof, other: DoorProof) -> DoorProof:
    worst = min((one, other), key=lambda proof: {False: 0, None: 1, True: 2}[proof.whole])
    return replace(worst, lost=sorted({*one.lost, *other.lost}))


def _compared(day: DoorDay, to: DoorDay) -> Headline | None:
    """Return what a day is compared to: nothing where the gate ran for less than half of it."""
    ran = sum(end - begin for begin, end in day.figures.ran)
    return headline(day.figures) if ran >= (to.end - to.begin) / 2 > 0 else None


def _door_day(door: str, day: date, count: DoorCount, known_until: float) -> DoorDay:
    begin, end = count.days.span(day)
    known: Span = begin, max(begin, min(end, known_until))
    if count.first_at is not None:
        known = min(max(begin, count.first_at / 1000), known[1]), known[1]
    figures, history = count.day(day), count.history
    figures.ran = [part for span in history.ran if (part := cut(span, known))]
    seconds = sorted(count.turned_away)
    figures.down = [_down(each, part, seconds, count) for each, part in _in(history.down, known)]
    figures.orders = [
        OrderSpan(begin=part[0], end=part[1], mode=each.what, actor=each.actor)
        for each, part in _in(history.orders, known)
    ]
    for each, part in _in(history.alarms, known):
        alarm = figures.alarms.setdefault(each.what, AlarmFigures())
        alarm.many += part[0] == each.begin
        alarm.longest = max(alarm.longest, part[1] - part[0])
    for at, actor, word in history.acts:
        if known[0] <= at < known[1]:
            acts = figures.staff.setdefault(actor, StaffFigures()).acts
            acts[word] = acts.get(word, 0) + 1
    figures.list_age = _list_age(history.lists, figures.ran)
    return DoorDay(door=door, day=day.isoformat(), begin=known[0], end=known[1], length=end - begin, figures=figures)


def _in(happenings: Iterable[Happening], within: Span) -> Iterable[tuple[Happening, Span]]:
    return ((each, part) for each in happenings if (part := cut((each.begin, each.end), within)))


def _down(each: Happening, part: Span, seconds: Sequence[int], count: DoorCount) -> DownSpan:
    meanwhile = seconds[bisect_left(seconds, int(part[0])) : bisect_left(seconds, part[1])]
    return DownSpan(
        begin=part[0],
        end=part[1],
        cause=each.what,
        part=each.part,
        problem=each.words,
        turned_away=sum(count.turned_away[second] for second in meanwhile),
    )


def _list_age(lists: Sequence[tuple[float, float]], ran: Sequence[Span]) -> float | None:
    """Return the greatest age of a list while the gate ran; None where no list is known."""
    oldest = None
    for (known, of), following in zip(lists, [*(at for at, _ in lists[1:]), float("inf")], strict=False):
        for span in ran:
            if part := cut((known, following), span):
                oldest = max(oldest or 0.0, part[1] - of)
    return oldest


def check_days(days: Sequence[date]) -> None:
    """Raise UsageError for days that no report can be made of."""
    if not days:
        raise UsageError("the last day is before the first", hint="Give --from DAY --to DAY, the earlier first")
    if len(days) > 366:
        raise UsageError(f"{len(days)} days are too many for one report", hint="Ask for a year at most")
