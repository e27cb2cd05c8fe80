"""Orders of staff that end by themselves, over restarts and with clocks that are wrong; more time that is armed."""

from pathlib import Path

import pytest

from gate.core.kept_time import Kept
from gate.core.lane.grants import EXTENDS_FOR
from gate.core.lane.modes import Mode, Phase
from gate.core.lane.terms import OrderTerms
from gate.core.model import Stance
from gate.core.reason import Reason
from gate.lane.staff.desk import LONGEST_ORDER
from gate.store.standing_orders import StandingOrders
from gate.testing.builders import NOW, RunningClock
from tests.lane.control import ABLE, controlled, rows, told
from tests.lane.rig import Rig, plain

LOCKED = Mode.LOCKED_DOWN
pytestmark = pytest.mark.real_time


def later(seconds: float) -> RunningClock:
    """The clock of a start of the machine so much later."""
    clock = RunningClock(Kept(floor=NOW))
    clock.machine.sleep(seconds)
    return clock


async def test_an_order_ends_by_itself_and_says_who_gave_it(state: Path) -> None:
    async with controlled(state) as rig:
        until = rig.clock.now() + 1.0
        free = await told(state, do="order", mode="free", on=True, until=until, user="chief")
        assert (free["phase"], free["orders"], free["until"]) == ("free", ["free"], {"free": until})
        assert free["given_by"]["free"].startswith("desk chief")
        await rig.until(lambda: rig.turnstile.stances == [Stance.FREE, Stance.CONTROLLED])
        assert rig.clock.now() >= until
        over = await told(state, do="status")
        assert (over["phase"], over["orders"], over["until"], over["given_by"]) == ("ready", [], {}, {})
    found = [(what.split(" until")[0], actor) for event, what, actor in rows(state, "event = 'mode'")]
    assert found[0][0] == "free on"
    assert found[1] == ("free off: its time is over", None)


@pytest.mark.parametrize("away", [30.0, 3600.0])
async def test_an_order_with_an_end_survives_a_restart_and_ends_at_its_time(state: Path, away: float) -> None:
    async with controlled(state) as rig:
        await told(state, do="order", mode="locked_down", on=True, until=rig.clock.now() + 600, user="chief")
    still = away < 600
    again = Rig(state, equipment=ABLE, clock=later(away))
    async with controlled(state, {Phase.LOCKED_DOWN if still else Phase.READY}, again):
        status = await told(state, do="status")
        assert list(status["until"]) == (["locked_down"] if still else [])
        assert (status["given_by"].get("locked_down") or "").startswith("desk chief" if still else "")


async def test_a_way_that_was_free_until_the_restart_is_not_freed_again(state: Path) -> None:
    async with controlled(state) as rig:
        await told(state, do="order", mode="free", on=True, until=rig.clock.now() + 600, user="chief")
    again = Rig(state, equipment=ABLE, clock=later(3600.0))
    async with controlled(state, rig=again):
        assert again.turnstile.stances == []


async def test_a_clock_that_is_behind_ends_no_order_late(state: Path) -> None:
    """The system's clock is set back by a month while the order lasts: the trusted time runs on."""
    async with controlled(state) as rig:
        await told(state, do="order", mode="free", on=True, until=rig.clock.now() + 1.0, user="chief")
        rig.clock.machine.set(-30 * 86_400.0)
        await rig.until(lambda: rig.phases[-1] is Phase.READY)
        assert (await told(state, do="status"))["clock"]["behind_s"] > 86_400


async def test_an_end_that_is_over_or_far_away_is_refused(state: Path) -> None:
    async with controlled(state) as rig:
        for until in (rig.clock.now() - 1, rig.clock.now() + LONGEST_ORDER + 60):
            answer = await told(state, do="order", mode="free", on=True, until=until, user="chief")
            assert (answer["ok"], answer["code"]) == (False, "malformed")
        assert rig.turnstile.stances == []


def test_a_lockdown_after_a_loss_has_no_end() -> None:
    ends = OrderTerms("desk chief", NOW, NOW + 600)
    held = StandingOrders(frozenset({LOCKED, Mode.FREE}), True, {LOCKED: ends, Mode.FREE: ends})
    lost = StandingOrders().locked_down()
    assert lost.over(held) == StandingOrders(frozenset({LOCKED, Mode.FREE}), True, {Mode.FREE: ends})
    assert held.locked_down().terms == {Mode.FREE: ends}


async def test_more_time_is_armed_shown_and_taken_back(state: Path) -> None:
    async with controlled(state) as rig:
        armed = (await told(state, do="extend", user="guard-07"))["extended"]
        assert abs(armed - rig.clock.now() - EXTENDS_FOR) < 5
        assert (await told(state, do="extend", on=False, user="guard-07"))["extended"] is None
        await told(state, do="extend", on=True, user="guard-07")
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED]
        assert (rig.turnstile.extended, (await told(state, do="status"))["extended"]) == ([True], None)
    assert [what for _, what, _ in rows(state, "event = 'extended'")] == [
        "the next person",
        "not the next person",
        "the next person",
    ]
