"""What a report shows: sums over its doors and days, the same in text, HTML and CSV.

A small group by status is masked in each sum that is shown, and in the figures by day that go with it: no form of a
report can reveal one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from functools import reduce
from itertools import accumulate
from typing import NamedTuple

from gate.report.building import headline
from gate.report.figures import (
    FEW,
    HOURS,
    QUARTERS,
    AlarmFigures,
    Cell,
    DoorDay,
    DoorProof,
    DownSpan,
    GateReport,
    Headline,
    OrderSpan,
    RefusalFigures,
    bounds,
)
from gate.report.reason_groups import ReasonGroup, group_of
from gate.report.report_json import masked
from gate.settings.zones import zone as zone_of

NEAR = 1.0  # seconds: spans that meet at midnight are one


class Bounded(NamedTuple):
    """A sum that contains masked numbers: what it may come to."""

    least: int
    most: int


class ReasonRow(NamedTuple):
    """The refusals for one reason."""

    reason: str
    tries: Bounded
    persons: Bounded
    known: Bounded  # refusals of whose person is known whether they entered
    entered: Bounded


class HourRow(NamedTuple):
    """One hour of the day, over all days."""

    came: int
    admitted: int
    by_staff: int
    not_passed: int
    refused: Bounded
    would_refuse: Bounded


class Peak(NamedTuple):
    """The most of a day: at which quarter of an hour (0 to 95) of which day."""

    many: int
    day: date
    quarter: int


class OrderRow(NamedTuple):
    """The orders of one mode together."""

    mode: str
    many: int
    longest: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums of a report.  Durations in seconds, times in Unix s."""

    report: GateReport  # masked
    zone: tzinfo
    days: tuple[date, ...]
    proofs: tuple[DoorProof, ...]
    ran: float  # over all doors
    lasted: float  # of the days, over all doors
    begin: float | None  # first and last moment of data; None: there is none
    end: float | None
    total: Headline
    usual: Headline | None
    sees_exits: bool
    refused_unknown: int
    by_day: dict[date, tuple[int, int]]  # came, persons refused
    hours: tuple[HourRow, ...]
    peak: Peak | None
    inside: Peak | None
    reasons: dict[ReasonGroup, tuple[ReasonRow, ...]]
    would_refuse: tuple[ReasonRow, ...]
    is_pilot: bool
    down: tuple[tuple[str, DownSpan], ...]  # with the door's name
    orders: tuple[OrderRow, ...]
    alarms: dict[str, AlarmFigures]
    let_in: dict[str, dict[str, int]]  # by staff: actor -> why -> number
    acts: dict[str, int]
    opened: tuple[float, float] | None  # seconds: median, 95 of 100
    tries: float | None  # codes that a person shows, mean
    list_age: float | None
    unseen: float | None  # share of grants

    @property
    def is_broken(self) -> bool:
        return any(proof.whole is False for proof in self.proofs)


def summarise(report: GateReport) -> Summary:
    """Return the sums of a report, small groups masked."""
    days = tuple(date.fromisoformat(day) for day in report.dates)
    each = [day.figures for day in report.days]
    with_data = [day for day in report.days if day.figures.ran]
    came = _by_day(report, lambda day: day.figures.came)
    left = _by_day(report, lambda day: day.figures.left)
    sees_exits = any(day.sees_exits for day in each)
    grants = sum(sum(day.came) + sum(day.left) for day in each)
    visits = sum(day.visits for day in each)
    return Summary(
        report=masked(report),
        zone=zone_of(report.timezone),
        days=days,
        proofs=tuple(report.doors),
        ran=sum(end - begin for day in each for begin, end in day.ran),
        lasted=sum(day.length for day in report.days),
        begin=min((day.figures.ran[0][0] for day in with_data), default=None),
        end=max((day.figures.ran[-1][1] for day in with_data), default=None),
        total=_sum(headline(day) for day in each),
        usual=_usual(report.days),
        sees_exits=sees_exits,
        refused_unknown=sum(day.refused_unknown for day in each),
        by_day={
            day: (sum(came[day]), sum(of.figures.persons_refused for of in report.days if of.day == day.isoformat()))
            for day in days
        },
        hours=tuple(_hour(report.days, hour) for hour in range(HOURS)),
        peak=_peak(came),
        inside=_peak({day: _inside(came[day], left[day]) for day in days}) if sees_exits else None,
        reasons={
            group: tuple(row for row in _reasons(day.refused for day in each) if group_of(row.reason) is group)
            for group in ReasonGroup
        },
        would_refuse=tuple(_reasons(day.would_refuse for day in each)),
        is_pilot=any(day.is_pilot for day in each),
        down=tuple(_joined(report.days)),
        orders=tuple(_orders(span for day in each for span in day.orders)),
        alarms=_alarms(day.alarms for day in each),
        let_in=_let_in(report.days),
        acts=dict(sum((Counter(staff.acts) for day in each for staff in day.staff.values()), Counter())),
        opened=_quantiles(day.opened_ms for day in each),
        tries=1 + sum(day.tries for day in each) / visits if visits else None,
        list_age=max((day.list_age for day in each if day.list_age is not None), default=None),
        unseen=sum(day.unseen for day in each) / grants if grants else None,
    )


def _by_day(report: GateReport, of: Callable[[DoorDay], Sequence[int]]) -> dict[date, list[int]]:
    """Return quarters of an hour by day, summed over the doors."""
    sums: dict[date, list[int]] = {}
    for day in report.days:
        before = sums.setdefault(date.fromisoformat(day.day), [0] * QUARTERS)
        sums[date.fromisoformat(day.day)] = [one + more for one, more in zip(before, of(day), strict=True)]
    return sums


