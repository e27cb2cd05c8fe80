"""Changes of a gate's states for the journal: devices, list, page, sync.  Pure.

A device that flaps must not fill the journal: after `BURST` changes in a row a state has one row each `PAUSE`, which
states how often it changed meanwhile.
"""

from collections import deque
from dataclasses import dataclass

from gate.core.journal_event import JournalEvent
from gate.core.staleness import Freshness

BURST = 6  # changes of one state that have a row each: a cable that is moved three times
PAUSE = 300.0  # seconds for one more: at most 294 rows a day of one state, some 60 kB
LONGEST = 200  # characters of a problem in a row
LOST, LOST_ASIDE, BACK = "lost", "lost, service goes on", "back"
FAILING, WELL = "failing", "well"


@dataclass(frozen=True, slots=True)
class StateChange:
    """A row to write.  `at`: Unix s; `name`: of the device or part, "" where there is only one."""

    at: float
    event: JournalEvent
    name: str
    detail: str
    list_version: int | None = None


@dataclass(slots=True)
class _State:
    """A state, and how many rows it may have now."""

    now: str
    change: StateChange | None = None  # the last one without a row
    unwritten: int = 0  # changes without a row
    left: float = BURST
    at: float = 0.0  # monotonic s of `left`


class StateChanges:
    """The states of one gate.  Times are monotonic seconds, but for `StateChange.at`."""

    def __init__(self) -> None:
        self._states: dict[tuple[JournalEvent, str], _State] = {}
        self._rows: deque[StateChange] = deque()

    def device(self, name: str, problem: str, at: float, now: float, *, needed: bool) -> None:
        """Take a device that is well (`problem` empty) or lost.  `needed`: no pass is served without it."""
        lost = LOST if needed else LOST_ASIDE
        self._take(StateChange(at, JournalEvent.DEVICE, name, _words(lost if problem else BACK, problem)), BACK, now)

    def part(self, event: JournalEvent, name: str, problem: str, at: float, now: float) -> None:
        """Take another part of the gate, which fails or does not: its page, its sync."""
        self._take(StateChange(at, event, name, _words(FAILING if problem else WELL, problem)), WELL, now)

    def status_list(self, version: int | None, of: str, grade: Freshness, at: float, now: float) -> None:
        """Take the list that is held.  `of`: its time as ISO text."""
        words = f"{grade}: version {version} of {of}" if version is not None else grade.value
        self._take(StateChange(at, JournalEvent.LIST, "", words, version), "", now, whole=True)

    def due(self, now: float) -> list[StateChange]:
        """Return the rows to write now, the oldest first."""
        for state in self._states.values():
            if state.change is not None and self._may_write(state, now):
                self._write(state)
        rows = sorted(self._rows, key=lambda row: row.at)
        self._rows.clear()
        return rows

    def _take(self, change: StateChange, usual: str, now: float, *, whole: bool = False) -> None:
        """Take a state by its first word, or by the `whole` text.  `usual`: the one that needs no row at first."""
        word = change.detail if whole else change.detail.partition(":")[0]
        state = self._states.setdefault((change.event, change.name), _State(usual, at=now))
        if word == state.now:
            return
        state.now, state.change = word, change
        state.unwritten += 1
        if self._may_write(state, now):
            self._write(state)

    def _may_write(self, state: _State, now: float) -> bool:
        state.left, state.at = min(BURST, state.left + (now - state.at) / PAUSE), now
        return state.left >= 1

    def _write(self, state: _State) -> None:
        change = state.change
        if change is None:
            return
        if state.unwritten > 1:
            detail = f"{change.detail} ({state.unwritten} changes since the row before)"
            change = StateChange(change.at, change.event, change.name, detail, change.list_version)
        self._rows.append(change)
        state.left -= 1
        state.change, state.unwritten = None, 0


def _words(state: str, problem: str) -> str:
    problem = " ".join(problem.split())[:LONGEST]
    return f"{state}: {problem}" if problem else state
