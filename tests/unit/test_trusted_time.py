"""The trusted time: never earlier than what was known, whatever is done to the system clock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.trusted_time import EASE, TOLERANCE, Kept, Reckoning, Standing, advance, begin, heed
from gate.runtime.clock import SystemClock, TrustedClock
from gate.testing.builders import NOW, ManualClock

DAY = 86400.0
UNTRUSTED_FOR = 12 * 3600.0

seconds = st.floats(0, 30 * DAY, allow_nan=False)
times = st.floats(0, 4e9, allow_nan=False)
either_way = st.floats(-2000 * DAY, 2000 * DAY, allow_nan=False)


class Gate:
    """A machine, and the trusted clock of the process that runs on it."""

    def __init__(self, kept: Kept = Kept()) -> None:
        self.machine = ManualClock()
        self.clock = TrustedClock(self.machine, kept, UNTRUSTED_FOR)

    def restart(self, kept: Kept | None = None) -> None:
        self.clock = TrustedClock(self.machine, kept or self.clock.kept(), UNTRUSTED_FOR)

    def run(self, seconds: float) -> None:
        """Asked as often as a lane asks, or it would not know when the clock was set."""
        self.clock.now()
        self.machine.advance(seconds)


def test_a_right_clock_is_taken_as_it_is() -> None:
    gate = Gate()
    gate.run(10 * DAY)
    assert gate.clock.now() == NOW + 10 * DAY
    assert (gate.clock.standing(), gate.clock.behind()) == (Standing.TRUSTED, 0.0)


def test_a_clock_set_back_is_behind_and_time_goes_on() -> None:
    gate = Gate()
    gate.machine.set(-400 * DAY)
    assert gate.clock.now() == NOW
    assert (gate.clock.standing(), gate.clock.behind()) == (Standing.BEHIND, 400 * DAY)
    gate.run(3600)
    assert gate.clock.now() == NOW + 3600


def test_it_is_trusted_no_more_when_that_has_lasted_and_again_when_the_clock_is_right() -> None:
    gate = Gate()
    gate.machine.set(-400 * DAY)
    gate.run(UNTRUSTED_FOR - 1)
    assert gate.clock.standing() is Standing.BEHIND
    gate.run(1)
    assert gate.clock.standing() is Standing.UNTRUSTED
    gate.machine.set(400 * DAY)
    assert gate.clock.standing() is Standing.TRUSTED
    gate.machine.set(-400 * DAY)
    assert gate.clock.standing() is Standing.BEHIND  # counted anew


def test_the_count_goes_on_over_restarts_and_stands_still_while_the_gate_is_off() -> None:
    gate = Gate()
    gate.machine.set(-400 * DAY)
    for _ in range(12):
        gate.run(3599)
        kept = gate.clock.kept()
        gate.machine.advance(5 * 3600)  # off
        gate.restart(kept)
    assert gate.clock.standing() is Standing.BEHIND
    gate.run(12)
    assert gate.clock.standing() is Standing.UNTRUSTED
    gate.restart()
    assert gate.clock.standing() is Standing.UNTRUSTED


def test_zero_patience_refuses_at_once() -> None:
    clock = TrustedClock(ManualClock(), Kept(NOW + DAY), 0.0)
    assert clock.standing() is Standing.UNTRUSTED


def test_a_clock_that_the_network_puts_forward_is_followed_at_once() -> None:
    gate = Gate(Kept(NOW + DAY))
    gate.run(60)
    assert gate.clock.standing() is Standing.BEHIND
    gate.machine.set(2 * DAY)
    assert gate.clock.now() == NOW + 60 + 2 * DAY
    assert gate.clock.standing() is Standing.TRUSTED


def test_a_small_correction_is_waited_for_without_going_back() -> None:
    gate = Gate()
    gate.machine.set(-TOLERANCE)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW, Standing.TRUSTED)
    gate.run(TOLERANCE)
    assert gate.clock.now() == NOW + TOLERANCE * EASE
    gate.run(TOLERANCE)
    assert (gate.clock.now(), gate.clock.behind()) == (NOW + TOLERANCE, 0.0)


def test_sleep_is_time_that_passed_even_if_the_machine_did_not_notice() -> None:
    gate = Gate()
    gate.machine.set(-DAY)
    gate.clock.now()
    gate.machine.sleep(8 * 3600, keeps_time=False)
    assert gate.clock.now() == NOW + 8 * 3600
    gate.restart()
    assert gate.clock.now() == NOW + 8 * 3600  # counted once
    slept = Gate()
    slept.machine.sleep(8 * 3600)
    assert (slept.clock.now(), slept.clock.standing()) == (NOW + 8 * 3600, Standing.TRUSTED)


def test_a_signed_time_is_a_floor_from_then_on() -> None:
    gate = Gate()
    gate.clock.heed(NOW - 5)
    assert gate.clock.now() == NOW
    gate.clock.heed(NOW + DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY, Standing.BEHIND)
    gate.restart()
    assert gate.clock.now() == NOW + DAY


def test_threads_that_ask_at_once_never_see_it_go_back() -> None:
    clock = TrustedClock(SystemClock(), Kept(NOW + 10**9), UNTRUSTED_FOR)  # behind: reckoned by hand

    def ask(_: int) -> bool:
        times = [clock.now() for _ in range(2000)]
        return times == sorted(times)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))


def test_the_system_clock_of_this_machine_counts() -> None:
    clock = SystemClock()
    first = (clock.now(), clock.monotonic(), clock.since_boot())
    second = (clock.now(), clock.monotonic(), clock.since_boot())
    assert all(then <= now for then, now in zip(first[1:], second[1:], strict=True))
    assert first[2] >= first[1] - 1  # sleep included


@given(st.none() | times, st.lists(st.tuples(times, seconds)))
def test_it_is_never_earlier_than_the_system_clock_the_floor_or_itself(
    floor: float | None, moments: list[tuple[float, float]]
) -> None:
    ticks, system = 100.0, moments[0][0] if moments else 0.0
    last = begin(Kept(floor), system, ticks)
    assert last.now >= max(system, floor or 0.0)
    for system, passed in moments:
        ticks += passed
        before, last = last, advance(last, system, ticks)
        assert last.now >= max(system, before.now, floor or 0.0)
        assert last.now >= before.now + passed * EASE - 1e-3
        assert last.behind == pytest.approx(last.now - system, abs=1e-3)
        assert (last.kept.behind_for is None) is (last.standing(0.0) is Standing.TRUSTED)
        if last.is_behind:  # contradicted: reckoned on in full
            assert last.now == pytest.approx(before.now + passed, abs=1e-3)


def test_ticks_that_stand_still_or_go_back_take_nothing_away() -> None:
    last = Reckoning(float(NOW), 100.0)
    assert advance(last, 0.0, 50.0).now == NOW


@given(times, times)
def test_heeding_never_goes_back(now: float, stated: float) -> None:
    last = heed(Reckoning(now, 0.0), stated)
    assert last.now == max(now, stated)
    assert last.behind == max(0.0, stated - now)


actions = st.one_of(
    st.tuples(st.just("run"), seconds),
    st.tuples(st.just("set"), either_way),
    st.tuples(st.just("off"), seconds),
    st.tuples(st.just("sleep"), seconds),
    st.tuples(st.just("signed"), either_way),
)


@given(st.lists(actions, max_size=30))
def test_whatever_happens_the_time_that_was_never_comes_again(story: list[tuple[str, float]]) -> None:
    gate = Gate()
    latest = gate.clock.now()
    acts: dict[str, Callable[[float], None]] = {
        "run": gate.run,
        "set": gate.machine.set,
        "sleep": gate.machine.sleep,
        "signed": lambda by: gate.clock.heed(latest + by),
    }
    for act, by in story:
        if act == "off":
            kept = gate.clock.kept()
            gate.machine.advance(by)
            gate.restart(kept)
        else:
            acts[act](by)
        now = gate.clock.now()
        assert now >= max(latest, gate.machine.now())
        latest = now