def _sum(headlines: Iterable[Headline]) -> Headline:
    return reduce(_plus, headlines, Headline(0, 0, 0, 0))


def _plus(one: Headline, other: Headline) -> Headline:
    return Headline(one.came + other.came, one.left + other.left, one.refused + other.refused, one.down + other.down)


def _usual(days: Sequence[DoorDay]) -> Headline | None:
    """Return the mean of the same weekdays in earlier weeks; None where no week has data for every day."""
    weeks = []
    for number in range(max((len(day.weeks_before) for day in days), default=0)):
        before = [day.weeks_before[number] if number < len(day.weeks_before) else None for day in days]
        if all(before):
            weeks.append(_sum(week for week in before if week))
    if not weeks:
        return None
    total, many = _sum(weeks), len(weeks)
    return Headline(total.came / many, total.left / many, total.refused / many, total.down / many)


def _bounded(cells: Iterable[Cell]) -> Bounded:
    return Bounded(*bounds(cells))


def _hour(days: Sequence[DoorDay], hour: int) -> HourRow:
    each = [day.figures for day in days]
    return HourRow(
        sum(sum(day.came[4 * hour : 4 * hour + 4]) for day in each),
        bounds(day.admitted[hour] for day in each)[0],
        bounds(day.by_staff[hour] for day in each)[0],
        bounds(day.not_passed[hour] for day in each)[0],
        _bounded(kind.by_hour[hour] for day in each for kind in day.refused.values()),
        _bounded(kind.by_hour[hour] for day in each for kind in day.would_refuse.values()),
    )


def _peak(quarters: dict[date, list[int]]) -> Peak | None:
    peaks = [Peak(max(of), day, of.index(max(of))) for day, of in quarters.items()]
    peak = max(peaks, key=lambda each: each.many, default=None)
    return peak if peak and peak.many > 0 else None


def _inside(came: Sequence[int], left: Sequence[int]) -> list[int]:
    """Return how many are inside at the end of each quarter of an hour, of those who came on that day."""
    return list(accumulate((one - other for one, other in zip(came, left, strict=True)), lambda a, b: max(0, a + b)))


def _reasons(days: Iterable[dict[str, RefusalFigures]]) -> list[ReasonRow]:
    """Return a row a reason, the most frequent first."""
    kinds: dict[str, list[RefusalFigures]] = {}
    for day in days:
        for reason, kind in day.items():
            kinds.setdefault(reason, []).append(kind)
    rows = [
        ReasonRow(
            reason,
            _bounded(cell for kind in of for cell in (kind.by_hour if kind.tries is None else [kind.tries])),
            *(_bounded(getattr(kind, name) for kind in of) for name in ("persons", "known", "entered")),
        )
        for reason, of in kinds.items()
    ]
    shown = (_masked(row) for row in rows if row.tries.most)
    return sorted(shown, key=lambda row: (-row.tries.most, row.reason))


def _masked(row: ReasonRow) -> ReasonRow:
    """Return a row without the numbers of a small group by status."""
    if group_of(row.reason) is not ReasonGroup.STATUS or row.persons.most >= FEW:
        return row
    few = Bounded(1, FEW - 1)
    return ReasonRow(row.reason, few, few, few, few)


def _joined(days: Sequence[DoorDay]) -> list[tuple[str, DownSpan]]:
    """Return the down times; one that lasted over midnight is one."""
    rows: list[tuple[str, DownSpan]] = []
    for door in dict.fromkeys(day.door for day in days):
        for span in (span for day in days if day.door == door for span in day.figures.down):
            same = [
                number
                for number, (of, before) in enumerate(rows)
                if of == door
                and (before.cause, before.part) == (span.cause, span.part)
                and abs(before.end - span.begin) < NEAR
            ]
            if same:
                before = rows[same[0]][1]
                away = before.turned_away + span.turned_away
                rows[same[0]] = door, replace(before, end=span.end, turned_away=away)
            else:
                rows.append((door, span))
    return sorted(rows, key=lambda row: row[1].begin)


def _orders(spans: Iterable[OrderSpan]) -> list[OrderRow]:
    by_mode: dict[str, list[float]] = {}
    for span in spans:
        by_mode.setdefault(span.mode, []).append(span.end - span.begin)
    return [OrderRow(mode, len(lasted), max(lasted)) for mode, lasted in sorted(by_mode.items())]


def _alarms(days: Iterable[dict[str, AlarmFigures]]) -> dict[str, AlarmFigures]:
    total: dict[str, AlarmFigures] = {}
    for day in days:
        for name, alarm in day.items():
            before = total.get(name, AlarmFigures())
            total[name] = AlarmFigures(before.many + alarm.many, max(before.longest, alarm.longest))
    return total


def _let_in(days: Sequence[DoorDay]) -> dict[str, dict[str, int]]:
    total: dict[str, Counter[str]] = {}
    for actor, staff in (item for day in days for item in day.figures.staff.items()):
        if staff.admitted:
            total.setdefault(actor, Counter()).update(staff.admitted)
    return {actor: dict(why) for actor, why in sorted(total.items(), key=lambda item: -item[1].total())}


def _quantiles(days: Iterable[dict[int, int]]) -> tuple[float, float] | None:
    """Return median and 95 % in seconds, of grants by milliseconds."""
    total: Counter[int] = Counter()
    for day in days:
        total.update(day)
    many = total.total()
    if not many:
        return None
    return _quantile(total, (many + 1) // 2), _quantile(total, -(-95 * many // 100))


def _quantile(of: Counter[int], rank: int) -> float:
    """Return the value of this rank, the first being 1, in seconds."""
    below = 0
    for milliseconds in sorted(of):
        below += of[milliseconds]
        if below >= rank:
            return milliseconds / 1000
    return 0.0
