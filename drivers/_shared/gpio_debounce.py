"""Debouncing of contacts: a level counts after it has held for a while."""

from collections import deque

WINDOW = 1.0
"""Seconds over which changes are counted."""

CHANGES = 30
"""Changes within WINDOW that no contact and no person makes: a loose wire, or mains hum on a cut one."""


STALL = 0.5
"""Seconds between two readings from which the poll stalled: the contact is not restless then."""


class Debounce:
    """A debounced level, from every reading.  Pure: the caller passes the time.

    `hold`: seconds for which a level must last without interruption."""

    def __init__(self, hold: float) -> None:
        self.level: bool | None = None  # the settled level; None until the first has settled
        self._hold = hold
        self._seen: bool | None = None
        self._since = 0.0  # when _seen was first seen without interruption
        self._settled: float | None = None  # when a level had last held
        self._read_at = 0.0
        self._changes: deque[float] = deque(maxlen=CHANGES + 1)  # when the reading changed

    def read(self, raw: bool, at: float) -> bool:
        """Return whether `level` changes with this reading, made at `at` (monotonic seconds)."""
        if self._settled is None or at - self._read_at > STALL:
            self._settled = at
        self._read_at = at
        if raw is not self._seen:
            self._seen, self._since = raw, at
            self._changes.append(at)
        if at - self._since < self._hold:
            return False
        self._settled = at
        changed = self.level is not raw
        self.level = raw
        return changed

    def is_restless(self, at: float) -> bool:
        """Return whether the contact is unreliable: it changes all the time, or holds no level for long."""
        if len(self._changes) > CHANGES and at - self._changes[0] <= WINDOW:
            return True
        return self._settled is not None and at - self._settled > WINDOW + 10 * self._hold
