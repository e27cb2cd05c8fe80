"""What happened to a gate: when it ran, when it served nobody and why, orders, alarms, lists.

Pure, from the journal's rows of states.  Times are Unix s.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Mode
from gate.core.staleness import Freshness
from gate.core.state_changes import BACK, LOST
from gate.report.spans import Span
from gate.store.journal_counts import StateRow

OFF, UNPOWERED, DEVICE, LIST, CLOCK, JOURNAL_LOST = "off", "unpowered", "device", "list", "clock", "journal_lost"
CAUSES = (OFF, UNPOWERED, DEVICE, LIST, CLOCK, JOURNAL_LOST, Mode.OUT_OF_SERVICE.value, Mode.MAINTENANCE.value)
"""Why a gate served nobody.  Not a lockdown, a schedule or a fire: those are meant."""

FIRE = "fire"
_ORDER = re.compile(r"(lockdown switch|\w+) (on|off)\b")
_OF_LIST = re.compile(r"(\w+)(?:: version \d+ of (\S+))?")
_ACTS = {JournalEvent.EXTENDED, JournalEvent.RESET, JournalEvent.OCCUPANCY, JournalEvent.GIVEN_BACK}


@dataclass(slots=True)
class Happening:
    """Something that lasted.  `what`: cause, mode or alarm."""

    what: str
    begin: float
    end: float = 0.0
    part: str = ""
    words: str = ""
    actor: str = ""


@dataclass(slots=True)
class History:
    """The history of one door up to some moment."""

    ran: list[Span] = field(default_factory=list)
    down: list[Happening] = field(default_factory=list)
    orders: list[Happening] = field(default_factory=list)
    alarms: list[Happening] = field(default_factory=list)
    lists: list[tuple[float, float]] = field(default_factory=list)  # (known since, its own time)
    acts: list[tuple[float, str, str]] = field(default_factory=list)  # (at, actor, word)


class Historian:
    """Follows the rows of one journal, in order.  `since`: the time from which the gate counts as running."""

    def __init__(self, since: float) -> None:
        self.history = History()
        self._running: float | None = since
        self._stopped: Happening | None = None
        self._open: dict[tuple[str, str], Happening] = {}

    def follow(self, rows: Iterable[StateRow]) -> None:
        for row in rows:
            self._take(row, row.at / 1000)

    def end(self, at: float) -> History:
        """Return the history, with all that still lasts ended at `at`."""
        if self._running is not None:
            self.history.ran.append((self._running, at))
        if self._stopped is not None:
            self._stopped.end = at
            self.history.down.append(self._stopped)
        for key in list(self._open):
            self._close(*key, at)
        for kept in (self.history.down, self.history.orders, self.history.alarms):
            kept.sort(key=lambda each: (each.begin, each.what))
        return self.history

    def _take(self, row: StateRow, at: float) -> None:
        match row.event:
            case JournalEvent.GATE:
                self._gate(row, at)
            case JournalEvent.DEVICE:
                self._device(row, at)
            case JournalEvent.LIST:
                self._list(row, at)
            case JournalEvent.CLOCK:
                self._clock(row, at)
            case JournalEvent.LOSS:
                self._begin(Happening(JOURNAL_LOST, at))
            case JournalEvent.MODE:
                self._order(row, at)
            case JournalEvent.FIRE if row.detail == "alarm":
                self._begin(Happening(FIRE, at))
            case JournalEvent.FIRE if row.detail.startswith("over"):
                self._close(FIRE, "", at)
            case JournalEvent.ALARM:
                name, _, over = row.detail.partition(" ")
                if name in CAUSES:  # a lost journal has a row of its own
                    pass
                elif over:
                    self._close(name, "", at)
                else:
                    self._begin(Happening(name, at))
            case _ if row.actor and row.event in _ACTS:
                self.history.acts.append((at, row.actor, row.event))
            case JournalEvent.STAFF:
                self.history.acts.append((at, row.actor or "", row.detail.partition(" ")[0]))

    def _gate(self, row: StateRow, at: float) -> None:
        if row.detail.startswith("started"):
            if self._running is not None and row.before is not None:  # killed, or without power
                self._stop(row.before / 1000, UNPOWERED)
            if self._stopped is not None:
                self._stopped.end = at
                self.history.down.append(self._stopped)
            self._running, self._stopped = at, None
        elif row.detail.startswith("stopped"):
            self._stop(at, OFF)

    def _stop(self, at: float, cause: str) -> None:
        if self._running is not None:
            self.history.ran.append((self._running, at))
        self._running, self._stopped = None, Happening(cause, at)
        for what, part in list(self._open):  # a start finds out again; orders, a fire and a lost journal stay
            if what in (DEVICE, LIST, CLOCK):
                self._close(what, part, at)

    def _device(self, row: StateRow, at: float) -> None:
        state, _, problem = row.detail.partition(":")
        if state == LOST:
            self._begin(Happening(DEVICE, at, part=row.name or "", words=problem.strip()))
        elif state.partition(" ")[0] == BACK:
            self._close(DEVICE, row.name or "", at)

    def _list(self, row: StateRow, at: float) -> None:
        found = _OF_LIST.match(row.detail)
        if found is None:
            return
        if found[1] in (Freshness.REFUSE, Freshness.MISSING):
            self._begin(Happening(LIST, at, words=found[1]))
        else:
            self._close(LIST, "", at)
        if found[2]:
            self.history.lists.append((at, datetime.fromisoformat(found[2]).timestamp()))

    def _clock(self, row: StateRow, at: float) -> None:
        if "nobody enters" in row.detail:
            self._begin(Happening(CLOCK, at, words=row.detail))
        elif any(words in row.detail for words in ("right again", "behind by", "ahead by")):
            self._close(CLOCK, "", at)

    def _order(self, row: StateRow, at: float) -> None:
        found = _ORDER.match(row.detail)
        if found is None:
            return
        mode, on = found[1].replace(" ", "_"), found[2] == "on"
        if on:
            self._begin(Happening(mode, at, actor=row.actor or ""))
        else:
            self._close(mode, "", at)
            if mode == Mode.LOCKED_DOWN:
                self._close(JOURNAL_LOST, "", at)

    def _begin(self, begun: Happening) -> None:
        self._open.setdefault((begun.what, begun.part), begun)

    def _close(self, what: str, part: str, at: float) -> None:
        ended = self._open.pop((what, part), None)
        if ended is None:
            return
        ended.end = at
        is_order = what in {*(mode.value for mode in Mode), "lockdown_switch"}
        if what in CAUSES:
            self.history.down.append(ended)
        if is_order:
            self.history.orders.append(ended)
        if what not in CAUSES and not is_order:
            self.history.alarms.append(ended)
