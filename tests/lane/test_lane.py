"""The lane as its devices see it: presentations, renewals, inputs, a failing barrier."""

import asyncio
from pathlib import Path

from gate.authority.wallet import Wallet
from gate.core.coaching import Hint
from gate.core.lane.effects import Passed
from gate.core.lane.events import Reset
from gate.core.lane.modes import Phase
from gate.core.outlet_events import Coached, CodeSeen, CodesInView, Decided, DeviceChanged, GrantEnded
from gate.core.reason import Reason
from gate.lane.presence import GONE_AFTER
from gate.ports.feedback import Signal
from gate.ports.inputs import Level, Role
from gate.ports.reader import Answer, Coaching
from gate.testing.builders import NOW
from tests.lane.rig import Rig, credential, now, plain, scan, working


async def test_many_frames_of_one_code_are_one_presentation(state: Path) -> None:
    async with working(Rig(state)) as rig:
        answers = await rig.show(plain(7), 1.0)
        assert answers[0] is None
        assert answers[-1] is Answer.DECIDED
        assert rig.reasons == [Reason.ADMITTED]
        assert rig.turnstile.openings == 1
        seen = [type(event) for event in rig.events].index(CodeSeen)
        assert isinstance(rig.events[seen + 1], Decided)
        assert rig.lamp.shown[:3] == [Signal.READY, Signal.SEEN, Signal.ADMITTED]


async def test_a_code_that_left_and_came_back_is_asked_again(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await rig.show(plain(7), 0.2)
        await asyncio.sleep(GONE_AFTER + 0.2)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED, Reason.ALREADY_USED]
        assert rig.turnstile.openings == 1


async def test_a_code_renewed_while_it_is_shown_is_the_same_person(state: Path) -> None:
    wallet = Wallet.create()
    wallet.hold(credential(7, holder=wallet.holder_public))
    async with working(Rig(state)) as rig:
        for second in range(4):  # the phone renews every half second, and is held long after the verdict
            await rig.show(wallet.present(NOW + second), 0.5)
        assert rig.reasons == [Reason.ADMITTED]
        assert rig.turnstile.openings == 1


async def test_what_is_held_up_is_told_when_it_changes(state: Path) -> None:
    async with working(Rig(state, sensed=True, timeout=60.0)) as rig:
        await rig.show(plain(7), 1.0)
        await rig.show(plain(9), GONE_AFTER + 0.4)  # behind the one who goes through
        await rig.until(lambda: Reason.LANE_BUSY in rig.reasons)
        told = [(event.answered, event.waiting, event.going) for event in rig.events if isinstance(event, CodesInView)]
        assert told == [(True, False, True), (True, True, True), (False, True, False), (False, False, False)]
        # The lamps too: green is the first one's, and the next must not take it for theirs.
        assert rig.lamp.shown[-3:] == [Signal.SEEN, Signal.ADMITTED, Signal.WAIT]
        rig.lane.report(Level(Role.PASSAGE, active=True, at=now()))
        await rig.until(lambda: rig.lamp.shown[-1] is Signal.READY)


async def test_whoever_goes_through_and_shows_the_code_again_is_not_refused(state: Path) -> None:
    async with working(Rig(state, sensed=True, timeout=60.0)) as rig:
        for _ in range(2):
            await rig.show(plain(7), 0.3)
            await asyncio.sleep(GONE_AFTER + 0.3)
        assert rig.reasons == [Reason.ADMITTED]
        rig.lane.report(Level(Role.PASSAGE, active=True, at=now()))
        await rig.until(lambda: rig.passed == [Passed.PASSED])
        await rig.show(plain(7), 0.3)  # whoever comes with it now
        assert rig.reasons == [Reason.ADMITTED, Reason.ALREADY_USED]


