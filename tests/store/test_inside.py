"""Anti-passback, the house's limit and standing orders: against real files, over crashes."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.core.decide import AntiPassback
from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import MOST_INSIDE, Direction, Listing
from gate.core.reason import Reason
from gate.store.admission import Admission, Presented, Recorded
from gate.store.list_reader import StatusList
from gate.store.standing_orders import StandingOrders
from gate.testing.builders import NOW, claims, load, policy

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
HARD, SOFT, OFF = AntiPassback.HARD, AntiPassback.SOFT, AntiPassback.OFF
LATER = 700.0  # seconds: longer than reuse_after, so that only who is inside is refused


class House:
    """One lane with a reader on each side, opened as often as a test likes."""

    def __init__(self, state: Path, **rules: Any) -> None:
        self.state, self.policy = state, replace(policy(), **rules)
        self.at = float(NOW)
        self.open()

    def open(self) -> None:
        self.status = StatusList(self.state)
        self.status.refresh()
        self.admission = Admission(self.state, self.status, self.policy)
        self.admission.close_interrupted(self.at)

    def close(self) -> None:
        self.admission.close()
        self.status.close()

    def crash(self) -> None:
        self.close()
        self.open()

    def kept(self, column: str) -> list[object]:
        """What lane.db holds of those inside."""
        with closing(sqlite3.connect(self.state / "lane.db")) as connection:
            return [value for (value,) in connection.execute(f"SELECT {column} FROM inside")]

    def show(self, idx: int, direction: Direction = ENTRY, mode: Mode = Mode.ENFORCE) -> Recorded:
        self.at += LATER
        return self.admission.admit(claims(idx), Presented("reader[0]", direction, mode, 1), self.at)

    def go(self, idx: int, direction: Direction = ENTRY, passed: Passed = Passed.PASSED) -> Reason:
        recorded = self.show(idx, direction)
        self.admission.end_grant(recorded.seq, passed, self.at)
        return recorded.decision.reason


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    load(tmp_path, dict.fromkeys(range(1, 30), Listing.GREEN) | {30: Listing.RED})
    opened: list[House] = []

    def make(**rules: Any) -> House:
        opened.append(House(tmp_path, **rules))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_hard_anti_passback_wants_people_to_leave_before_they_enter_again(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    assert [door.go(1), door.go(1), door.go(2)] == [Reason.ADMITTED, Reason.ANTI_PASSBACK, Reason.ADMITTED]
    assert door.go(1, EXIT) is Reason.ADMITTED
    assert door.go(1) is Reason.ADMITTED


def test_it_survives_a_crash_anywhere(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    door.show(1)  # killed before anybody saw whether they passed: they count as inside
    door.crash()
    assert door.go(1) is Reason.ANTI_PASSBACK
    door.go(1, EXIT, Passed.NOT_PASSED)
    door.crash()
    assert door.go(1) is Reason.ANTI_PASSBACK
    door.show(1, EXIT)  # likewise: they count as gone
    door.crash()
    assert door.go(1) is Reason.ADMITTED


@pytest.mark.parametrize(("direction", "left"), [(ENTRY, 6), (EXIT, 4)])
def test_a_passage_that_a_crash_interrupted_is_counted_in_its_direction(
    house: Callable[..., House], direction: Direction, left: int
) -> None:
    door = house()
    door.admission.set_inside(5, door.at)
    door.show(1, direction)
    door.crash()
    assert door.admission.inside() == left


def test_who_did_not_go_through_is_where_they_were(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    assert door.go(1, passed=Passed.NOT_PASSED) is Reason.ADMITTED
    assert door.go(1) is Reason.ADMITTED
    assert door.go(1, EXIT, Passed.NOT_PASSED) is Reason.ADMITTED
    assert door.go(1) is Reason.ANTI_PASSBACK


def test_a_way_out_that_nobody_took_is_over(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    door.go(1)
    out = door.show(1, EXIT)
    assert door.kept("leaving") == [out.seq]
    door.admission.end_grant(out.seq, Passed.NOT_PASSED, door.at)
    assert door.kept("leaving") == [None]


def test_a_count_other_than_none_forgets_nobody(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    door.go(1)
    for count in (2, 1):
        door.admission.set_inside(count, door.at)
        assert door.admission.inside() == count
        assert door.go(1) is Reason.ANTI_PASSBACK
    door.admission.set_inside(0, door.at)
    assert door.admission.inside() == 0


def test_only_what_counts_as_a_person_is_counted(house: Callable[..., House]) -> None:
    door = house()
    door.admission.set_inside(5, door.at)
    door.admission.note(JournalEvent.REX, door.at, "not heard", EXIT)
    door.admission.note(JournalEvent.PASSAGE, door.at, "nobody knows which way", counts=True)
    assert door.admission.inside() == 5
    door.admission.note(JournalEvent.PASSAGE, door.at, "without a grant", ENTRY, counts=True)
    assert door.admission.inside() == 6


def test_who_must_have_left_long_ago_leaves_the_file_too(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD, forget_inside=7200.0)
    door.go(1)
    door.admission.tidy(door.at + 7199)
    assert door.kept("since") == [door.at]
    door.admission.tidy(door.at + 7200)
    assert door.kept("since") == []


def test_soft_anti_passback_lets_in_and_says_so(house: Callable[..., House]) -> None:
    door = house(antipassback=SOFT)
    door.go(1)
    decision = door.show(1).decision
    assert (decision.reason, decision.detail) == (Reason.ADMITTED, "anti_passback")


def test_timed_anti_passback_is_reuse_after(house: Callable[..., House]) -> None:
    door = house(antipassback=OFF, reuse_after=3600.0)
    assert [door.go(1), door.go(1)] == [Reason.ADMITTED, Reason.ALREADY_USED]
    door.crash()
    assert door.go(1) is Reason.ALREADY_USED
    door.at += 3600
    assert door.go(1) is Reason.ADMITTED


def test_who_left_unseen_is_forgotten_in_time_and_when_all_are_let_out(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD, forget_inside=7200.0)
    door.go(1)
    door.at += 7200
    assert door.go(1) is Reason.ADMITTED
    assert door.go(1) is Reason.ANTI_PASSBACK
    door.admission.set_inside(0, door.at)
    assert door.go(1) is Reason.ADMITTED


def test_whoever_is_inside_may_leave_whatever_their_colour_has_become(house: Callable[..., House]) -> None:
    door = house(antipassback=HARD)
    assert door.go(30) is Reason.STATUS_NOT_ADMITTED
    assert door.go(30, EXIT) is Reason.ADMITTED
    assert door.go(30, EXIT) is Reason.ADMITTED  # twice: nobody is kept in for showing a code again


def test_a_full_house_waits_until_somebody_leaves(house: Callable[..., House]) -> None:
    door = house(max_inside=2)
    assert [door.go(1), door.go(2), door.go(3)] == [Reason.ADMITTED, Reason.ADMITTED, Reason.OCCUPANCY_FULL]
    door.crash()
    assert door.go(3) is Reason.OCCUPANCY_FULL
    door.admission.note(JournalEvent.PASSAGE, door.at, "by the exit button", EXIT, counts=True)
    assert door.go(3) is Reason.ADMITTED
    assert door.admission.inside() == 2


def test_who_did_not_pass_does_not_count_and_who_may_have_does(house: Callable[..., House]) -> None:
    door = house()
    door.go(1, passed=Passed.NOT_PASSED)
    assert door.admission.inside() == 0
    door.go(2, passed=Passed.UNKNOWN)
    assert door.admission.inside() == 1
    for _ in range(3):
        door.go(2, EXIT)
    assert door.admission.inside() == 0  # never below


def test_a_pilot_counts_and_keeps_nobody_out(house: Callable[..., House]) -> None:
    door = house(max_inside=1)
    door.go(1)
    recorded = door.show(2, mode=Mode.PILOT)
    door.admission.end_grant(recorded.seq, Passed.PASSED, door.at)
    assert recorded.decision.reason is Reason.OCCUPANCY_FULL
    assert door.admission.inside() == 2


def test_orders_and_a_latched_fire_outlive_a_crash(house: Callable[..., House]) -> None:
    door = house()
    assert door.admission.standing() == StandingOrders()
    door.admission.set_inside(5, door.at)
    for standing in (
        StandingOrders(frozenset({Mode.OUT_OF_SERVICE, Mode.LOCKED_DOWN}), fire=True),
        StandingOrders(frozenset({Mode.FREE})),
        StandingOrders(),
    ):
        door.admission.store_orders(standing, door.at)
        door.crash()
        assert door.admission.standing() == standing
    assert door.admission.inside() == 5


@pytest.mark.parametrize(
    ("left", "counts_as"),
    [(2**63 - 1, MOST_INSIDE), (-5, 0), (9.3e18, MOST_INSIDE), ("many", 0), (None, 0), (b"\xff", 0)],
)
def test_a_count_that_cannot_be_stops_no_passage(house: Callable[..., House], left: object, counts_as: int) -> None:
    door = house()
    door.admission.set_inside(2**63, door.at)
    assert door.admission.inside() == MOST_INSIDE
    door.crash()
    with closing(sqlite3.connect(door.state / "lane.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("UPDATE standing SET value = coalesce(?, 0) WHERE name = 'inside'", (left,))
    assert door.admission.inside() == counts_as
    door.admission.note(JournalEvent.REX, door.at, "", Direction.EXIT, counts=True)
    door.admission.note(JournalEvent.REX, door.at, "", Direction.ENTRY, counts=True)
    door.crash()
    assert 0 <= door.admission.inside() <= MOST_INSIDE
