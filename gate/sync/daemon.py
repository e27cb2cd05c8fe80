"""`gate sync` as a daemon: a sync every so often, sooner again after a failure, until it is told to stop."""

import random
import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog

from gate.errors import GateError, SyncError
from gate.sync.syncing import Outcome

FIRST_WAIT = 30.0  # seconds after a failure; doubled with each further one, up to `every`
JITTER = 0.1  # of a wait, either way: a thousand gates do not ask in the same second

log = structlog.get_logger()


class Daemon:
    """`attempt` makes one sync; `alive` is called while waiting, once a second at least."""

    def __init__(self, attempt: Callable[[], Outcome], every: float, alive: Callable[[], None]) -> None:
        self._attempt = attempt
        self._every = every
        self._alive = alive
        self._stop = threading.Event()

    def still_wanted(self) -> None:
        """To be called at every piece of a sync.  Raises SyncError when we were told to stop."""
        self._alive()
        if self._stop.is_set():
            raise SyncError("stopped in the middle", hint="It goes on from here at the next start")

    def run(self) -> None:
        """Until SIGTERM or SIGINT; a sync that is running then ends at its next piece."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        failures = 0
        while not self._stop.is_set():
            failures = 0 if self._once() else failures + 1
            self._wait(wait_after(failures, self._every))
        log.info("stopped")

    def _once(self) -> bool:
        try:
            outcome = self._attempt()
        except GateError as error:
            log.error(str(error))
            return False
        log.info(
            "synced",
            mirror=outcome.mirror,
            version=outcome.version,
            way=outcome.way,
            listed=outcome.listed,
            received=outcome.received,
            applied_in=round(outcome.applied_in, 3),
        )
        return True

    def _wait(self, seconds: float) -> None:
        while seconds > 0 and not self._stop.is_set():
            self._alive()
            self._stop.wait(min(1.0, seconds))
            seconds -= 1.0

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop.is_set():  # told twice: not patiently any more
            raise SystemExit(1)
        self._stop.set()


def wait_after(failures: int, every: float) -> float:
    """Seconds until the next attempt; `failures` in a row so far."""
    wait = every if failures == 0 else min(every, FIRST_WAIT * 2 ** min(failures - 1, 20))
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, no secret
