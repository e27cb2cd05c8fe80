"""The lane between a grant and a closed barrier, one story at a time.  (In any order: `test_lane_machine`.)"""

from dataclasses import replace
from pathlib import Path

import pytest

from gate.core.journal_event import JournalEvent
from gate.core.lane.door import DoorEquipment
from gate.core.lane.effects import (
    Amnesty,
    EndGrant,
    Note,
    OrderRefused,
    Passed,
    Release,
    Secure,
    SetStance,
    StoreOrders,
)
from gate.core.lane.events import (
    Button,
    ContactFault,
    Crossed,
    DeviceState,
    DoorMoved,
    Extend,
    Fire,
    Granted,
    Interlock,
    LaneEvent,
    Ordered,
    Panic,
    Released,
    ReleaseFailed,
    Reset,
    Scheduled,
    Tick,
)
from gate.core.lane.modes import PRECEDENCE, STANDING, Alarm, Mode, Phase, prevailing
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.terms import UNKNOWN_TERMS
from gate.core.model import Stance
from gate.core.reason import Reason
from tests.unit.lane_play import ABLE, BLOCKED, CONTROLLED, DOOR, ENTRY, EQUIPMENT, EXIT, FREE, play

# Grants.


def test_a_grant_releases_and_ends_when_the_person_went_through() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Tick(2.0), Crossed(ENTRY, 2.5), Tick(99.0))
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, Passed.PASSED)]
    assert state.phase is Phase.READY


def test_nobody_passes_so_the_barrier_locks_before_the_use_is_given_back() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Tick(7.9), Tick(8.0))
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, Passed.NOT_PASSED)]


def test_without_a_sensor_that_way_the_use_stays_used() -> None:
    _, effects = play(Granted(1, EXIT, 0.0), Tick(4.9), Tick(5.0))
    assert effects == [Release(EXIT), Secure(), EndGrant(1, Passed.UNKNOWN)]


def test_a_sensor_that_was_lost_meanwhile_proves_nothing() -> None:
    _, effects = play(
        Granted(1, ENTRY, 0.0), DeviceState("input[0]", False, 1.0), DeviceState("input[0]", True, 2.0), Tick(8.0)
    )
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, Passed.UNKNOWN)]


def test_a_second_grant_does_not_open_and_is_given_back() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Granted(2, EXIT, 1.0))
    assert effects == [Release(ENTRY), EndGrant(2, Passed.NOT_PASSED, moved=False)]


def test_a_passage_the_other_way_is_noted_and_the_grant_goes_on() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Crossed(EXIT, 1.0))
    assert effects == [Release(ENTRY), Note(JournalEvent.PASSAGE, "without a grant", EXIT, counts=True)]
    assert state.phase is Phase.RELEASED


def test_more_time_by_configuration() -> None:
    slow = replace(EQUIPMENT, always_extended=True)
    _, effects = play(Granted(1, ENTRY, 0.0), Tick(19.9), Tick(20.0), equipment=slow)
    assert effects == [Release(ENTRY, extended=True), Secure(), EndGrant(1, Passed.NOT_PASSED)]


def test_while_the_other_door_is_open_nobody_is_given_more_time() -> None:
    """The release cannot be made anew, so it would stand longer than any release may."""
    _, effects = play(Granted(1, ENTRY, 0.0), Interlock(True, 1.0), Extend(5.0), Tick(7.9), Tick(8.0))
    refused = OrderRefused(JournalEvent.EXTENDED, OrderRefusal(OrderCode.BUSY, "the other door is open"), ENTRY)
    assert effects == [Release(ENTRY), refused, Secure(), EndGrant(1, Passed.NOT_PASSED)]


def test_more_time_by_staff_for_the_person_there_or_the_next_one() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Extend(5.0), Tick(24.9), Tick(25.0))
    note = Note(JournalEvent.EXTENDED, "this person", ENTRY)
    ending = [Secure(), EndGrant(1, Passed.NOT_PASSED)]
    assert effects == [Release(ENTRY), note, Release(ENTRY, extended=True), *ending]
    _, effects = play(Extend(0.0), Granted(1, ENTRY, 0.0), Tick(19.9), Tick(20.0), Granted(2, ENTRY, 21.0))
    assert effects == [
        Note(JournalEvent.EXTENDED, "the next person"),
        Release(ENTRY, extended=True),
        *ending,
        Release(ENTRY),  # the one after has the usual time again
    ]


