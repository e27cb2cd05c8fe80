"""A lane that is restarted judges its clock as if it had not been: a model against one that runs on.

Both have the same machine and the same lists.  One is killed, stopped and started; what it knows then, it has read
from lane.db and list.db.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.model import Listing
from gate.core.trusted_time import STANDS_AFTER, SYNCHRONISED_STANDS_AFTER, TOLERANCE, ClockTrust, Ntp
from gate.lane.timekeeper import Timekeeper
from gate.runtime.clock import GateClock
from gate.store.apply_list import apply
from gate.store.clock_reset import reset_floor
from gate.store.database import File, immediate, open_for_writing
from gate.store.journal import Journal, JournalRow
from gate.store.list_reader import ListState
from gate.store.milliseconds import ms
from gate.store.time_floor import keep, read_kept
from gate.testing.builders import NOW, ManualClock, publication
from tests.store.opening import opened

DAY = 86400.0
UNTRUSTED_FOR = 12 * 3600.0


class Keeper:
    """A lane's clock, and when it would store the time."""

    def __init__(self, machine: ManualClock, kept: Kept, held: ListState, ntp: Ntp) -> None:
        self.clock = GateClock(machine, kept, UNTRUSTED_FOR, synchronised=ntp is Ntp.SYNCHRONISED)
        self.timekeeper = Timekeeper(self.clock, lambda _: None)
        self.timekeeper.apply_list(held, None)


