"""Timers of the lane's periodic work.  Times are monotonic seconds."""

import math

TIDY_AFTER = 30.0  # seconds of quiet before the journal is signed and the WAL checkpointed
TIDY_AT_LATEST = 600.0  # seconds after the first decision: at a lane that is never quiet
TIDY_STEP = 1.0  # seconds between two steps, of 0.2 s each at most here


class Every:
    """A timer that is due at once, and then every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = 0.0

    def due(self, now: float) -> bool:
        """Return whether it is due; true once for each time."""
        if now < self._due:
            return False
        self._due = now + self._seconds
        return True


class TidyTimer:
    """The timer of tidying the store: after some quiet, or some time without any."""

    def __init__(self) -> None:
        self._due: float | None = None  # None before the first look
        self._latest = 0.0

    def decided(self, now: float) -> None:
        """Note a decision: the quiet starts again."""
        self._latest = self._latest or now + TIDY_AT_LATEST
        self._due = min(now + TIDY_AFTER, self._latest)

    def again(self, now: float) -> None:
        """Note that there was more to do than one step."""
        self._due = now + TIDY_STEP

    def due(self, now: float) -> bool:
        """Return whether it is due; true once for each time.  Also due some time after the start."""
        if self._due is None:
            self._due = now + TIDY_AFTER
        if now < self._due:
            return False
        self._due, self._latest = math.inf, 0.0
        return True