@pytest.mark.parametrize(
    ("events", "at"),
    [
        ([Granted(1, ENTRY, 1.0)], 9.0),
        ([Granted(1, EXIT, 1.0)], 6.0),
        ([Granted(1, ENTRY, 1.0), Extend(5.0)], 25.0),
        ([Granted(1, ENTRY, 1.0), Extend(5.0), Extend(6.0)], 26.0),
        ([Extend(0.0), Granted(1, ENTRY, 1.0)], 21.0),
        ([Granted(1, ENTRY, 1.0), Interlock(True, 2.0), Extend(5.0)], 9.0),
        ([Button(True, 1.0)], 6.0),
    ],
)
def test_a_way_is_released_until_its_time_is_over_and_no_longer(events: list[LaneEvent], at: float) -> None:
    state, _ = play(*events, Tick(at - 0.1))
    assert state.taken
    state, effects = play(Tick(at), Interlock(False, at), state=state)
    assert effects[0] == Secure()
    assert not state.taken


@pytest.mark.parametrize(
    ("before", "passed"),
    [([], Passed.NOT_PASSED), ([Released(0.5)], Passed.UNKNOWN), ([DoorMoved(True, 0.5)], Passed.UNKNOWN)],
)
def test_a_grant_whose_release_fails_is_over_at_once(before: list[LaneEvent], passed: Passed) -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), *before, ReleaseFailed(False, 1.0, "no answer"))
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, passed, moved=False, cause="no answer")]
    assert not state.taken


def test_a_release_that_fails_for_the_exit_button_is_journalled_and_the_grant_of_another_ends_too() -> None:
    failed = Note(JournalEvent.REX, "the barrier did not open", EXIT)
    state, effects = play(Button(True, 0.0), ReleaseFailed(True, 1.0))
    assert (effects[2:], state.taken) == ([failed, Secure()], False)
    state, effects = play(Granted(1, ENTRY, 0.0), Button(True, 0.5), ReleaseFailed(True, 1.0))
    assert (effects[-3:], state.taken) == ([failed, Secure(), EndGrant(1, Passed.NOT_PASSED)], False)


def test_a_contact_that_is_whole_again_excuses_no_other() -> None:
    sticks, chatters = (ContactFault("input[0]", what, True, 0.0) for what in ("it sticks", "it chatters"))
    state, effects = play(sticks, chatters, replace(sticks, on=False))
    assert [effect.detail for effect in effects if isinstance(effect, Note)] == [
        "it sticks",
        "it chatters",
        "it sticks: over",
    ]
    assert state.alarms == {Alarm.CONTACT_FAULT}
    assert play(replace(chatters, on=False), state=state)[0].alarms == frozenset()


def test_a_missing_device_shows_and_nothing_is_granted() -> None:
    lost: list[LaneEvent] = [DeviceState("barrier", False, 0.0), DeviceState("input[0]", False, 0.0)]
    state, effects = play(*lost, DeviceState("barrier", True, 0.0), Granted(1, ENTRY, 1.0))
    assert effects == [EndGrant(1, Passed.NOT_PASSED, moved=False)]
    assert (state.phase, state.refusal(ENTRY)) == (Phase.OUT_OF_SERVICE, Reason.DEVICE_FAILED)
    assert play(DeviceState("input[0]", True, 0.0), state=state)[0].phase is Phase.READY


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([Interlock(True, 0.0)], Phase.BUSY),
        ([Interlock(True, 0.0), Interlock(False, 1.0)], Phase.READY),
        ([DoorMoved(True, 0.0)], Phase.BUSY),
        ([Granted(1, ENTRY, 0.0), Interlock(True, 1.0)], Phase.RELEASED),
        ([Button(True, 0.0)], Phase.RELEASED),
        ([Interlock(True, 0.0), DeviceState("barrier", False, 1.0)], Phase.OUT_OF_SERVICE),
    ],
)
def test_a_lane_is_released_only_while_somebody_is_let_through(events: list[LaneEvent], phase: Phase) -> None:
    assert play(*events)[0].phase is phase


