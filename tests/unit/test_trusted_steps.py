"""Steps and leaps of the system clock: which are believed, which are taken back, and what heals."""

import pytest

from gate.core.kept_time import Kept
from gate.core.trusted_time import (
    CONTRADICTS_AFTER,
    SETTLES_WITHIN,
    STANDS_AFTER,
    SYNCHRONISED_STANDS_AFTER,
    ClockReading,
    ClockTrust,
    Reckoning,
    apply_signed_time,
    begin,
)
from gate.testing.builders import NOW, ManualClock
from tests.unit.clock_rig import DAY, ClockRig


def test_a_leap_that_the_running_time_contradicts_is_not_believed_and_leaves_no_trace() -> None:
    gate = ClockRig()
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
    gate = ClockRig()
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
    gate = ClockRig()
    for _ in range(20):
        gate.machine.set(DAY)
        gate.run(STANDS_AFTER / 2)
    assert gate.clock.standing() is ClockTrust.AHEAD


def test_a_clock_that_was_wrong_at_the_start_is_taken_back_at_its_word() -> None:
    gate = ClockRig()
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
    gate = ClockRig()
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
    gate = ClockRig()
    gate.run(2 * SETTLES_WITHIN)
    gate.machine.set(9 * 3600)
    gate.clock.synchronise(synchronised=True)
    assert gate.clock.now() == NOW + 2 * SETTLES_WITHIN + 9 * 3600
    gate.machine.set(9 * 3600)  # and again: it was right before
    assert gate.clock.standing() is ClockTrust.AHEAD


def test_a_synchronised_clock_heals_what_was_steady_but_only_down_to_what_was_signed() -> None:
    poisoned = Kept(NOW + 900 * DAY, steady=NOW + 900 * DAY, signed=NOW - 3600.0, as_of=NOW - 3600.0)
    gate = ClockRig(poisoned)
    gate.run(SYNCHRONISED_STANDS_AFTER * 3)
    assert gate.clock.standing() is ClockTrust.BEHIND  # nobody but the clock itself says so
    gate.clock.synchronise(synchronised=True)
    gate.run(SYNCHRONISED_STANDS_AFTER - 1)
    gate.run(2)
    assert (gate.clock.now(), gate.clock.standing()) == (gate.machine.now(), ClockTrust.TRUSTED)
    below = ClockRig(Kept(NOW + 900 * DAY, signed=NOW + 30 * DAY, as_of=NOW + 30 * DAY))
    below.clock.synchronise(synchronised=True)
    below.run(DAY)
    assert below.clock.standing() is ClockTrust.UNTRUSTED
    assert below.clock.now() == NOW + 901 * DAY


def test_a_newly_signed_list_and_the_clock_heal_together() -> None:
    gate = ClockRig(Kept(NOW + 900 * DAY, signed=NOW - 2 * DAY, as_of=NOW - 2 * DAY))
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
    gate = ClockRig(Kept(NOW + 3600.0, signed=NOW - DAY, as_of=NOW - DAY))
    gate.clock.apply_signed_time(NOW - 60)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 3600, ClockTrust.BEHIND)
    assert CONTRADICTS_AFTER > 3660


def test_a_newly_signed_list_supports_a_leap_and_an_old_one_does_not() -> None:
    gate = ClockRig(Kept(float(NOW), signed=NOW - DAY, as_of=NOW - DAY))
    gate.machine.set(30 * DAY)
    gate.clock.apply_signed_time(NOW - 60)
    assert gate.clock.standing() is ClockTrust.AHEAD
    gate.clock.apply_signed_time(NOW + 30 * DAY - 900)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 30 * DAY, ClockTrust.TRUSTED)


def test_what_witnesses_say_is_taken_back_when_the_clock_is_set() -> None:
    gate = ClockRig(Kept(NOW + DAY, behind_for=60.0))
    gate.clock.apply_witnessed_time(NOW + 2 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 2 * DAY, ClockTrust.BEHIND)
    gate.clock.apply_witnessed_time(NOW + DAY)
    assert gate.clock.now() == NOW + 2 * DAY
    gate.machine.set(1.5 * DAY)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 1.5 * DAY, ClockTrust.TRUSTED)


@pytest.mark.parametrize("later", [0, 3600])
def test_witnesses_prove_that_the_gates_own_time_lags_and_make_nothing_steady(later: int) -> None:
    """So a later clock is believed at once, though the clock had fallen back under the running gate."""
    gate = ClockRig()
    gate.run(DAY)
    gate.machine.set(-3600)
    gate.run(60)
    assert gate.clock.standing() is ClockTrust.BEHIND
    gate.clock.apply_witnessed_time(NOW + DAY + 7260)
    gate.machine.set(3 * 3600 + later)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + DAY + 7260 + later, ClockTrust.TRUSTED)
    assert gate.clock.kept().steady == NOW + DAY + 60


def test_a_reset_forgets_every_floor_and_is_kept() -> None:
    poisoned = 2 * NOW
    gate = ClockRig(Kept(poisoned, signed=poisoned, as_of=poisoned))
    gate.run(60)
    gate.clock.reset(4, NOW - 30)
    assert (gate.clock.now(), gate.clock.standing()) == (NOW + 60, ClockTrust.TRUSTED)
    assert gate.clock.stepped() == NOW - poisoned
    assert gate.clock.stepped() == 0.0
    assert gate.clock.kept().resets == 4
    gate.restart()
    assert (gate.clock.now(), gate.clock.kept().resets) == (NOW + 60, 4)
    gate.clock.reset(5, NOW + DAY)
    assert (gate.clock.now(), gate.clock.kept().behind_for) == (NOW + DAY, 0.0)
