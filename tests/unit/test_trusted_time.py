"""The trusted time: what the system clock alone has said is taken back, what was signed is not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.kept_time import Kept
from gate.core.trusted_time import (
    EASE,
    LATEST,
    TOLERANCE,
    ClockReading,
    ClockTrust,
    Reckoning,
    advance,
    apply_signed_time,
    begin,
)
from gate.runtime.clock import GateClock, SystemClock
from gate.testing.builders import NOW, ManualClock
from tests.unit.clock_rig import DAY, UNTRUSTED_FOR, ClockRig

times = st.floats(0, 4e9, allow_nan=False)


def test_a_right_clock_is_taken_as_it_is() -> None:
    gate = ClockRig()
    gate.run(10 * DAY)
    assert gate.clock.now() == NOW + 10 * DAY
    assert (gate.clock.standing(), gate.clock.behind()) == (ClockTrust.TRUSTED, 0.0)


def test_a_clock_set_back_is_behind_and_time_goes_on() -> None:
    gate = ClockRig()
    gate.machine.set(-400 * DAY)
    assert gate.clock.now() == NOW
    assert (gate.clock.standing(), gate.clock.behind()) == (ClockTrust.BEHIND, 400 * DAY)
    gate.run(3600)
    assert gate.clock.now() == NOW + 3600


def test_it_is_trusted_no_more_when_that_has_lasted_and_again_when_the_clock_is_right() -> None:
    gate = ClockRig()
    gate.machine.set(-400 * DAY)
    gate.run(UNTRUSTED_FOR - 1)
    assert gate.clock.standing() is ClockTrust.BEHIND
    gate.run(1)
    assert gate.clock.standing() is ClockTrust.UNTRUSTED
    gate.machine.set(400 * DAY)
    assert gate.clock.standing() is ClockTrust.TRUSTED
    gate.machine.set(-400 * DAY)
    assert gate.clock.standing() is ClockTrust.BEHIND  # counted anew


def test_the_count_goes_on_over_restarts_and_stands_still_while_the_gate_is_off() -> None:
    gate = ClockRig()
    gate.machine.set(-400 * DAY)
    for _ in range(12):
        gate.run(3599)
        kept = gate.clock.kept()
        gate.machine.reboot(5 * 3600)
        gate.restart(kept)
    assert gate.clock.standing() is ClockTrust.BEHIND
    gate.run(12)
    assert gate.clock.standing() is ClockTrust.UNTRUSTED
    gate.restart()
    assert gate.clock.standing() is ClockTrust.UNTRUSTED


def test_time_before_the_clock_was_found_wrong_does_not_count() -> None:
    gate = ClockRig()
    gate.clock.now()
    gate.machine.advance(UNTRUSTED_FOR)  # nobody asks for the time meanwhile
    gate.machine.set(-400 * DAY)
    assert (gate.clock.standing(), gate.clock.kept().behind_for) == (ClockTrust.BEHIND, 0.0)
    gate.machine.advance(UNTRUSTED_FOR - 1)
    assert (gate.clock.standing(), gate.clock.kept().behind_for) == (ClockTrust.BEHIND, UNTRUSTED_FOR - 1)
    gate.machine.advance(1)
    assert gate.clock.standing() is ClockTrust.UNTRUSTED


def test_a_right_clock_keeps_no_count_of_a_wrong_one() -> None:
    gate = ClockRig()
    assert (gate.clock.kept().behind_for, gate.clock.kept().resets) == (None, 0)
    gate.machine.set(-400 * DAY)
    gate.run(3600)
    assert gate.clock.kept().behind_for == 3600.0
    gate.machine.set(400 * DAY)
    gate.run(1)
    assert gate.clock.kept().behind_for is None
    gate.restart()
    assert gate.clock.standing() is ClockTrust.TRUSTED


def test_zero_patience_refuses_at_once() -> None:
    clock = GateClock(ManualClock(), Kept(NOW + DAY), 0.0)
    assert clock.standing() is ClockTrust.UNTRUSTED


def test_a_clock_that_the_network_puts_forward_is_followed_at_once() -> None:
    gate = ClockRig(Kept(NOW + DAY))
    gate.run(60)
    assert gate.clock.standing() is ClockTrust.BEHIND
    gate.machine.set(2 * DAY)
    assert gate.clock.now() == NOW + 60 + 2 * DAY
    assert gate.clock.standing() is ClockTrust.TRUSTED
    gate.machine.set(-5 * DAY)
    assert gate.clock.standing() is ClockTrust.BEHIND  # what was known before that step stands
    gate.machine.set(4.5 * DAY)
    assert gate.clock.now() == NOW + 60 + 1.5 * DAY  # the step itself is taken back as it was taken
    assert gate.clock.standing() is ClockTrust.TRUSTED


def test_a_small_correction_is_waited_for_without_going_back() -> None:
    gate = ClockRig()
    gate.machine.set(-TOLERANCE)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW, ClockTrust.TRUSTED)
    gate.run(TOLERANCE)
    assert gate.clock.now() == NOW + TOLERANCE * EASE
    gate.run(TOLERANCE)
    assert (gate.clock.now(), gate.clock.behind()) == (NOW + TOLERANCE, 0.0)


def test_sleep_is_time_that_passed_even_if_the_machine_did_not_notice() -> None:
    gate = ClockRig()
    gate.machine.set(-DAY)
    gate.clock.now()
    gate.machine.sleep(8 * 3600, keeps_time=False)
    assert gate.clock.now() == NOW + 8 * 3600
    gate.restart()
    assert gate.clock.now() == NOW + 8 * 3600  # counted once
    slept = ClockRig()
    slept.machine.sleep(8 * 3600)
    assert (slept.clock.now(), slept.clock.standing()) == (NOW + 8 * 3600, ClockTrust.TRUSTED)


def test_a_signed_time_is_a_floor_from_then_on() -> None:
    gate = ClockRig()
    gate.clock.apply_signed_time(NOW - 5)
    assert gate.clock.now() == NOW
    gate.clock.apply_signed_time(NOW + DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY, ClockTrust.BEHIND)
    gate.restart()
    assert gate.clock.now() == NOW + DAY


def test_a_step_is_taken_back_down_to_what_was_signed() -> None:
    gate = ClockRig()
    gate.run(DAY)
    gate.clock.apply_signed_time(NOW + 3 * DAY)
    gate.machine.set(5 * DAY)
    assert gate.clock.now() == NOW + 6 * DAY
    gate.machine.set(-3 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 3 * DAY, ClockTrust.TRUSTED)


def test_a_step_ends_what_was_counted_towards_another() -> None:
    counted = Reckoning(
        float(NOW), 1000.0, 0.0, 60.0, float(NOW), stood=0.5, ahead_for=8.0, healing_for=7.0, boot="b", gained=9.0
    )
    stepped = advance(counted._replace(behind=7200.0, lags=True), ClockReading(NOW + DAY, 1000.0, "b"))
    rest = counted._replace(now=NOW + DAY, behind_for=0.0, stood=0.0, ahead_for=0.0, healing_for=0.0, gained=0.0)
    assert stepped == rest


def test_threads_that_ask_at_once_never_see_it_go_back() -> None:
    clock = GateClock(SystemClock(), Kept(NOW + 10**9), UNTRUSTED_FOR)  # behind: reckoned by hand

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


@pytest.mark.parametrize("wrong", [-1e30, 1e30, float("inf"), float("-inf"), float("nan"), 2.0**53, LATEST + 1])
def test_a_clock_that_shows_no_time_ends_in_no_exception(wrong: float) -> None:
    for kept in (Kept(), Kept(float(NOW)), Kept(2.0**60, steady=2.0**61, signed=2.0**62, as_of=2.0**52, synced=1e300)):
        last = begin(kept, ClockReading(wrong, 1000.0))
        for ticks in (1001.0, 1e6):
            last = apply_signed_time(advance(last, ClockReading(wrong, ticks)), 2.0**53)
            assert 0 <= last.now <= 2 * LATEST
            assert last.standing(60.0) in ClockTrust


@pytest.mark.parametrize("at", [2**31 - 1, 2**32 - 1, 1483228799, 253402041600 - 120])
def test_rollovers_and_leap_seconds_are_seconds_like_others(at: int) -> None:
    gate = ClockRig()
    gate.machine = ManualClock(now=at - 30)
    gate.restart(Kept(at - 60.0))
    for _ in range(60):
        gate.run(1)
    assert (gate.clock.now(), gate.clock.standing()) == (at + 30, ClockTrust.TRUSTED)
    gate.machine.set(-1)  # a leap second
    gate.run(10)
    assert gate.clock.standing() is ClockTrust.TRUSTED


def test_ticks_that_stand_still_or_go_back_take_nothing_away() -> None:
    last = Reckoning(float(NOW), 100.0, steady=float(NOW))
    assert advance(last, ClockReading(0.0, 50.0)).now == NOW


@given(times, times)
def test_heeding_never_goes_back_without_news(now: float, stated: float) -> None:
    last = apply_signed_time(Reckoning(now, 0.0, steady=now, stated=stated), stated)
    assert last.now == max(now, stated)
    assert last.behind == max(0.0, stated - now)
