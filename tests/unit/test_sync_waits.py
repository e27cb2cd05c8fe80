"""How long a sync waits for its next attempt."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import SyncError
from gate.sync.daemon import CHECK_EVERY, FIRST_WAIT, JITTER, SyncDaemon, wait_after
from gate.sync.round import Outcome

EVERY = 900.0


@given(st.integers(0, 10_000))
def test_sooner_after_a_failure_and_never_later_than_otherwise(failures: int) -> None:
    wait = wait_after(failures, EVERY)
    assert FIRST_WAIT * (1 - JITTER) <= wait <= EVERY * (1 + JITTER)
    if failures == 1:
        assert wait <= FIRST_WAIT * (1 + JITTER)


def test_waits_grow_and_differ() -> None:
    means = [sum(wait_after(failures, EVERY) for _ in range(200)) / 200 for failures in (1, 2, 3, 4, 5, 6)]
    assert means == sorted(means)
    assert len({wait_after(0, EVERY) for _ in range(50)}) > 40


class VirtualStop:
    """Waits that take no time, until so many seconds have been waited for."""

    def __init__(self, until: float) -> None:
        self.waited = 0.0
        self._until = until

    def is_set(self) -> bool:
        return self.waited >= self._until

    def wait(self, seconds: float) -> None:
        self.waited += seconds


def rounds(fails: bool, damage: str | None, *, hours: float = 1.0) -> list[float]:
    """When a daemon made its rounds, in seconds of waiting."""
    stop, made = VirtualStop(hours * 3600), []

    def attempt() -> Outcome:
        made.append(stop.waited)
        if fails:
            raise SyncError("nobody answers", hint="")
        return Outcome("file:///media/usb", 1, 0, 0, False, 0, "unchanged", 0.0, ())

    daemon = SyncDaemon(attempt, EVERY, lambda: None, lambda: damage)
    daemon._stop = stop  # type: ignore[assignment] # waits that take no time
    daemon.run()
    return made


@pytest.mark.usefixtures("restored_signals")
def test_a_damaged_list_is_fetched_again_at_once_and_not_for_ever() -> None:
    assert len(rounds(fails=False, damage=None)) <= 5
    first, second, third, *_ = rounds(fails=False, damage="list.db: damaged")
    assert second - first == CHECK_EVERY
    assert third - second >= EVERY * (1 - JITTER)  # a card that spoils every list
    assert rounds(fails=True, damage="list.db: damaged")[1] <= FIRST_WAIT * (1 + JITTER)


@pytest.fixture
def restored_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
