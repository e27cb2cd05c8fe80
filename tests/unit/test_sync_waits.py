"""How long a sync waits for its next attempt."""

from hypothesis import given
from hypothesis import strategies as st

from gate.sync.daemon import FIRST_WAIT, JITTER, wait_after

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
