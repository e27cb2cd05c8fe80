"""`gate sync` as a daemon: a round per interval, sooner after a failure, until SIGTERM or SIGINT."""

import random
import signal
import threading
from collections.abc import Callable
from math import inf
from time import monotonic
from types import FrameType

from gate.errors import GateError, SyncError
from gate.logs import Log
from gate.sync.lock import BusyError, GaveWayError
from gate.sync.round import Outcome

FIRST_WAIT = 30.0  # seconds after a failure; doubled after each further one, up to `every`
YIELD = 1.0  # seconds between checks whether a person's command has ended
CHECK_EVERY = 60.0  # seconds between checks of the held list while waiting: 20 ms each for 20 million people
JITTER = 0.1  # of a wait, either way: a thousand gates must not poll in the same second

log = Log(part="sync")


class StoppedError(SyncError):
    """Error of a round that a signal interrupted."""


class SyncDaemon:
    """The loop of rounds.  `attempt` makes one round; `ping_watchdog` is called once a second, also during a round.
    `find_damage` returns the fault of the held list, if any: it is fetched again at once, not at the end of a
    wait.  `on_wait` gets the seconds until the next round."""

    def __init__(
        self,
        attempt: Callable[[], Outcome],
        every: float,
        ping_watchdog: Callable[[], None],
        find_damage: Callable[[], str | None] = lambda: None,
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._attempt = attempt
        self._every = every
        self._ping_watchdog = ping_watchdog
        self._find_damage = find_damage
        self._on_wait = on_wait
        self._hurried = False  # the wait before this one was cut short
        self._pinged_at = -inf  # monotonic s
        self._stop = threading.Event()
        self._yielded = False  # to a person's command

    def tick(self) -> None:
        """Call `ping_watchdog` when due; called several times a second during a round.  Raises StoppedError."""
        self._ping()
        if self._stop.is_set():
            raise StoppedError("stopped in the middle", hint="It resumes at the next start")

    def run(self) -> None:
        """Make rounds until SIGTERM or SIGINT, which end a round too."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        failures = 0
        while not self._stop.is_set():
            try:
                failures = 0 if self._once() else failures + 1
            except StoppedError:
                break
            except (BusyError, GaveWayError) as error:
                if not self._yielded:
                    log.info("giving way", why=error.what)
                self._yielded = True
                self._wait(YIELD)
                continue
            self._yielded = False
            # Not after a failure, because no mirror has the list; and not twice in a row, because a card that spoils
            # every list must not be filled endlessly.
            wait = wait_after(failures, self._every)
            self._on_wait(wait)
            self._hurried = self._wait(wait, hurry=failures == 0 and not self._hurried)
        log.info("stopped")

    def _once(self) -> bool:
        """Make one round; return whether it succeeded.  Raises StoppedError, BusyError, GaveWayError."""
        try:
            outcome = self._attempt()
        except (StoppedError, BusyError, GaveWayError):
            raise
        except GateError as error:
            log.error(str(error))
            return False
        except Exception as error:  # a defect: the next attempt may succeed, and the held list stays
            log.exception("the round failed", kind=type(error).__name__)
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

    def _wait(self, seconds: float, *, hurry: bool = False) -> bool:
        """Wait; return whether a damaged list cut it short, which only happens with `hurry`."""
        check_in = CHECK_EVERY
        while seconds > 0 and not self._stop.is_set():
            self._ping()
            self._stop.wait(min(1.0, seconds))
            seconds, check_in = seconds - 1.0, check_in - 1.0
            if hurry and check_in <= 0:
                check_in = CHECK_EVERY
                if what := self._find_damage():
                    log.error("the list is fetched again", problem=what)
                    return True
        return False

    def _ping(self) -> None:
        if monotonic() - self._pinged_at >= 1.0:
            self._pinged_at = monotonic()
            self._ping_watchdog()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop.is_set():  # a second signal: exit at once
            raise SystemExit(1)
        self._stop.set()


def wait_after(failures: int, every: float) -> float:
    """Return seconds until the next attempt; `failures` in a row so far."""
    wait = every if failures == 0 else min(every, FIRST_WAIT * 2 ** min(failures - 1, 20))
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, no secret