# Fire, and the modes beneath it.


def test_the_guide_names_the_precedence_that_holds() -> None:
    line = " > ".join(PRECEDENCE)
    assert line.casefold() in (Path(__file__).parents[2] / "config" / "README.md").read_text().casefold()
    assert PRECEDENCE[:5] == ("fire", "lockdown", "out of service", "maintenance", "free")
    assert STANDING == (Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE, Mode.FREE)
    for place, strongest in enumerate(STANDING):
        assert prevailing(STANDING[place:], Mode.PILOT, Mode.ENFORCE) is strongest
    assert prevailing((), Mode.PILOT, Mode.ENFORCE) is Mode.PILOT
    assert prevailing((), None, Mode.ENFORCE) is Mode.ENFORCE


def test_fire_ends_a_grant_and_stays_until_staff_reset_it() -> None:
    state, effects = play(
        Granted(1, ENTRY, 0.0),
        Fire(True, 0.5),
        Granted(2, ENTRY, 1.0),
        Fire(True, 2.0),
        Fire(False, 3.0),
        equipment=ABLE,
    )
    assert effects == [
        Release(ENTRY),
        SetStance(FREE),  # first of all
        EndGrant(1, Passed.UNKNOWN),
        Note(JournalEvent.FIRE, "alarm"),
        StoreOrders(frozenset(), fire=True),
        EndGrant(2, Passed.NOT_PASSED, moved=False),
        Note(JournalEvent.FIRE, "the loop is closed again: to be reset by staff"),
    ]
    assert state.phase is Phase.FIRE
    state, effects = play(Reset(9.0), equipment=ABLE, state=state)
    assert effects == [
        SetStance(CONTROLLED),
        Note(JournalEvent.FIRE, "over, reset by staff"),
        Amnesty(),
        StoreOrders(frozenset(), fire=False),
    ]
    assert state.phase is Phase.READY


def test_a_fire_alarm_that_still_lasts_cannot_be_reset() -> None:
    state, effects = play(Fire(True, 0.0), Reset(1.0))
    why = OrderRefusal(OrderCode.FIRE_LOOP_OPEN, "the fire loop is still open")
    assert effects[-1] == OrderRefused(JournalEvent.RESET, why)
    assert state.phase is Phase.FIRE


def test_a_barrier_that_cannot_stand_free_is_left_alone_in_a_fire() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Fire(True, 0.1), Tick(99.0))
    assert not any(isinstance(effect, Secure | SetStance) for effect in effects)


@pytest.mark.parametrize(
    ("orders", "phase", "stance"),
    [
        ({Mode.FREE}, Phase.FREE, FREE),
        ({Mode.FREE, Mode.MAINTENANCE}, Phase.MAINTENANCE, CONTROLLED),
        ({Mode.FREE, Mode.MAINTENANCE, Mode.OUT_OF_SERVICE}, Phase.OUT_OF_SERVICE, BLOCKED),
        ({Mode.FREE, Mode.OUT_OF_SERVICE, Mode.LOCKED_DOWN}, Phase.LOCKED_DOWN, BLOCKED),
    ],
)
def test_the_strongest_order_holds_and_fire_is_above_it(orders: set[Mode], phase: Phase, stance: Stance) -> None:
    given: list[LaneEvent] = [Ordered(mode, True, 0.0) for mode in orders]
    state, _ = play(*given, Scheduled(Mode.PILOT, 0.0), equipment=ABLE)
    assert (state.phase, state.stance) == (phase, stance)
    state, _ = play(Fire(True, 1.0), equipment=ABLE, state=state)
    assert (state.phase, state.stance) == (Phase.FIRE, FREE)
    state, _ = play(Fire(False, 2.0), Reset(3.0), equipment=ABLE, state=state)
    assert (state.phase, state.stance) == (phase, stance)