class Restarts(RuleBasedStateMachine):
    """The lane, and its twin that is never restarted within one start of the machine.  `held`: the list that both
    know.

    No step is below the tolerance: such a one is stored within ten minutes, not at once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.state = Path(self.folder.name)
        self.connection = open_for_writing(File.LANE, self.state)
        self.connection.execute("PRAGMA synchronous=OFF")
        self.machine, self.ntp = ManualClock(), Ntp.UNKNOWN
        self.held = ListState(version=0)
        self.start()
        self.twin = Keeper(self.machine, Kept(), self.held, self.ntp)
        self.machine.advance(400)  # the machine has started long ago
        self.ask()

    def teardown(self) -> None:
        self.connection.close()
        self.folder.cleanup()

    def start(self) -> None:
        self.lane = Keeper(self.machine, read_kept(self.state), self.held, self.ntp)

    def ask(self) -> None:
        """As both do every 2 s."""
        self.twin.timekeeper.update(self.ntp)
        news = self.lane.timekeeper.update(self.ntp)
        if news is not None:
            with immediate(self.connection):
                if news:
                    self.record(news)
                keep(self.connection, self.lane.clock.kept())
        assert self.lane.clock.now() == pytest.approx(self.twin.clock.now(), abs=1.0)
        assert self.lane.clock.standing() is self.twin.clock.standing()

    def record(self, detail: str) -> None:
        row = JournalRow(at=ms(self.lane.clock.now()), event=JournalEvent.CLOCK, detail=detail)
        Journal(self.connection).append(row)

    @rule(minutes=st.integers(1, 30))
    def run_on(self, minutes: int) -> None:
        for _ in range(minutes):
            self.machine.advance(60)
            self.ask()

    @rule(hours=st.integers(1, 14))
    def run_long(self, hours: int) -> None:
        for _ in range(hours * 6):
            self.machine.advance(600)
            self.ask()

    @rule(by=st.sampled_from([-900 * DAY, -3600.0, -90.0, 90.0, 3600.0, 30 * DAY, 900 * DAY]))
    def set_clock(self, by: float) -> None:
        self.machine.set(by)
        self.ask()

    @rule()
    def set_right(self) -> None:
        """As far as the gates know."""
        self.machine.set(self.twin.clock.now() - self.machine.now())
        self.ask()

    @rule(ntp=st.sampled_from(list(Ntp)))
    def serve(self, ntp: Ntp) -> None:
        self.ntp = ntp
        self.ask()

    @rule(to=st.sampled_from(["now", "clock"]), age=st.sampled_from([-600, 0, 1800, 2 * int(DAY)]), known=st.booleans())
    def publish(self, to: str, age: int, known: bool) -> None:
        """`known`: while the lane runs; otherwise it is stopped meanwhile."""
        as_of = int((self.twin.clock if to == "now" else self.machine).now()) - age
        if as_of <= (self.held.as_of or 0):
            return
        self.held = ListState(version=(self.held.version or 0) + 1, as_of=as_of)
        apply(publication({7: Listing.GREEN}, version=self.held.version or 0, as_of=as_of), self.state)
        self.twin.timekeeper.apply_list(self.held, None)
        if known:
            self.lane.timekeeper.apply_list(self.held, None)
        else:
            self.start()
        self.ask()

    @rule(later=st.sampled_from([120.0, 7200.0]))
    def bear_witness(self, later: float) -> None:
        if self.twin.timekeeper.is_doubted:
            for keeper in (self.lane, self.twin):
                keeper.clock.apply_witnessed_time(self.twin.clock.now() + later)
            self.ask()

    @rule()
    def decide(self) -> None:
        with immediate(self.connection):
            self.record("a decision")

    @rule(down=st.sampled_from([0, 5, 3 * 3600]), moved=st.sampled_from([0.0, 0.0, 90.0, -3600.0, 40 * DAY]))
    def kill(self, down: int, moved: float) -> None:
        """And start again; meanwhile the clock may be set."""
        self.machine.advance(down)
        self.machine.set(moved)
        self.start()
        self.ask()

    @rule(off=st.sampled_from([10.0, 9 * 3600.0]), keeps_time=st.booleans())
    def cut(self, off: float, keeps_time: bool) -> None:
        """The power; nobody knows more than the two files."""
        self.machine.reboot(off, keeps_time=keeps_time)
        self.ntp = Ntp.UNKNOWN
        self.start()
        self.twin = Keeper(self.machine, read_kept(self.state), self.held, self.ntp)
        self.ask()


TestRestarts = Restarts.TestCase
TestRestarts.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


class Lane:
    """A lane whose state is on the disk, on a machine that started long ago."""

    def __init__(self, state: Path) -> None:
        self.state, self.machine = state, ManualClock()
        self.start()
        self.machine.advance(DAY)
        self.keep()

    def start(self) -> None:
        self.clock = GateClock(self.machine, read_kept(self.state), UNTRUSTED_FOR)

    def keep(self) -> None:
        with opened(self.state) as admission:
            admission.keep_time(self.clock.kept(), self.clock.now())

    @property
    def judged(self) -> tuple[float, ClockTrust]:
        return self.clock.now() - NOW - DAY, self.clock.standing()


def test_a_clock_that_fell_back_is_believed_no_more_for_a_restart(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.machine.set(-3600)
    lane.keep()
    lane.machine.set(30 * DAY)
    lane.start()
    assert lane.judged == (0.0, ClockTrust.AHEAD)
    lane.machine.set(3600 - 30 * DAY)
    assert lane.judged == (0.0, ClockTrust.TRUSTED)


def test_a_power_cut_leaves_nobody_knows_how_long(tmp_path: Path) -> None:
    """The clock that comes back with the power is believed, and is taken back."""
    lane = Lane(tmp_path)
    lane.machine.set(-3600)
    lane.keep()
    lane.machine.reboot(0.0)
    lane.machine.set(30 * DAY)
    lane.start()
    assert lane.judged == (30 * DAY - 3600, ClockTrust.TRUSTED)
    lane.machine.set(3600 - 30 * DAY)
    assert lane.judged == (0.0, ClockTrust.TRUSTED)


def test_a_service_that_has_kept_the_clock_is_not_new_to_a_lane_that_is_restarted(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.clock.synchronise(synchronised=True)
    lane.keep()
    lane.clock.synchronise(synchronised=False)  # it loses its network,
    lane.keep()
    lane.start()
    lane.machine.set(30 * DAY)
    lane.clock.synchronise(synchronised=True)  # and comes back with another time
    assert lane.judged == (0.0, ClockTrust.AHEAD)


def test_an_hour_of_a_service_is_an_hour_in_which_it_contradicts(tmp_path: Path) -> None:
    """Not the hours in which no lane ran, and nobody compared."""
    lane = Lane(tmp_path)
    lane.machine.advance(2 * SYNCHRONISED_STANDS_AFTER)
    lane.machine.set(-1800)
    lane.clock = GateClock(lane.machine, read_kept(tmp_path), UNTRUSTED_FOR, synchronised=True)
    assert lane.judged == (2 * SYNCHRONISED_STANDS_AFTER, ClockTrust.BEHIND)
    lane.machine.advance(SYNCHRONISED_STANDS_AFTER)
    assert lane.judged == (3 * SYNCHRONISED_STANDS_AFTER - 1800, ClockTrust.TRUSTED)


def test_a_leap_stands_over_restarts(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.machine.set(30 * DAY)
    for _ in range(3):
        assert lane.clock.standing() is ClockTrust.AHEAD
        lane.keep()
        lane.machine.advance(STANDS_AFTER / 3)
        lane.start()
    assert lane.judged == (30 * DAY + STANDS_AFTER, ClockTrust.TRUSTED)


def test_small_steps_add_up_over_restarts(tmp_path: Path) -> None:
    """As of a time service that is spoofed, and of a lane that ends again and again."""
    lane = Lane(tmp_path)
    for _ in range(5):
        lane.machine.set(TOLERANCE - 1)
        lane.clock.now()
        lane.keep()
        lane.start()
    assert lane.judged[0] <= TOLERANCE


def test_a_list_that_came_while_no_lane_ran_is_news_but_once(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.machine.set(30 * DAY)
    apply(publication({7: Listing.GREEN}, as_of=round(lane.machine.now() - 60)), tmp_path)
    lane.start()
    assert lane.judged == (30 * DAY, ClockTrust.TRUSTED)  # list and clock support each other
    lane.keep()
    lane.machine.set(-60 * DAY)
    assert lane.clock.standing() is ClockTrust.BEHIND
    lane.machine.set(90 * DAY)
    lane.start()
    assert lane.clock.standing() is ClockTrust.AHEAD  # the same list says nothing of another leap


def test_after_a_reset_by_hand_the_machine_goes_on(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.machine.set(-3600)
    lane.keep()
    now, ticks, boot = lane.machine.now(), lane.machine.since_boot(), lane.machine.boot()
    assert reset_floor(tmp_path, now, ticks=ticks, boot=boot) == pytest.approx(3600)
    lane.machine.advance(5)
    lane.start()
    assert lane.judged == (-3595.0, ClockTrust.TRUSTED)
    lane.keep()
    lane.machine.set(30 * DAY)
    lane.start()
    assert lane.judged == (-3595.0, ClockTrust.AHEAD)


def test_a_time_of_an_earlier_version_begins_as_it_did(tmp_path: Path) -> None:
    lane = Lane(tmp_path)
    lane.machine.set(-3600)
    with opened(tmp_path) as admission:
        admission.keep_time(replace(lane.clock.kept(), evidence=None), lane.clock.now())
    lane.start()
    assert lane.judged == (0.0, ClockTrust.BEHIND)
    lane.machine.set(30 * DAY)
    assert lane.judged == (30 * DAY - 3600, ClockTrust.TRUSTED)
