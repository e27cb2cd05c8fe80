"""The door and its lock, one story at a time: left open, forced, not locking."""

from dataclasses import replace

import pytest

from gate.core.lane.door import DoorEquipment, Relock
from gate.core.lane.effects import Alarmed, EndGrant, Passed, Release, Secure
from gate.core.lane.events import (
    BoltMoved,
    Button,
    DoorMoved,
    Extend,
    Fire,
    Granted,
    LaneEvent,
    Ordered,
    Reset,
    Tampered,
    Tick,
)
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.lane.step import step
from gate.core.reason import Reason
from tests.unit.lane_play import DOOR, ENTRY, FREE, alarms, play

# The door.


def test_an_opened_door_is_a_passage_and_a_shut_one_gives_the_use_back() -> None:
    opened: list[LaneEvent] = [Granted(1, ENTRY, 0.0), DoorMoved(True, 1.0), DoorMoved(False, 3.0), Tick(5.0)]
    assert play(*opened, equipment=DOOR)[1] == [Release(ENTRY), Secure(), EndGrant(1, Passed.PASSED)]
    shut: list[LaneEvent] = [DoorMoved(False, 0.0), Granted(1, ENTRY, 0.0), Tick(5.0)]
    assert play(*shut, equipment=DOOR)[1] == [Release(ENTRY), Secure(), EndGrant(1, Passed.NOT_PASSED)]


def test_a_door_that_may_have_been_opened_from_inside_gives_nothing_back() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Button(True, 1.0), DoorMoved(True, 2.0), Tick(5.0), equipment=DOOR)
    assert EndGrant(1, Passed.UNKNOWN) in effects


def test_a_door_that_stood_free_gives_nothing_back() -> None:
    able = replace(DOOR, stances=frozenset({FREE}))
    _, effects = play(Ordered(Mode.FREE, True, 0.0), Granted(1, ENTRY, 1.0), Tick(6.0), equipment=able)
    assert EndGrant(1, Passed.UNKNOWN) in effects
    _, effects = play(Granted(1, ENTRY, 1.0), Ordered(Mode.FREE, True, 2.0), Tick(6.0), equipment=able)
    assert EndGrant(1, Passed.UNKNOWN) in effects


@pytest.mark.parametrize(("relock", "at"), [(Relock.ON_OPEN, 1), (Relock.ON_CLOSE, 2), (Relock.TIMER, 3)])
@pytest.mark.parametrize("event", [Granted(1, ENTRY, 0.0), Button(True, 0.0)])
def test_the_lock_falls_when_it_was_set_to(relock: Relock, at: int, event: LaneEvent) -> None:
    equipment = replace(DOOR, door=DoorEquipment(contact=True, relock=relock))
    story: list[LaneEvent] = [event, DoorMoved(True, 1.0), DoorMoved(False, 2.0), Tick(5.0)]
    locked = [Secure() in step(play(*story[:n], equipment=equipment)[0], story[n], equipment)[1] for n in range(4)]
    assert locked.index(True) == at
    assert locked.count(True) == 1


def test_the_lane_is_busy_until_the_door_is_shut() -> None:
    equipment = replace(DOOR, door=DoorEquipment(contact=True, relock=Relock.ON_OPEN))
    state, _ = play(Granted(1, ENTRY, 0.0), DoorMoved(True, 1.0), equipment=equipment)
    assert (state.busy, state.phase) == (True, Phase.BUSY)
    assert play(Granted(2, ENTRY, 1.5), equipment=equipment, state=state)[1] == [
        EndGrant(2, Passed.NOT_PASSED, moved=False)
    ]
    assert not play(DoorMoved(False, 2.0), equipment=equipment, state=state)[0].busy


def test_a_door_that_stands_open_because_the_way_is_free_keeps_nobody_waiting() -> None:
    able = replace(DOOR, stances=frozenset({FREE}))
    state, _ = play(Ordered(Mode.FREE, True, 0.0), DoorMoved(True, 1.0), equipment=able)
    assert (state.busy, state.phase) == (False, Phase.FREE)
    served, effects = play(Granted(1, ENTRY, 2.0), equipment=able, state=state)
    assert (effects, served.busy) == ([], True)  # no release is needed; the next one waits for this person
    over, _ = play(Ordered(Mode.FREE, False, 3.0), equipment=able, state=state)
    assert (over.busy, over.phase) == (True, Phase.BUSY)


def test_a_door_that_is_left_open_warns_and_then_alarms() -> None:
    events: list[LaneEvent] = [Granted(1, ENTRY, 0.0), DoorMoved(True, 1.0), BoltMoved(False, 1.0)]
    assert alarms(*events, Tick(20.9)) == []
    assert alarms(*events, Tick(21.0)) == [(Alarm.HELD_OPEN_SOON, True)]
    assert alarms(*events, Tick(21.0), DoorMoved(False, 25.0)) == [
        (Alarm.HELD_OPEN_SOON, True),
        (Alarm.HELD_OPEN_SOON, False),
    ]
    assert alarms(*events, Tick(31.0), Tick(40.0), DoorMoved(False, 50.0)) == [
        (Alarm.HELD_OPEN, True),
        (Alarm.HELD_OPEN, False),
    ]