def test_a_lockdown_takes_a_grant_back_at_once() -> None:
    _, effects = play(
        Granted(1, ENTRY, 0.0), Ordered(Mode.LOCKED_DOWN, True, 1.0), Granted(2, ENTRY, 2.0), equipment=ABLE
    )
    assert effects == [
        Release(ENTRY),
        Note(JournalEvent.MODE, "locked_down on"),
        Secure(),
        EndGrant(1, Passed.NOT_PASSED),
        SetStance(BLOCKED),
        StoreOrders(frozenset({Mode.LOCKED_DOWN}), False, {Mode.LOCKED_DOWN: UNKNOWN_TERMS}),
        EndGrant(2, Passed.NOT_PASSED, moved=False),
    ]


def test_the_lockdown_switch_holds_while_it_is_on() -> None:
    state, _ = play(Panic(True, 0.0))
    assert (state.phase, state.refusal(ENTRY), state.refusal(EXIT)) == (Phase.LOCKED_DOWN, Reason.LOCKED_DOWN, None)
    assert play(Panic(False, 1.0), state=state)[0].phase is Phase.READY


def test_a_switch_that_reports_what_is_known_is_noted_once() -> None:
    """The inputs are read again after a lost device; the journal has a line for each turn of the key."""
    turned = [Panic(on, at) for at, on in enumerate([False, True, True, False, False])]
    _, effects = play(*turned)
    notes = [effect.detail for effect in effects if isinstance(effect, Note)]
    assert notes == ["lockdown switch on", "lockdown switch off"]
    ordered: list[LaneEvent] = [Ordered(Mode.PILOT, on, at) for at, on in enumerate([False, True, True, False, False])]
    assert len(play(*ordered)[1]) == 4  # a note and the order to remember, twice
    scheduled: list[LaneEvent] = [Scheduled(mode, 0.0) for mode in (None, Mode.FREE, Mode.FREE, None, None)]
    assert [effect.detail for effect in play(*scheduled)[1] if isinstance(effect, Note)] == ["free", "over"]


def test_staff_try_the_barrier_under_maintenance_and_nobody_else() -> None:
    state, _ = play(Ordered(Mode.MAINTENANCE, True, 0.0))
    assert state.refusal(ENTRY) is Reason.OUT_OF_SERVICE
    assert play(Granted(1, ENTRY, 1.0), state=state)[1] == [EndGrant(1, Passed.NOT_PASSED, moved=False)]
    assert play(Granted(1, ENTRY, 1.0, staff=True), state=state)[1] == [Release(ENTRY)]


def test_a_free_way_needs_no_release_and_is_locked_when_it_ends() -> None:
    state, effects = play(
        Scheduled(Mode.FREE, 0.0), Granted(1, ENTRY, 1.0), Crossed(ENTRY, 2.0), Crossed(EXIT, 3.0), equipment=ABLE
    )
    assert effects == [
        Note(JournalEvent.SCHEDULE, "free"),
        SetStance(FREE),
        EndGrant(1, Passed.PASSED),
        Note(JournalEvent.PASSAGE, "the way is free", EXIT, counts=True),
    ]
    _, effects = play(Granted(2, ENTRY, 4.0), Scheduled(None, 5.0), equipment=ABLE, state=state)
    assert effects == [
        SetStance(CONTROLLED),
        Note(JournalEvent.SCHEDULE, "over"),
        Release(ENTRY),
    ]  # who was granted still goes


def test_a_barrier_that_comes_back_is_told_again_how_to_stand() -> None:
    state, _ = play(Ordered(Mode.FREE, True, 0.0), DeviceState("barrier", False, 1.0), equipment=ABLE)
    assert play(DeviceState("barrier", True, 2.0), equipment=ABLE, state=state)[1] == [SetStance(FREE)]


# The exit button.


def test_the_exit_button_is_recorded_and_opens_even_during_a_grant() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Button(True, 1.0))
    assert effects[1:] == [Note(JournalEvent.REX, "released", EXIT, counts=True), Release(EXIT)]
    _, effects = play(Tick(6.0), state=state)
    assert effects == [Secure(), Release(ENTRY)]  # whom the exit interrupted


