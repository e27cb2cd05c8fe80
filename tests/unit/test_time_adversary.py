"""The trusted time against an adversary: a model of what gate/decisions/0003-trusted-time.md promises."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.core.kept_time import Kept
from gate.core.trusted_time import SETTLES_WITHIN, STANDS_AFTER, TOLERANCE, ClockTrust
from gate.runtime.clock import GateClock
from gate.testing.builders import NOW, ManualClock

DAY = 86400.0
UNTRUSTED_FOR = 12 * 3600.0


class Adversary(RuleBasedStateMachine):
    """Sets the clock, plays the time service and cuts the power; what is signed is honest.

    `true` is the time.  A gate that is asked once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = ManualClock()
        self.true = float(NOW)
        self.clock = GateClock(self.machine, Kept(), UNTRUSTED_FOR)
        self.signed = 0.0
        self.lied_up = False  # the clock was ever ahead of the time
        self.least = 0.0

    @initialize(old=st.floats(0, 40 * DAY))
    def load(self, old: float) -> None:
        self.signed = self.true - old
        self.clock = GateClock(self.machine, Kept(as_of=self.signed), UNTRUSTED_FOR)

    def ask(self) -> float:
        now = self.clock.now()
        if self.machine.now() > self.true + 1:
            self.lied_up = True
        return now

    @rule(minutes=st.integers(1, 600))
    def run_on(self, minutes: int) -> None:
        for _ in range(minutes // 10 + 1):
            self.machine.advance(600)
            self.true += 600
            self.ask()

    @rule(by=st.floats(-3000 * DAY, 40000 * DAY, allow_nan=False) | st.floats(-7200, 7200, allow_nan=False))
    def set_clock(self, by: float) -> None:
        self.machine.set(by)
        self.ask()

    @rule()
    def set_right(self) -> None:
        self.machine.set(self.true - self.machine.now())
        self.ask()

    @rule(synchronised=st.booleans())
    def claim(self, synchronised: bool) -> None:
        self.clock.synchronise(synchronised=synchronised)
        self.ask()

    @rule(age=st.floats(0, 2 * DAY))
    def publish(self, age: float) -> None:
        stated = self.true - age
        if stated >= self.signed:
            self.signed = stated
            self.clock.apply_signed_time(stated)
            self.ask()

    @rule(off=st.floats(0, 90 * DAY), keeps_time=st.booleans(), crash=st.booleans())
    def cut(self, off: float, keeps_time: bool, crash: bool) -> None:
        kept = self.clock.kept()
        if crash:
            kept = Kept(as_of=self.signed)  # lane.db is lost, too
        self.machine.reboot(off, keeps_time=keeps_time)
        self.true += off
        self.clock = GateClock(self.machine, kept, UNTRUSTED_FOR)
        self.ask()

    @rule()
    def restart(self) -> None:
        before = self.ask()
        self.clock = GateClock(self.machine, self.clock.kept(), UNTRUSTED_FOR)
        assert self.ask() == pytest.approx(before, abs=1)

    @precondition(lambda self: self.machine.since_boot() > SETTLES_WITHIN)
    @rule(by=st.floats(61, 40000 * DAY, allow_nan=False), seconds=st.floats(0, 3600))
    def leap_and_return(self, by: float, seconds: float) -> None:
        """As a spoofed answer does: nothing of it is left."""
        self.clock.synchronise(synchronised=False)
        if self.clock.standing() is not ClockTrust.TRUSTED or abs(self.clock.behind()) > 1:
            return
        before = self.ask()
        lied = self.lied_up
        self.machine.set(by)
        self.machine.advance(seconds)
        self.true += seconds
        assert self.ask() == pytest.approx(before + seconds, abs=TOLERANCE)
        assert self.clock.standing() is ClockTrust.AHEAD
        self.machine.set(-by)
        assert self.ask() == pytest.approx(before + seconds, abs=TOLERANCE)
        assert self.clock.standing() is ClockTrust.TRUSTED
        self.lied_up = lied

    @rule()
    def come_right(self) -> None:
        """A right clock that a time service keeps is believed in the end, whatever was done before."""
        self.machine.set(self.true - self.machine.now())
        self.clock.synchronise(synchronised=True)
        for _ in range(int(STANDS_AFTER) // 600 + 2):
            self.ask()
            self.machine.advance(600)
            self.true += 600
        assert self.ask() == pytest.approx(self.true, abs=TOLERANCE)
        assert self.clock.standing() is ClockTrust.TRUSTED

    @invariant()
    def nothing_signed_is_revived(self) -> None:
        assert self.clock.now() >= self.signed - TOLERANCE - 1

    @invariant()
    def it_is_ahead_only_if_the_clock_was(self) -> None:
        if not self.lied_up:
            assert self.clock.now() <= self.true + TOLERANCE + 1

    @invariant()
    def it_says_so_when_it_differs_from_the_clock(self) -> None:
        differs = abs(self.clock.now() - self.machine.now()) > TOLERANCE + 1
        if differs:
            assert self.clock.standing() is not ClockTrust.TRUSTED


TestAdversary = Adversary.TestCase
TestAdversary.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("leap", [11 * 60, DAY, 79 * 365 * DAY])
def test_a_clock_that_fell_back_first_is_believed_no_more_when_it_leaps(leap: float) -> None:
    """Or two steps would make used passes good again, and end the time of good ones."""
    machine = ManualClock()
    clock = GateClock(machine, Kept(), UNTRUSTED_FOR)
    for step, passed, standing in ((0, 0.0, ClockTrust.TRUSTED), (-660, DAY, ClockTrust.BEHIND)):
        clock.now()
        machine.advance(passed)
        machine.set(step)
        assert clock.standing() is standing
    machine.set(660 + leap)
    machine.advance(3)
    assert (clock.now(), clock.standing()) == (NOW + DAY + 3, ClockTrust.AHEAD)
    machine.set(-leap)
    assert (clock.now(), clock.standing()) == (NOW + DAY + 3, ClockTrust.TRUSTED)


@pytest.mark.parametrize("step", [1.0, 30.0, 59.0])
def test_many_small_steps_move_the_time_no_further_than_one_that_is_tolerated(step: float) -> None:
    """As of a time service that is spoofed at each of its polls."""
    machine = ManualClock()
    clock = GateClock(machine, Kept(), UNTRUSTED_FOR)
    clock.now()
    machine.advance(DAY)
    clock.now()
    for _ in range(100):
        machine.set(step)
        machine.advance(32)
        clock.now()
    ran = DAY + 100 * 32
    assert clock.now() - NOW - ran <= TOLERANCE + 100 * 32 / 60
    assert (clock.kept().steady or 0.0) <= clock.now()
    machine.set(-100 * step)
    assert clock.now() - NOW - ran <= TOLERANCE + 100 * 32 / 60


def test_a_clock_that_gains_slowly_is_followed() -> None:
    """A second in an hour: ten times as much as a quartz at its worst."""
    machine = ManualClock()
    clock = GateClock(machine, Kept(), UNTRUSTED_FOR)
    for _ in range(200):
        machine.set(1)
        machine.advance(3600)
        assert (clock.now(), clock.standing()) == (machine.now(), ClockTrust.TRUSTED)
