"""From a blank card to a person through the door, and what is left after the plug was pulled: the short form."""

from collections.abc import Callable

import pytest

from gate.core.model import Status
from tests.vm.door import Door
from tests.vm.machine import BOOTS_WITHIN, PATIENCE, READY_WITHIN, Image, Machine
from tests.vm.place import Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500 * PATIENCE)]


def test_a_bundle_and_one_file_make_a_gate_and_a_power_cut_forgets_nothing(
    installed: Image, place: Place, switched_on: Callable[..., Machine], in_time: Callable[[str], None]
) -> None:
    machine = switched_on(installed, card=place.card())
    door = Door(machine)
    door.wait_until_ready(READY_WITHIN)
    in_time("the gate was ready")

    green = place.issue(2)
    assert door.show(green) == "admitted"
    assert door.openings() == 1
    assert door.closes(30)
    assert door.show(place.issue(3, Status.RED)) == "status_not_admitted"
    assert door.openings() == 1

    in_time("two passes were decided on")

    machine.cut()
    assert "applied" in machine.card_file("gate-result.txt")
    seen = len(machine.outside())
    machine.boot(2 * BOOTS_WITHIN)
    door.wait_until_ready(READY_WITHIN, seen)
    in_time("the gate was ready again")
    assert door.show(green) == "already_used"
    assert door.openings() == 1
    assert "whole" in machine.run("gate journal verify --config /etc/gate/gate.toml")