def test_who_needs_more_time_has_more_before_the_alarm() -> None:
    events: list[LaneEvent] = [Extend(0.0), Granted(1, ENTRY, 0.0), DoorMoved(True, 1.0), BoltMoved(False, 1.0)]
    assert alarms(*events, Tick(50.9)) == []
    assert alarms(*events, Tick(61.0)) == [(Alarm.HELD_OPEN, True)]


@pytest.mark.parametrize(
    ("before", "forced"),
    [
        ([DoorMoved(False, 0.0)], True),
        ([], False),  # told so at the start: it may have stood open for days
        ([DoorMoved(False, 0.0), Granted(1, ENTRY, 5.0)], False),
        ([DoorMoved(False, 0.0), Granted(1, ENTRY, 0.0), Tick(9.5)], False),  # opened just as the time was over
        ([DoorMoved(False, 0.0), Granted(1, ENTRY, 0.0), Tick(5.0)], True),
        ([DoorMoved(False, 0.0), Button(True, 6.0)], False),
        ([DoorMoved(False, 0.0), Fire(True, 6.0)], False),
        ([DoorMoved(False, 0.0), Ordered(Mode.MAINTENANCE, True, 6.0)], False),
        ([DoorMoved(False, 0.0), Ordered(Mode.LOCKED_DOWN, True, 6.0)], True),
    ],
)
def test_a_door_that_opens_unasked_was_forced(before: list[LaneEvent], forced: bool) -> None:
    told = alarms(*before, DoorMoved(True, 10.0), equipment=replace(DOOR, door=DoorEquipment(contact=True)))
    assert told == ([(Alarm.FORCED_OPEN, True)] if forced else [])


def test_a_door_that_is_meant_to_stand_open_raises_no_alarm_until_that_is_over() -> None:
    equipment = replace(DOOR, stances=frozenset({FREE}), door=DoorEquipment(contact=True))
    open_all_day: list[LaneEvent] = [Ordered(Mode.FREE, True, 0.0), DoorMoved(True, 1.0), Tick(9000.0)]
    assert alarms(*open_all_day, equipment=equipment) == []
    over: list[LaneEvent] = [Ordered(Mode.FREE, False, 9001.0), Tick(9029.0), Tick(9030.0)]
    assert alarms(*open_all_day, *over, equipment=equipment) == [
        (Alarm.HELD_OPEN_SOON, True),
        (Alarm.HELD_OPEN, True),
        (Alarm.HELD_OPEN_SOON, False),
    ]


# The lock's feedback.


def test_a_bolt_that_does_not_come_back_is_out_of_service() -> None:
    stuck: list[LaneEvent] = [DoorMoved(False, 0.0), BoltMoved(True, 0.0), Granted(1, ENTRY, 1.0), Tick(2.9), Tick(3.0)]
    state, effects = play(*stuck, equipment=DOOR)
    assert effects[-1] == Alarmed(Alarm.UNABLE_TO_UNLOCK, True)
    state, _ = play(Tick(6.0), equipment=DOOR, state=state)
    assert (state.phase, state.refusal(ENTRY)) == (Phase.OUT_OF_SERVICE, Reason.DEVICE_FAILED)
    assert play(BoltMoved(False, 7.0), equipment=DOOR, state=state)[0].phase is Phase.READY
    assert play(Reset(7.0), equipment=DOOR, state=state)[0].phase is Phase.READY


def test_a_bolt_that_does_not_go_home_is_out_of_service() -> None:
    story: list[LaneEvent] = [
        DoorMoved(False, 0.0),
        BoltMoved(True, 0.0),
        Granted(1, ENTRY, 1.0),
        BoltMoved(False, 1.1),
        DoorMoved(True, 2.0),
    ]
    assert alarms(*story, Tick(6.0), Tick(20.0)) == []  # no bolt goes home in an open door
    shut: list[LaneEvent] = [*story, Tick(6.0), DoorMoved(False, 8.0)]
    assert alarms(*shut, BoltMoved(True, 9.9), Tick(10.0)) == []
    assert alarms(*shut, Tick(9.9)) == []
    raised_and_over = [(Alarm.UNABLE_TO_LOCK, True), (Alarm.UNABLE_TO_LOCK, False)]
    assert alarms(*shut, Tick(10.0), BoltMoved(True, 11.0)) == raised_and_over
    assert alarms(*shut, Tick(10.0), Reset(11.0), Tick(12.0)) == raised_and_over  # of one order it is raised once


def test_tampering_is_an_alarm_while_it_lasts() -> None:
    assert alarms(Tampered(True, 0.0), Reset(1.0), Tampered(False, 2.0)) == [
        (Alarm.TAMPER, True),
        (Alarm.TAMPER, False),
    ]
