"""Why staff cannot let a person through: each in one line, with what to do."""

from collections.abc import Mapping

import pytest

from gate.core.lane.events import DeviceState, DoorMoved, Fire, Granted, Interlock, LaneEvent, Ordered, Panic
from gate.core.lane.hindrance import JOURNAL, hindrance
from gate.core.lane.modes import Mode
from gate.core.lane.state import BARRIER, LaneState
from gate.core.model import Direction
from tests.unit.lane_play import ENTRY, EXIT, play

LOCKED = "take the lockdown back (the switch, or `gate lane lockdown off`)"
OTHER_DOOR = "lane_busy: the other door is open or released. Shut it first"
FIRE = "fire: nobody is let in during an alarm. When it is over: `gate lane reset`"
NO_BARRIER = "device_failed: the barrier cannot be driven. Open the door by its key, and see to its cable"


def words(state: LaneState, direction: Direction, problems: Mapping[str, str] | None = None) -> str:
    return str(hindrance(state, direction, problems or {}) or "")


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([], ""),
        ([DoorMoved(True, 0.0)], ""),
        ([DeviceState("reader[0]", False, 0.0)], ""),
        ([Ordered(Mode.MAINTENANCE, True, 0.0)], ""),
        ([Ordered(Mode.FREE, True, 0.0)], ""),
        ([Granted(1, ENTRY, 0.0)], "lane_busy: somebody is being let through. Wait until that is over"),
        (
            [Granted(1, ENTRY, 0.0), Interlock(True, 0.0)],
            OTHER_DOOR,
        ),
        ([Panic(True, 0.0)], f"locked_down: {LOCKED}"),
        (
            [Ordered(Mode.OUT_OF_SERVICE, True, 0.0), Interlock(True, 0.0)],
            "out_of_service: take the order back (`gate lane out-of-service off`), or wait for the schedule",
        ),
        ([DeviceState(BARRIER, False, 0.0)], NO_BARRIER),
        (
            [Fire(True, 0.0), Panic(True, 0.0)],
            FIRE,
        ),
    ],
)
def test_what_keeps_staff_from_letting_somebody_in(events: list[LaneEvent], why: str) -> None:
    assert words(play(*events)[0], ENTRY) == why


def test_a_lockdown_keeps_nobody_in() -> None:
    assert words(play(Panic(True, 0.0))[0], EXIT) == ""


def test_the_problem_that_is_known_is_named_where_it_is_the_cause() -> None:
    problems = {BARRIER: "no answer on /dev/ttyUSB0", JOURNAL: "see who is inside, then `gate lane lockdown off`"}
    lost, locked, out = (
        play(event)[0]
        for event in (
            DeviceState(BARRIER, False, 0.0),
            Ordered(Mode.LOCKED_DOWN, True, 0.0),
            Ordered(Mode.OUT_OF_SERVICE, True, 0.0),
        )
    )
    assert words(lost, ENTRY, problems) == f"{NO_BARRIER}: no answer on /dev/ttyUSB0"
    assert words(lost, ENTRY, {BARRIER: ""}) == NO_BARRIER
    assert words(locked, ENTRY, problems) == "locked_down: see who is inside, then `gate lane lockdown off`"
    assert problems[JOURNAL] not in words(out, ENTRY, problems)
