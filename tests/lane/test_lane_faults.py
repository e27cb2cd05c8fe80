"""A lane with something broken: it opens for nobody because of that, and staff may still let people in."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest

from gate.core.lane.effects import Passed
from gate.core.lane.events import Ordered, Reset
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.lane.state import Equipment
from gate.core.model import Direction, Stance
from gate.core.outlet_events import AlarmChanged, Decided
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.lane.input_events import CHATTER
from gate.ports.feedback import Signal
from gate.ports.inputs import Level, Role
from gate.store.database import File, open_for_reading
from gate.store.lane_transaction import LaneTransaction
from gate.store.staff_admission import StaffAct
from tests.lane.rig import Rig, now, plain, working
from tests.log_lines import captured_lines

ENTRY = Direction.ENTRY
FREES = Equipment(0.3, 0.4, frozenset(), stances=frozenset({Stance.FREE}))


def fire_rig(state: Path) -> Rig:
    return Rig(state, equipment=FREES, needed={"input[0]"}, contacts={"input[0]": Role.FIRE})


def says(rig: Rig, role: Role, active: bool, source: str = "input[0]") -> None:
    rig.lane.report(Level(role, active, now()), source)


async def test_a_fire_contact_that_never_answered_closes_the_lane_and_opens_nothing(state: Path) -> None:
    for _ in range(2):  # over a restart, too
        async with working(fire_rig(state), {Phase.OUT_OF_SERVICE}) as rig:
            for _ in range(3):
                rig.lane.device("input[0]", "gpio", "no GPIO lines")
                await asyncio.sleep(0.05)
            await rig.show(plain(7), 0.2)
            assert rig.reasons == [Reason.DEVICE_FAILED]
            assert (rig.lane.state.fire, rig.turnstile.stances, rig.turnstile.openings) == (False, [], 0)
            assert rig.lane.problems["input[0]"].endswith("so nobody enters: no GPIO lines")


async def test_a_fire_contact_that_answered_and_is_lost_is_an_alarm(state: Path) -> None:
    async with working(fire_rig(state), {Phase.OUT_OF_SERVICE}) as rig:
        rig.lane.device("input[0]", "gpio", "")
        await asyncio.sleep(0.1)
        assert rig.lane.state.missing == {"input[0]"}  # opened, and has said nothing yet
        says(rig, Role.FIRE, False)
        await rig.until(lambda: rig.phases[-1] is Phase.READY)
        rig.lane.device("input[0]", "gpio", "wire cut")
        await rig.until(lambda: rig.phases[-1] is Phase.FIRE)
        assert rig.turnstile.stances == [Stance.FREE]
        why = str(await rig.staff.order(Reset))
        assert why == "the fire loop is still open, or its contact is lost (input[0])"
        assert str(await rig.staff.admit(ENTRY)).startswith("fire: ")
        rig.lane.device("input[0]", "gpio", "")
        says(rig, Role.FIRE, False)
        assert await rig.staff.order(Reset) is None
        await rig.until(lambda: rig.phases[-1] is Phase.READY)


@pytest.mark.parametrize("lost", ["reader[0]", "input[3]"])
async def test_staff_let_people_in_although_nothing_can_be_read(state: Path, lost: str) -> None:
    rig = Rig(state, needed={lost}, contacts={"input[3]": Role.PASSAGE}, equipment=FREES)
    async with working(rig, {Phase.OUT_OF_SERVICE}) as rig:
        await rig.until(lambda: "barrier" not in rig.lane.state.missing)
        rig.lane.device(lost, "x", "unplugged")
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.DEVICE_FAILED]
        assert await rig.staff.admit(ENTRY, StaffAct("uid 1000")) is None
        assert rig.turnstile.openings == 1
        await rig.until(lambda: len(rig.passed) == 1)
        says(rig, Role.REX, False, "input[5]")
        says(rig, Role.REX, True, "input[5]")
        await rig.until(lambda: rig.turnstile.openings == 2)


async def test_a_free_way_is_told_as_free_although_nothing_can_be_read(state: Path) -> None:
    rig = Rig(state, needed={"reader[0]"}, equipment=FREES)
    async with working(rig, {Phase.OUT_OF_SERVICE}) as rig:
        rig.lane.device("reader[0]", "camera", "unplugged")
        await rig.staff.order(lambda at: Ordered(Mode.FREE, True, at))
        await rig.until(lambda: rig.phases[-1] is Phase.FREE)
        assert rig.turnstile.stances == [Stance.FREE]
        assert rig.lane.problems == {"reader[0]": "unplugged"}
        await rig.staff.order(lambda at: Ordered(Mode.FREE, False, at))
        await rig.until(lambda: rig.phases[-1] is Phase.OUT_OF_SERVICE)


async def test_staff_are_told_why_the_barrier_does_not_open(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.turnstile.broken = True
        assert str(await rig.staff.admit(ENTRY)) == "device_failed: turnstile: no answer. Look at its cable"
        await rig.until(lambda: rig.phases[-1] is Phase.OUT_OF_SERVICE)
        why = str(await rig.staff.admit(ENTRY))
        assert why.startswith("device_failed: the barrier cannot be driven. Open the door by its key")
        assert why.endswith("turnstile: no answer. Look at its cable")


async def test_staff_let_people_in_past_a_door_that_is_left_open(state: Path) -> None:
    async with working(Rig(state)) as rig:
        says(rig, Role.DOOR, True)
        await rig.until(lambda: rig.lane.state.busy)
        assert await rig.staff.admit(ENTRY) is None


async def test_nobody_is_told_to_go_before_the_barrier_has_taken_the_order(state: Path) -> None:
    async with working(Rig(state, equipment=Equipment(2.0, 2.0, frozenset()))) as rig:
        rig.turnstile.takes = 0.4
        await rig.show(plain(7), 0.3)
        assert (rig.reasons, rig.phases[-1]) == ([], Phase.READY)
        assert Signal.ADMITTED not in rig.lamp.shown
        await rig.until(lambda: rig.reasons == [Reason.ADMITTED])
        told = next(event for event in rig.events if isinstance(event, Decided))
        assert told.let_through
        assert told.ms < 300  # to the decision, whatever the barrier takes


async def test_a_barrier_that_is_lost_before_it_opens_admits_nobody(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.turnstile.takes = 5.0
        await rig.show(plain(7), 0.2)
        rig.turnstile.lost.set()
        await rig.until(lambda: rig.phases[-1] is Phase.OUT_OF_SERVICE)
        assert [event.let_through for event in rig.events if isinstance(event, Decided)] == [False]
        assert rig.passed == [Passed.NOT_PASSED]


async def test_a_sensor_that_sees_nobody_is_an_alarm(state: Path) -> None:
    async with working(Rig(state, sensed=True, timeout=0.1)) as rig:
        for _ in range(3):
            assert await rig.staff.admit(ENTRY) is None
            await rig.until(lambda: rig.lane.state.grant is None)
        await rig.until(lambda: any(isinstance(event, AlarmChanged) for event in rig.events))
        told = [event for event in rig.events if isinstance(event, AlarmChanged)]
        assert [(event.alarm, event.on) for event in told] == [(Alarm.SENSOR_SILENT, True)]


async def test_each_contact_that_ails_is_named_as_long_as_it_does(state: Path) -> None:
    def is_named(*each: bool) -> bool:
        told = [event for event in rig.events if isinstance(event, AlarmChanged)]
        return bool(told) and tuple(f"input[{number}]" in told[-1].what for number in (0, 1)) == each

    async with working(Rig(state)) as rig:
        for number in (0, 1):
            for change in range(CHATTER + 1):
                says(rig, Role.REX, change % 2 == 0, f"input[{number}]")
            await rig.until(partial(is_named, True, number == 1))
        rig.lane.device("input[0]", "gpio", "unplugged")
        await rig.until(partial(is_named, False, True))
        rig.lane.device("input[1]", "gpio", "unplugged")
        await rig.until(partial(is_named, False, False))
        assert [event.on for event in rig.events if isinstance(event, AlarmChanged)] == [True, True, True, False]


@contextmanager
def failing_disk() -> Iterator[None]:
    def refuse(_: LaneTransaction) -> None:
        raise StoreError("lane.db: disk I/O error", hint="Replace the card")

    with patch.object(LaneTransaction, "__enter__", refuse):
        yield


async def test_a_lockdown_that_could_not_be_stored_is_stored_once_the_disk_writes_again(state: Path) -> None:
    async with working(Rig(state)) as rig:
        with failing_disk():
            assert await rig.staff.order(lambda at: Ordered(Mode.LOCKED_DOWN, True, at), "uid 7") is None
            assert rig.lane.state.mode is Mode.LOCKED_DOWN
        await rig.lane.in_turn(rig.lane.check)
        shutil.copytree(state, killed := state.with_name("killed"))
    with closing(open_for_reading(File.LANE, killed) or sqlite3.connect("")) as connection:
        rows = connection.execute("SELECT detail, actor FROM journal WHERE event = 'mode'").fetchall()
    assert rows == [("locked_down on (0 s before this row: nothing could be recorded then)", "uid 7")]
    async with working(Rig(killed), {Phase.LOCKED_DOWN}) as rig:
        assert rig.lane.state.mode is Mode.LOCKED_DOWN


async def test_the_way_is_not_freed_while_that_cannot_be_recorded(state: Path) -> None:
    async with working(Rig(state, equipment=FREES)) as rig:
        with failing_disk():
            why = str(await rig.staff.order(lambda at: Ordered(Mode.FREE, True, at), "uid 7"))
            assert why == "storage_failed: nothing can be recorded, so nothing opens. Open the door by its key"
            assert rig.turnstile.stances == []
        assert await rig.staff.order(lambda at: Ordered(Mode.FREE, True, at), "uid 7") is None
        await rig.until(lambda: rig.turnstile.stances == [Stance.FREE])


async def test_a_disk_that_fails_again_is_reported_again(state: Path) -> None:
    with captured_lines() as lines:
        async with working(Rig(state)) as rig:
            for _ in range(2):
                with failing_disk():
                    await rig.staff.order(lambda at: Ordered(Mode.LOCKED_DOWN, True, at))
                await rig.staff.order(lambda at: Ordered(Mode.LOCKED_DOWN, False, at))
    said = [line["event"] for line in lines if "lane.db" in line["event"]]
    assert said == ["lane.db: disk I/O error. Replace the card", "lane.db is written again"] * 2
