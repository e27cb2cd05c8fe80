"""Counts the figures of one door over the parts of its journal."""

from collections.abc import Callable, Iterable
from datetime import date

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.report.figures import HOURS, Cell, DayFigures, RefusalFigures, StaffFigures, refusals
from gate.report.history import Historian, History
from gate.report.local_days import LocalDays, LocalQuarter
from gate.report.reason_groups import ADMITTED, STOPPED
from gate.report.visitors import WITHIN, Visitors
from gate.store import journal_counts as counts
from gate.store.journal_counts import DecisionCount, PassageCount, StateRow
from gate.store.journal_parts import JournalPart, JournalParts

OTHER = "other"
LOOKS_BACK = 35 * 86_400_000
"""Ms before the first day from which states are followed: an order that stands longer without a row is rare."""

Progress = Callable[[int, int], None]  # parts done, parts


class DoorCount:
    """The count of one door: figures by day, its history, and the turned away by second."""

    def __init__(self, days: LocalDays) -> None:
        self.days = days
        self.figures: dict[date, DayFigures] = {}
        self.history = History()
        self.turned_away: dict[int, int] = {}  # Unix s -> refusals of a gate that serves nobody
        self.first_at: int | None = None  # Unix ms
        self.last_at: int | None = None
        self._visitors = Visitors(days, self.day)
        self._senses_exits = False
        self._presses: list[tuple[LocalQuarter, int]] = []  # of the exit button
        self._open: dict[int, tuple[int, str]] = {}  # grants that a part left open

    def day(self, day: date) -> DayFigures:
        if day not in self.figures:
            self.figures[day] = DayFigures()
        return self.figures[day]

    def take(self, part: JournalPart) -> None:
        """Count one part."""
        times = self.days.times
        for decision in counts.decisions(part, times):
            self._decisions(decision)
        for passage in counts.not_made(part, times):
            self._not_made(passage)
        for seq, end in counts.begun_before(part):
            if seq in self._open:
                at, direction = self._open[seq]
                self._not_made(PassageCount(at // counts.QUARTER, direction, end, 1))
        self._open = {seq: (at, direction) for seq, at, direction in counts.open_grants(part)}
        for passage in counts.strangers(part, times):
            self._stranger(passage)
        for day in self.days.days:
            within = self.days.range(day)
            if part.overlaps([within]):
                for milliseconds, many in counts.opening_times(part, within):
                    opened = self.day(day).opened_ms
                    opened[milliseconds] = opened.get(milliseconds, 0) + many
        self._visitors.follow(counts.persons(part, times, self._visitors.waiting, WITHIN))
        self._staff(part)
        for second, many in counts.refusals_at(part, times, STOPPED):
            self.turned_away[second] = self.turned_away.get(second, 0) + many

    def finish(self, history: History) -> None:
        """Add what is known at the end only."""
        self.history = history
        if not self._senses_exits:  # no sensor tells who left: the button does
            for moment, many in self._presses:
                self.day(moment.day).left[moment.quarter] += many
        for day in self.figures.values():
            day.sees_exits = any(day.left)

    def _decisions(self, count: DecisionCount) -> None:
        moment = self.days.moment(count.quarter)
        if moment is None or (count.mode == Mode.MAINTENANCE and count.reason == Reason.STAFF_ADMITTED):
            return  # the latter is a technician who tries the barrier, and no visit
        day, is_exit = self.day(moment.day), count.direction == Direction.EXIT
        day.is_pilot |= count.mode == Mode.PILOT
        if count.through:
            way = day.left if is_exit else day.came
            way[moment.quarter] += count.many
        if count.reason in ADMITTED:
            if count.through and not is_exit:
                _add(day.by_staff if count.reason == Reason.STAFF_ADMITTED else day.admitted, moment.hour, count.many)
                day.visits += count.many if count.reason == Reason.ADMITTED else 0
        elif not count.through:
            _refused(day.refused, count, moment.hour)
            day.refused_unknown += count.many
        elif count.mode == Mode.PILOT:
            _refused(day.would_refuse, count, moment.hour)

    def _not_made(self, count: PassageCount) -> None:
        moment = self.days.moment(count.quarter)
        if moment is None:
            return
        day, is_exit = self.day(moment.day), count.direction == Direction.EXIT
        if count.detail != Passed.NOT_PASSED:
            day.unseen += count.many
            return
        (day.left if is_exit else day.came)[moment.quarter] -= count.many
        if not is_exit:
            _add(day.not_passed, moment.hour, count.many)

    def _stranger(self, count: PassageCount) -> None:
        moment = self.days.moment(count.quarter)
        if moment is None:
            return
        event, _, detail = count.detail.partition(":")
        if event == "passage":
            is_exit = count.direction == Direction.EXIT
            self._senses_exits |= is_exit
            (self.day(moment.day).left if is_exit else self.day(moment.day).came)[moment.quarter] += count.many
        elif detail == "released":
            self._presses.append((moment, count.many))

    def _staff(self, part: JournalPart) -> None:
        for quarter, actor, detail, many in counts.by_staff(part, self.days.times):
            if moment := self.days.moment(quarter):
                admitted = self.day(moment.day).staff.setdefault(actor, StaffFigures()).admitted
                why = detail.partition(";")[0].strip() or OTHER  # then a note, and what was overridden
                admitted[why] = admitted.get(why, 0) + many


def count_door(
    parts: JournalParts, days: LocalDays, until: float | None, progress: Progress
) -> tuple[DoorCount, float]:
    """Count one journal; return the count, and the moment up to which it is known (Unix s).

    `until`: the present; None: of an export, whose last row is the end of what is known."""
    count = DoorCount(days)
    since = days.times[0][0] - LOOKS_BACK
    wanted = (since, days.times[-1][1])
    historian: Historian | None = None
    for done, part in enumerate(parts):
        progress(done, parts.count)
        ends = counts.first_and_last(part)
        if ends is None:
            continue
        count.first_at = ends[0] if count.first_at is None else count.first_at
        if historian is None and part.overlaps([wanted]):
            historian = Historian(max(ends[0], since if ends[0] != count.first_at else ends[0]) / 1000)
        if historian is not None:
            historian.follow(_carried(counts.state_rows(part, *wanted), count.last_at))
        count.last_at = ends[1]
        if part.overlaps(days.times):
            count.take(part)
    progress(parts.count, parts.count)
    known_until = (count.last_at or 0) / 1000 if until is None else until
    count.finish(historian.end(min(known_until, wanted[1] / 1000)) if historian else History())
    return count, known_until


def _carried(rows: Iterable[StateRow], before: int | None) -> Iterable[StateRow]:
    """Give the first row of a part the time of the row before it, in the part before."""
    return (row if row.before is not None else row._replace(before=before) for row in rows)


def _refused(of: dict[str, RefusalFigures], count: DecisionCount, hour: int) -> None:
    kind = refusals(of, count.reason)
    _add(kind.by_hour, hour, count.many)
    kind.tries = int(kind.tries or 0) + count.many


def _add(cells: list[Cell], hour: int, many: int) -> None:
    if not 0 <= hour < HOURS:
        raise ValueError(hour)
    cells[hour] = int(cells[hour]) + many
