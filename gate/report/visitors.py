"""Follows persons by their pseudonym: who was refused, and entered within five minutes after.

A person who has entered and shows the code again is refused as `too_soon`, and is inside: that is a refusal, and no
person kept out.

A pseudonym holds for one UTC day and one door; nobody is followed beyond.  Memory is bounded by the persons of a day.
"""

from collections.abc import Callable, Iterable
from datetime import date

from gate.core.lane.modes import Mode
from gate.core.reason import Reason
from gate.report.figures import DayFigures, RefusalFigures, refusals
from gate.report.local_days import LocalDays
from gate.report.reason_groups import ADMITTED
from gate.store.journal_counts import PersonRow

WITHIN = 300_000  # ms: a person who renews the code, or asks the staff, is back by then


class Visitors:
    """The persons of one journal, whose rows come in order."""

    def __init__(self, days: LocalDays, figures: Callable[[date], DayFigures]) -> None:
        self._days, self._figures = days, figures
        self._waiting: dict[str, list[tuple[int, RefusalFigures]]] = {}  # refusals of the last minutes
        self._entered_at: dict[str, int] = {}  # ms; entries of the last minutes
        self._seen: set[tuple[str, str]] = set()  # reason and holder, of one day
        self._day: date | None = None

    @property
    def waiting(self) -> list[str]:
        """Return the persons who were refused in the last minutes."""
        return list(self._waiting)

    def follow(self, rows: Iterable[PersonRow]) -> None:
        for row in rows:
            moment = self._days.at(row.at)
            if moment is None:
                continue
            if moment.day != self._day:
                self._day, self._seen = moment.day, set()
                self._forget(row.at)
            self._take(row, self._figures(moment.day))
        latest = [*(refused[-1][0] for refused in self._waiting.values()), *self._entered_at.values()]
        if latest:
            self._forget(max(latest))

    def _take(self, row: PersonRow, day: DayFigures) -> None:
        if row.reason in ADMITTED:
            if row.through:
                self._entered(row, day)
            return
        if row.reason == Reason.TOO_SOON and row.at - self._entered_at.get(row.holder, row.at - WITHIN - 1) <= WITHIN:
            day.refused_unknown -= not row.through
            return
        if not row.through:
            kind = refusals(day.refused, row.reason)
            kind.known = _plus(kind.known, 1)
            self._waiting.setdefault(row.holder, []).append((row.at, kind))
            day.persons_refused += self._is_new("", row.holder)
            day.refused_unknown -= 1
        elif row.mode == Mode.PILOT:
            kind = refusals(day.would_refuse, row.reason)
        else:
            return
        kind.persons = _plus(kind.persons, self._is_new(f"{row.reason}{row.through}", row.holder))

    def _entered(self, row: PersonRow, day: DayFigures) -> None:
        self._entered_at[row.holder] = row.at
        refused = [kind for at, kind in self._waiting.pop(row.holder, []) if row.at - at <= WITHIN]
        for kind in refused:
            kind.entered = _plus(kind.entered, 1)
        if row.reason == "admitted":
            day.tries += len(refused)

    def _is_new(self, what: str, holder: str) -> bool:
        known = (what, holder) in self._seen
        self._seen.add((what, holder))
        return not known

    def _forget(self, now: int) -> None:
        self._waiting = {who: refused for who, refused in self._waiting.items() if now - refused[-1][0] <= WITHIN}
        self._entered_at = {who: at for who, at in self._entered_at.items() if now - at <= WITHIN}


def _plus(cell: int | str, more: int) -> int:
    return int(cell) + more