def test_who_left_by_the_button_is_counted_once_by_the_sensor_if_there_is_one() -> None:
    seen = replace(EQUIPMENT, sensed=frozenset({EXIT}))
    _, effects = play(Button(True, 0.0), Crossed(EXIT, 1.0), equipment=seen)
    assert effects == [
        Note(JournalEvent.REX, "released", EXIT, counts=False),
        Release(EXIT),
        Secure(),
        Note(JournalEvent.PASSAGE, "by the exit button", EXIT, counts=True),
    ]


def test_a_button_that_is_pressed_while_the_barrier_is_away_is_heard_when_it_is_back() -> None:
    state, effects = play(DeviceState("barrier", False, 0.0), Button(True, 1.0), Tick(1.1))
    assert effects == [Note(JournalEvent.REX, "not heard: the barrier cannot be driven", EXIT)]
    assert Release(EXIT) in play(DeviceState("barrier", True, 2.0), Tick(2.1), state=state)[1]


@pytest.mark.parametrize("mode", [Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE])
def test_the_exit_button_opens_in_every_mode(mode: Mode) -> None:
    state, _ = play(Ordered(mode, True, 0.0), equipment=ABLE)
    blocked = state.stance is BLOCKED
    _, effects = play(Button(True, 1.0), Tick(6.0), equipment=ABLE, state=state)
    opening = [Note(JournalEvent.REX, "released", EXIT, counts=True), Release(EXIT)]
    assert effects == [*([SetStance(CONTROLLED)] * blocked), *opening, Secure(), *([SetStance(BLOCKED)] * blocked)]


def test_a_button_that_is_pressed_while_the_way_is_free_is_journalled_and_opens_nothing() -> None:
    _, effects = play(Ordered(Mode.FREE, True, 0.0), Button(True, 1.0), equipment=ABLE)
    assert effects[-1] == Note(JournalEvent.REX, "pressed; the way is free", EXIT)


def test_the_exit_button_opens_in_a_fire_that_the_barrier_does_not_follow() -> None:
    assert play(Fire(True, 0.0), Button(True, 1.0))[1][-1] == Release(EXIT)


WINDOWS = replace(
    DOOR,
    door=DoorEquipment(
        contact=True, ignore_rex_after_grant=2.0, ignore_rex_while_open=True, ignore_rex_after_close=3.0
    ),
)


@pytest.mark.parametrize(
    ("before", "at", "why"),
    [
        ([Granted(1, ENTRY, 0.0)], 1.9, "just granted"),
        ([Granted(1, ENTRY, 0.0)], 2.0, ""),
        ([DoorMoved(True, 0.0)], 1.0, "the door is open"),
        ([DoorMoved(True, 0.0), DoorMoved(False, 1.0)], 3.9, "just closed"),
        ([DoorMoved(True, 0.0), DoorMoved(False, 1.0)], 4.0, ""),
        ([DoorMoved(False, 0.0)], 0.5, ""),  # told at the start: it has not just fallen shut
        ([Interlock(True, 0.0)], 1.0, "the other door is open"),
        ([Granted(1, ENTRY, 0.0), Fire(True, 0.1)], 0.2, ""),
    ],
)
def test_the_windows_in_which_the_exit_button_is_not_heard(before: list[LaneEvent], at: float, why: str) -> None:
    _, effects = play(*before, Button(True, at), equipment=WINDOWS)
    expected = Note(JournalEvent.REX, f"not heard: {why}" if why else "released", EXIT, counts=not why)
    assert expected in effects
    assert (Release(EXIT) in effects) is not bool(why)


def test_a_button_that_is_still_pressed_when_its_window_is_over_is_heard_then() -> None:
    events: list[LaneEvent] = [Granted(1, ENTRY, 0.0), Button(True, 1.0), Tick(1.9)]
    assert Release(EXIT) not in play(*events, equipment=WINDOWS)[1]
    assert Release(EXIT) in play(*events, Tick(2.0), equipment=WINDOWS)[1]
    assert Release(EXIT) not in play(*events, Button(False, 1.95), Tick(2.0), equipment=WINDOWS)[1]
