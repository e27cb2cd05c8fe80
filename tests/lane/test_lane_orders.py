"""Orders of staff, alarms of the door and the other door of a mantrap, as a running lane takes them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.coaching import Hint
from gate.core.lane.door import DoorEquipment
from gate.core.lane.effects import Release, Secure, SetStance
from gate.core.lane.events import Button, Extend, Granted, Interlock, LaneEvent, Ordered, Reset, Tick
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.lane.state import Equipment, LaneState
from gate.core.lane.step import step
from gate.core.lane.terms import OrderTerms
from gate.core.model import Direction, Listing, Stance
from gate.core.outlet_events import AlarmChanged, Decided, PhaseChanged
from gate.core.reason import Reason
from gate.lane.interlock import DoorInterlock
from gate.lane.presence import GONE_AFTER
from gate.ports.feedback import Signal
from gate.ports.inputs import Level, Role
from gate.store.database import File, open_for_reading
from gate.testing.builders import load
from tests.lane.rig import Rig, now, plain, scan, working

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
BOARDING_PASS = f"M1{'DESMARAIS/LUC':20}EABC123 YULFRAAC 0834 226F001A0025 106>60000"
ABLE = Equipment(0.3, 0.4, frozenset(), stances=frozenset({Stance.FREE, Stance.BLOCKED}))
DOOR = Equipment(0.3, 0.4, frozenset(), door=DoorEquipment(contact=True, held_after=0.6, warn_before=0.3))


def level(role: Role, active: bool) -> Level:
    return Level(role, active, now())


async def order(rig: Rig, mode: Mode, on: bool) -> None:
    await rig.staff.order(lambda at: Ordered(mode, on, at))


def journal(state: Path) -> list[tuple[Any, ...]]:
    connection = open_for_reading(File.LANE, state)
    assert connection is not None
    try:
        return connection.execute("SELECT event, detail FROM journal WHERE event <> 'gate' ORDER BY seq").fetchall()
    finally:
        connection.close()


async def test_out_of_service_is_kept_over_a_restart(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await order(rig, Mode.OUT_OF_SERVICE, True)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.OUT_OF_SERVICE]
    async with working(Rig(state), {Phase.OUT_OF_SERVICE}) as rig:
        await rig.until(lambda: "barrier" not in rig.lane.state.missing)
        assert rig.lane.state.mode is Mode.OUT_OF_SERVICE
        await order(rig, Mode.OUT_OF_SERVICE, False)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED]


async def test_a_fire_alarm_is_kept_over_a_restart(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        rig.lane.report(level(Role.FIRE, True))
        await rig.until(lambda: rig.phases[-1] is Phase.FIRE)  # said when it is remembered; the way was free before
        assert rig.turnstile.stances == [Stance.FREE]
    async with working(Rig(state, equipment=ABLE), {Phase.FIRE}) as rig:
        await rig.until(lambda: rig.turnstile.stances == [Stance.FREE])  # told again, for it was opened anew
        await rig.staff.order(Reset)
        await rig.until(lambda: rig.phases[-1] is Phase.READY)
        assert rig.turnstile.secured


async def test_a_lockdown_blocks_and_the_exit_button_still_opens(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        rig.lane.report(level(Role.LOCKDOWN, True), "input[0]")
        await rig.until(lambda: rig.turnstile.stances == [Stance.BLOCKED])
        assert rig.lamp.shown[-1] is Signal.OUT_OF_SERVICE
        await rig.show(plain(7), 0.2)
        assert (rig.reasons, rig.turnstile.openings) == ([Reason.LOCKED_DOWN], 0)
        rig.lane.report(level(Role.REX, False), "input[1]")
        rig.lane.report(level(Role.REX, True), "input[1]")
        await rig.until(lambda: rig.turnstile.openings == 1)
        await rig.until(lambda: rig.turnstile.stances[-1] is Stance.BLOCKED and len(rig.turnstile.stances) == 3)


async def test_a_free_lane_decides_and_records_and_moves_nothing(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        await order(rig, Mode.FREE, True)
        await rig.until(lambda: not rig.turnstile.secured)
        await rig.show(plain(7), 0.2)
        await rig.show(BOARDING_PASS, GONE_AFTER + 2.0)  # it waits until the pass is out of view
        assert rig.reasons == [Reason.ADMITTED, Reason.UNREADABLE]
        assert [event.hint for event in rig.events if isinstance(event, Decided)] == [None, Hint.OTHER_SYMBOL]
        assert rig.turnstile.openings == 0
        await order(rig, Mode.FREE, False)
        await rig.until(lambda: rig.turnstile.secured)


async def test_two_contacts_of_one_role_are_one(state: Path) -> None:
    async with working(Rig(state)) as rig:
        for name in ("input[0]", "input[1]"):
            rig.lane.report(level(Role.FIRE, True), name)
        rig.lane.report(level(Role.FIRE, False), "input[0]")
        await rig.staff.order(Reset)
        assert rig.lane.state.fire  # the other loop is still open
        rig.lane.report(level(Role.FIRE, False), "input[1]")
        await rig.staff.order(Reset)
        assert rig.phases[-2:] == [Phase.FIRE, Phase.READY]


async def test_a_door_left_open_warns_alarms_and_is_recorded(state: Path) -> None:
    async with working(Rig(state, equipment=DOOR)) as rig:
        rig.lane.report(level(Role.DOOR, False))
        await rig.show(plain(7), 0.1)
        rig.lane.report(level(Role.DOOR, True))
        await rig.until(lambda: Signal.ALARM in rig.lamp.shown)
        assert Signal.WARNING in rig.lamp.shown
        rig.lane.report(level(Role.DOOR, False))
        await rig.until(lambda: rig.phases[-1] is Phase.READY)
        told = [(event.alarm, event.on) for event in rig.events if isinstance(event, AlarmChanged)]
        assert told[0] == (Alarm.HELD_OPEN_SOON, True)
        assert told[-1] == (Alarm.HELD_OPEN, False)
    assert [row for row in journal(state) if row[0] == "alarm"] == [
        ("alarm", "held_open_soon"),
        ("alarm", "held_open"),
        ("alarm", "held_open_soon over"),
        ("alarm", "held_open over"),
    ]


async def test_more_time_for_the_next_person(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await rig.staff.order(Extend)
        await rig.show(plain(7), 0.2)
        assert rig.turnstile.extended == [True]


async def test_of_two_doors_one_opens(tmp_path: Path) -> None:
    """Two lanes, two people, one mantrap: the second is served when the first door is locked again."""
    rigs = []
    async with AsyncExitStack() as stack:
        for name in ("outer", "inner"):
            load(tmp_path / name, {7: Listing.GREEN})
            mantrap = DoorInterlock(tmp_path / "mantrap")
            stack.callback(mantrap.close)
            rigs.append(await stack.enter_async_context(working(Rig(tmp_path / name, mantrap=mantrap))))
        both = 0
        end = now() + 1.5
        while now() < end:
            for rig in rigs:
                rig.lane.present(scan(plain(7)))
            both += all(rig.lane.state.occupied for rig in rigs)
            await asyncio.sleep(0.02)
        assert both == 0
        assert [rig.turnstile.openings for rig in rigs] == [1, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from(["grant", "exit", "wait", "free", "locked"])),
        min_size=1,
        max_size=60,
    )
)
@settings(max_examples=300)
def test_two_doors_are_never_open_at_once(story: list[tuple[int, str]]) -> None:
    equipment = Equipment(5, 8, frozenset(), stances=frozenset({Stance.FREE}))
    states, open_doors, now = [LaneState(), LaneState()], [False, False], 0.0

    def happen(lane: int, event: LaneEvent) -> None:
        for told in (Interlock(states[1 - lane].occupied, now), event):
            states[lane], effects = step(states[lane], told, equipment)
            for effect in effects:
                if isinstance(effect, Release):
                    open_doors[lane] = True
                elif isinstance(effect, Secure):
                    open_doors[lane] = False
                elif isinstance(effect, SetStance):
                    open_doors[lane] = effect.stance is Stance.FREE
            assert not all(open_doors)

    for seq, (lane, what) in enumerate(story):
        now += 3.0 if what == "wait" else 0.0
        events: dict[str, LaneEvent] = {
            "grant": Granted(seq, ENTRY, now),
            "exit": Button(True, now),
            "wait": Tick(now),
            "free": Ordered(Mode.FREE, True, now),
            "locked": Ordered(Mode.FREE, False, now),
        }
        happen(lane, events[what])


async def test_a_way_is_not_free_before_the_contacts_that_forbid_it_have_answered(state: Path) -> None:
    """A lockdown switch that was turned while the gate was off, the other door of a mantrap that stands open."""
    forbid = {"input[0]": Role.LOCKDOWN, "input[1]": Role.INTERLOCK}
    async with working(Rig(state, equipment=ABLE)) as rig:
        await order(rig, Mode.FREE, True)
    again = Rig(state, equipment=ABLE, needed=forbid, contacts=forbid)
    async with working(again, {Phase.OUT_OF_SERVICE}):
        await again.until(lambda: "barrier" not in again.lane.state.missing)
        await asyncio.sleep(1.0)
        again.lane.report(level(Role.LOCKDOWN, True), "input[0]")
        again.lane.report(level(Role.INTERLOCK, False), "input[1]")
        await again.until(lambda: again.phases[-1] is Phase.LOCKED_DOWN)
        assert Stance.FREE not in again.turnstile.stances
        again.lane.report(level(Role.LOCKDOWN, False), "input[0]")
        await again.until(lambda: again.phases[-1] is Phase.FREE)


async def test_the_page_learns_when_an_order_ends(state: Path) -> None:
    def ends() -> list[tuple[Mode | None, float | None]]:
        return [(event.mode, event.until) for event in rig.events if isinstance(event, PhaseChanged)]

    async with working(Rig(state)) as rig:
        soon = rig.clock.now() + 3600
        await rig.staff.order(lambda at: Ordered(Mode.MAINTENANCE, True, at, OrderTerms(until=soon)))
        assert ends()[-1] == (Mode.MAINTENANCE, soon)
        await rig.staff.order(lambda at: Ordered(Mode.MAINTENANCE, True, at, OrderTerms(until=soon + 60)))
        assert ends()[-1] == (Mode.MAINTENANCE, soon + 60)
        await order(rig, Mode.MAINTENANCE, False)
        assert ends()[-1] == (Mode.ENFORCE, None)
