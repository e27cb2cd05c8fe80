"""Buttons of a desk: one lets a person through, one gives more time, and the journal names the contact."""

from pathlib import Path

import pytest

from gate.core.lane.events import Ordered
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.lane.staff import orders
from gate.ports.inputs import Level, Role
from tests.lane.control import ABLE, rows
from tests.lane.rig import Rig, now, plain, working

DESK = "input[2]"


def press(rig: Rig, role: Role, direction: Direction = Direction.ENTRY) -> None:
    for active in (False, True, False):
        rig.lane.report(Level(role, active, now(), direction), DESK)


async def test_a_button_lets_one_person_in_and_is_journalled(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        press(rig, Role.ADMIT)
        await rig.until(lambda: len(rig.passed) == 1)
        press(rig, Role.ADMIT, Direction.EXIT)
        await rig.until(lambda: len(rig.passed) == 2)
        assert (rig.reasons, rig.turnstile.openings) == ([Reason.STAFF_ADMITTED] * 2, 2)
    assert rows(state) == [("decision", "staff_admitted", f"contact {DESK}")] * 2


async def test_a_button_gives_the_next_person_more_time(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        press(rig, Role.EXTEND)
        await rig.show(plain(7), 0.2)
        await rig.until(lambda: rig.turnstile.extended == [True])
    assert rows(state) == [("extended", "the next person", f"contact {DESK}")]


async def test_a_button_that_may_not_is_journalled_and_opens_nothing(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        rig.lane.report(Level(Role.FIRE, True, now()), "input[0]")
        press(rig, Role.ADMIT)
        await rig.until(lambda: bool(rows(state)))
        assert rig.turnstile.openings == 0
    assert rows(state) == [("staff", "admit refused: fire", f"contact {DESK}")]


async def test_a_button_that_was_held_at_the_start_or_came_back_pressed_is_no_press(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE, contacts={DESK: Role.ADMIT})) as rig:
        rig.lane.report(Level(Role.ADMIT, True, now()), DESK)
        rig.lane.device(DESK, "gpio", "wire cut")
        rig.lane.device(DESK, "gpio", "")
        rig.lane.report(Level(Role.ADMIT, True, now()), DESK)
        await rig.show(plain(7), 0.2)
        await rig.until(lambda: len(rig.passed) == 1)
    assert rows(state) == []


async def test_a_button_that_sticks_lets_a_bounded_number_in(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MOST_ADMISSIONS", 2)
    async with working(Rig(state, equipment=ABLE)) as rig:
        for count in (1, 2, 2):
            press(rig, Role.ADMIT)
            await rig.until(lambda count=count: len(rig.passed) == count)  # type: ignore[misc]  # a default
        await rig.until(lambda: rows(state)[-1][1] == "admit refused: too_many")
        assert rig.turnstile.openings == 2


async def test_staff_admit_by_button_in_maintenance_only_as_by_order(state: Path) -> None:
    async with working(Rig(state, equipment=ABLE)) as rig:
        await rig.staff.order(lambda at: Ordered(Mode.OUT_OF_SERVICE, True, at))
        press(rig, Role.ADMIT)
        await rig.until(lambda: bool(rows(state)))
    assert rows(state) == [("staff", "admit refused: locked_down", f"contact {DESK}")]
