"""The trusted time: what the system clock alone has said is taken back, what was signed is not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.kept_time import Kept
from gate.core.trusted_time import (
    CONTRADICTS_AFTER,
    EASE,
    LATEST,
    SETTLES_WITHIN,
    STANDS_AFTER,
    SYNCHRONISED_STANDS_AFTER,
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

DAY = 86400.0
UNTRUSTED_FOR = 12 * 3600.0

times = st.floats(0, 4e9, allow_nan=False)


class Gate:
    """A machine, and the trusted clock of the process that runs on it."""

    def __init__(self, kept: Kept = Kept()) -> None:
        self.machine = ManualClock()
        self.clock = GateClock(self.machine, kept, UNTRUSTED_FOR)

    def restart(self, kept: Kept | None = None) -> None:
        self.clock = GateClock(self.machine, kept or self.clock.kept(), UNTRUSTED_FOR)

    def run(self, seconds: float) -> None:
        """Asked as often as a lane asks, or it would not know when the clock was set."""
        self.clock.now()
        self.machine.advance(seconds)


def test_a_right_clock_is_taken_as_it_is() -> None:
    gate = Gate()
    gate.run(10 * DAY)
    assert gate.clock.now() == NOW + 10 * DAY
    assert (gate.clock.standing(), gate.clock.behind()) == (ClockTrust.TRUSTED, 0.0)


def test_a_clock_set_back_is_behind_and_time_goes_on() -> None:
    gate = Gate()
    gate.machine.set(-400 * DAY)
    assert gate.clock.now() == NOW
    assert (gate.clock.standing(), gate.clock.behind()) == (ClockTrust.BEHIND, 400 * DAY)
    gate.run(3600)
    assert gate.clock.now() == NOW + 3600


def test_it_is_trusted_no_more_when_that_has_lasted_and_again_when_the_clock_is_right() -> None:
    gate = Gate()
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
    gate = Gate()
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
    gate = Gate()
    gate.clock.now()
    gate.machine.advance(UNTRUSTED_FOR)  # nobody asks for the time meanwhile
    gate.machine.set(-400 * DAY)
    assert (gate.clock.standing(), gate.clock.kept().behind_for) == (ClockTrust.BEHIND, 0.0)
    gate.machine.advance(UNTRUSTED_FOR - 1)
    assert (gate.clock.standing(), gate.clock.kept().behind_for) == (ClockTrust.BEHIND, UNTRUSTED_FOR - 1)
    gate.machine.advance(1)
    assert gate.clock.standing() is ClockTrust.UNTRUSTED


def test_a_right_clock_keeps_no_count_of_a_wrong_one() -> None:
    gate = Gate()
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
    gate = Gate(Kept(NOW + DAY))
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
    gate = Gate()
    gate.machine.set(-TOLERANCE)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW, ClockTrust.TRUSTED)
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
    assert (slept.clock.now(), slept.clock.standing()) == (NOW + 8 * 3600, ClockTrust.TRUSTED)


def test_a_signed_time_is_a_floor_from_then_on() -> None:
    gate = Gate()
    gate.clock.apply_signed_time(NOW - 5)
    assert gate.clock.now() == NOW
    gate.clock.apply_signed_time(NOW + DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY, ClockTrust.BEHIND)
    gate.restart()
    assert gate.clock.now() == NOW + DAY


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


# Leaps.


def test_a_leap_that_the_running_time_contradicts_is_not_believed_and_leaves_no_trace() -> None:
    gate = Gate()
    gate.run(DAY)
    gate.machine.set(79 * 365 * DAY)
    gate.run(3)
    assert gate.clock.now() == NOW + DAY + 3
    assert (gate.clock.standing(), gate.clock.behind()) == (ClockTrust.AHEAD, -79 * 365 * DAY)
    assert gate.clock.kept().latest == NOW + DAY + 3
    gate.restart()  # the machine goes on: a process that is restarted knows the running time all the same
    assert gate.clock.standing() is ClockTrust.AHEAD
    gate.machine.set(-79 * 365 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY + 3, ClockTrust.TRUSTED)


def test_a_leap_that_has_stood_for_hours_is_believed_and_taken_back_at_once() -> None:
    gate = Gate()
    gate.machine.set(365 * DAY)
    gate.clock.now()
    gate.run(STANDS_AFTER - 1)
    assert gate.clock.standing() is ClockTrust.AHEAD
    gate.run(1)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 365 * DAY + STANDS_AFTER, ClockTrust.TRUSTED)
    gate.run(60)
    gate.machine.set(-365 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + STANDS_AFTER + 60, ClockTrust.TRUSTED)


def test_a_process_that_is_restarted_takes_no_step_for_steady_and_no_time_service_for_new() -> None:
    kept = Kept(NOW + DAY, steady=NOW, ticks=1000.0, boot="b")
    assert begin(kept, ClockReading(NOW + DAY + 10, 1010.0, "b")).steady == NOW + 10
    kept = Kept(NOW, ticks=1000.0, boot="b", synchronised=True)
    assert begin(kept, ClockReading(NOW + DAY, 1010.0, "b", synchronised=True)).is_ahead
    kept = Kept(NOW, ticks=1000.0, boot="b", synchronised=False)
    assert begin(kept, ClockReading(NOW + DAY, 1010.0, "b", synchronised=True)).now == NOW + DAY


def test_a_leap_that_moves_on_has_not_stood() -> None:
    gate = Gate()
    for _ in range(20):
        gate.machine.set(DAY)
        gate.run(STANDS_AFTER / 2)
    assert gate.clock.standing() is ClockTrust.AHEAD


def test_a_clock_that_was_wrong_at_the_start_is_taken_back_at_its_word() -> None:
    gate = Gate()
    gate.run(DAY)
    kept = gate.clock.kept()
    gate.machine.reboot(3600)
    gate.machine.set(2 * 365 * DAY)  # a clock chip of another year
    gate.restart(kept)
    assert gate.clock.now() == NOW + DAY + 3600 + 2 * 365 * DAY
    gate.run(40)
    gate.machine.set(-2 * 365 * DAY)  # the network sets it right
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY + 3640, ClockTrust.TRUSTED)


def test_a_board_without_a_clock_chip_is_set_right_within_a_minute() -> None:
    gate = Gate()
    gate.run(DAY)
    kept = gate.clock.kept()
    for back in (5 * 365 * DAY, 0.0):  # the clock of its image; or the time that was saved when it stopped
        gate.machine = ManualClock(now=NOW + DAY - back)
        gate.machine.reboot(9 * 3600, keeps_time=False)
        gate.restart(kept)
        gate.run(40)
        gate.machine.set(back + 9 * 3600)
        assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY + 9 * 3600 + 40, ClockTrust.TRUSTED)


def test_a_time_service_that_comes_late_is_believed_once() -> None:
    gate = Gate()
    gate.run(2 * SETTLES_WITHIN)
    gate.machine.set(9 * 3600)
    gate.clock.synchronise(synchronised=True)
    assert gate.clock.now() == NOW + 2 * SETTLES_WITHIN + 9 * 3600
    gate.machine.set(9 * 3600)  # and again: it was right before
    assert gate.clock.standing() is ClockTrust.AHEAD


def test_a_synchronised_clock_heals_what_was_steady_but_only_down_to_what_was_signed() -> None:
    poisoned = Kept(NOW + 900 * DAY, steady=NOW + 900 * DAY, signed=NOW - 3600.0, as_of=NOW - 3600.0)
    gate = Gate(poisoned)
    gate.run(SYNCHRONISED_STANDS_AFTER * 3)
    assert gate.clock.standing() is ClockTrust.BEHIND  # nobody but the clock itself says so
    gate.clock.synchronise(synchronised=True)
    gate.run(SYNCHRONISED_STANDS_AFTER - 1)
    gate.run(2)
    assert (gate.clock.now(), gate.clock.standing()) == (gate.machine.now(), ClockTrust.TRUSTED)
    below = Gate(Kept(NOW + 900 * DAY, signed=NOW + 30 * DAY, as_of=NOW + 30 * DAY))
    below.clock.synchronise(synchronised=True)
    below.run(DAY)
    assert below.clock.standing() is ClockTrust.UNTRUSTED
    assert below.clock.now() == NOW + 901 * DAY


def test_a_newly_signed_list_and_the_clock_heal_together() -> None:
    gate = Gate(Kept(NOW + 900 * DAY, signed=NOW - 2 * DAY, as_of=NOW - 2 * DAY))
    gate.run(60)
    gate.clock.apply_signed_time(NOW - 2 * DAY)  # the list that was held: no news
    assert gate.clock.standing() is ClockTrust.BEHIND
    gate.clock.apply_signed_time(NOW - 600)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 60, ClockTrust.TRUSTED)


def test_after_clock_and_list_agree_the_time_is_steady_and_nothing_is_in_doubt() -> None:
    wrong = Reckoning(
        NOW + 9 * DAY, 0.0, 9 * DAY, behind_for=9.0, steady=NOW + 9 * DAY, stood=0.5, ahead_for=8.0, healing_for=7.0
    )
    right = apply_signed_time(wrong, NOW - 60.0)
    assert right == wrong._replace(
        now=NOW,
        behind=0.0,
        behind_for=0.0,
        steady=NOW,
        stood=1.0,
        ahead_for=0.0,
        healing_for=0.0,
        stated=NOW - 60.0,
        signed=right.signed,
    )


def test_a_list_of_yesterday_does_not_take_a_gate_back() -> None:
    """The gate is right, its clock an hour slow: the newest list lies nearer to the clock, and proves nothing."""
    gate = Gate(Kept(NOW + 3600.0, signed=NOW - DAY, as_of=NOW - DAY))
    gate.clock.apply_signed_time(NOW - 60)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 3600, ClockTrust.BEHIND)
    assert CONTRADICTS_AFTER > 3660


def test_a_newly_signed_list_supports_a_leap_and_an_old_one_does_not() -> None:
    gate = Gate(Kept(float(NOW), signed=NOW - DAY, as_of=NOW - DAY))
    gate.machine.set(30 * DAY)
    gate.clock.apply_signed_time(NOW - 60)
    assert gate.clock.standing() is ClockTrust.AHEAD
    gate.clock.apply_signed_time(NOW + 30 * DAY - 900)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 30 * DAY, ClockTrust.TRUSTED)


def test_what_witnesses_say_is_taken_back_when_the_clock_is_set() -> None:
    gate = Gate(Kept(NOW + DAY, behind_for=60.0))
    gate.clock.apply_witnessed_time(NOW + 2 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 2 * DAY, ClockTrust.BEHIND)
    gate.clock.apply_witnessed_time(NOW + DAY)
    assert gate.clock.now() == NOW + 2 * DAY
    gate.machine.set(1.5 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 1.5 * DAY, ClockTrust.TRUSTED)


def test_a_reset_forgets_every_floor_and_is_kept() -> None:
    poisoned = 2 * NOW
    gate = Gate(Kept(poisoned, signed=poisoned, as_of=poisoned))
    gate.run(60)
    gate.clock.reset(4, NOW - 30)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 60, ClockTrust.TRUSTED)
    assert gate.clock.stepped() == NOW - poisoned
    assert gate.clock.stepped() == 0.0
    assert gate.clock.kept().resets == 4
    gate.restart()
    assert (gate.clock.now(), gate.clock.kept().resets) == (NOW + 60, 4)


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
    gate = Gate()
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