async def test_the_next_person_waits_and_is_served_when_the_lane_is_free(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await rig.show(plain(7), 0.1)
        answers = await rig.show(plain(9), 0.8)
        assert answers[0] is Answer.WAIT
        assert rig.reasons == [Reason.ADMITTED, Reason.ADMITTED]
        assert rig.turnstile.openings == 2


async def test_who_leaves_before_the_lane_is_free_is_recorded_as_lane_busy(state: Path) -> None:
    async with working(Rig(state, sensed=True, timeout=5.0)) as rig:
        await rig.show(plain(7), 0.1)
        await rig.show(plain(9), 0.2)
        await rig.until(lambda: Reason.LANE_BUSY in rig.reasons)
        assert rig.turnstile.openings == 1
        rig.lane.report(Level(Role.PASSAGE, active=True, at=now()))
        await rig.until(lambda: rig.passed == [Passed.PASSED])
        await rig.show(plain(9), 0.2)  # being told to wait took no use
        assert rig.reasons[-1] is Reason.ADMITTED


async def test_two_phones_at_once_open_once_and_then_for_the_other(state: Path) -> None:
    async with working(Rig(state)) as rig:
        for _ in range(12):
            rig.lane.present(scan(plain(7)))
            rig.lane.present(scan(plain(9)))
            assert rig.turnstile.openings <= 2
            await asyncio.sleep(1 / 15)
        assert rig.reasons == [Reason.ADMITTED, Reason.ADMITTED]
        grants = [event for event in rig.events if isinstance(event, Decided | GrantEnded)]
        assert [type(event) for event in grants[:3]] == [Decided, GrantEnded, Decided]


async def test_fire_stops_granting_and_what_was_shown_meanwhile_is_not_judged(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.lane.report(Level(Role.FIRE, active=True, at=now()))
        await rig.until(lambda: rig.phases[-1] is Phase.FIRE)
        assert set(await rig.show(plain(7), 0.3)) == {Answer.WAIT}
        assert (rig.reasons, rig.turnstile.openings) == ([], 0)
        assert rig.lamp.shown[-1] is Signal.FIRE
        rig.lane.report(Level(Role.FIRE, active=False, at=now()))
        assert set(await rig.show(plain(7), 0.2)) == {Answer.WAIT}  # until staff reset it
        await rig.staff.order(Reset)
        await rig.until(lambda: rig.phases[-1] is Phase.READY)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED]


async def test_the_exit_button_opens_once_a_press(state: Path) -> None:
    async with working(Rig(state)) as rig:
        for active in (False, True, True, False, True):
            rig.lane.report(Level(Role.REX, active=active, at=now()))
            await asyncio.sleep(0.15)
        await rig.until(lambda: rig.turnstile.openings == 2)


async def test_a_turnstile_that_fails_is_out_of_service_and_nobody_is_admitted(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.turnstile.broken = True
        await rig.show(plain(7), 0.2)
        await rig.until(lambda: any(isinstance(event, DeviceChanged) and event.problem for event in rig.events))
        await rig.until(lambda: rig.phases[-1] is Phase.OUT_OF_SERVICE)
        await rig.show(plain(9), 0.2)
        assert rig.reasons == [Reason.ADMITTED, Reason.DEVICE_FAILED]
        assert [event.let_through for event in rig.events if isinstance(event, Decided)] == [False, False]
        assert Signal.ADMITTED not in rig.lamp.shown
        assert rig.passed == [Passed.NOT_PASSED]  # at once, and the use is given back
        problem = next(event.problem for event in rig.events if isinstance(event, DeviceChanged) and event.problem)
        assert "no answer" in problem  # the cause, up to the page
        assert rig.turnstile.openings == 0


async def test_stopping_locks(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.turnstile.pulse = 30.0
        await rig.show(plain(7), 0.2)
        assert not rig.turnstile.secured
    assert rig.turnstile.secured


async def test_a_hint_is_given_once_a_second_and_never_beside_a_code(state: Path) -> None:
    async def coach(seconds: float) -> int:
        before, end = len(rig.events), now() + seconds
        while now() < end:
            rig.lane.coach(Coaching("reader[0]", now(), Hint.CLOSER))
            await asyncio.sleep(1 / 15)
        given = [event for event in rig.events[before:] if isinstance(event, Coached)]
        assert all((event.reader, event.hint) == ("reader[0]", Hint.CLOSER) for event in given)
        return len(given)

    async with working(Rig(state)) as rig:
        assert await coach(2.5) == 3
        rig.lane.present(scan(plain(7)))
        assert await coach(GONE_AFTER - 0.2) == 0
        await asyncio.sleep(GONE_AFTER)
        assert await coach(0.5) == 1
