"""Refusals without a person: junk before a reader is counted, not written frame by frame.

The first of a reader has its row at once.  After that one row a second, of the most frequent kind, carries their
number.  An admission, and a refusal that concerns a person, always have a row of their own.
"""

from collections import Counter
from dataclasses import dataclass, field

from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.reason import Reason

PAUSE = 1.0  # seconds between two rows of one reader: some 30 MB of journal a day at worst


@dataclass(frozen=True, slots=True)
class RepeatKind:
    """The properties that refusals counted together share."""

    reason: Reason
    direction: Direction
    mode: Mode


@dataclass(slots=True)
class _Reader:
    written: float | None = None  # Unix s of the last row
    waiting: Counter[RepeatKind] = field(default_factory=Counter)


class Repeats:
    """Counts in memory: a kill loses about a second of them, of refusals only.  Times are Unix s."""

    def __init__(self) -> None:
        self._readers: dict[str, _Reader] = {}

    def add(self, reader: str, kind: RepeatKind, at: float) -> tuple[RepeatKind, int] | None:
        """Count a refusal; return the kind of the row to write now and the number it stands for, or None."""
        self._readers.setdefault(reader, _Reader()).waiting[kind] += 1
        return self._next(reader, at)

    def due(self, at: float, *, every: bool) -> list[tuple[str, RepeatKind, int]]:
        """Return the counts whose row may be written now; `every`: all counts."""
        if every:
            return [(reader, kind, many) for reader, of in self._readers.items() for kind, many in of.waiting.items()]
        found = ((reader, self._next(reader, at)) for reader in self._readers)
        return [(reader, *row) for reader, row in found if row]

    def written(self, reader: str, kind: RepeatKind, at: float) -> None:
        """Note that the row is durable."""
        of = self._readers[reader]
        of.written = at
        del of.waiting[kind]

    def _next(self, reader: str, at: float) -> tuple[RepeatKind, int] | None:
        of = self._readers[reader]
        too_soon = of.written is not None and 0 <= at - of.written < PAUSE  # a clock set back delays nothing
        return None if too_soon or not of.waiting else of.waiting.most_common(1)[0]
