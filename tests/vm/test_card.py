"""The file on the card, changed by a technician: a wrong one leaves the old gate running, a right one is applied."""

from collections.abc import Callable

import pytest

from tests.vm.door import Door
from tests.vm.machine import BOOTS_WITHIN, PATIENCE, READY_WITHIN, Machine
from tests.vm.place import Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3000 * PATIENCE)]


def test_a_wrong_file_on_the_card_leaves_the_old_gate_and_a_right_one_is_applied(
    thawed: Callable[[], Machine], place: Place
) -> None:
    machine = thawed()
    door = Door(machine)
    right = place.card()

    def with_card(text: bytes) -> str:
        machine.power_off()
        machine.put_on_card({"gate.toml": text})
        seen = len(machine.outside())
        machine.boot(2 * BOOTS_WITHIN)
        door.wait_until_ready(READY_WITHIN, seen)
        return machine.run("cat /boot/firmware/gate-result.txt")

    wrong = right["gate.toml"].replace(b'mode = "enforce"', b'mode = "enforced"').replace(b'"30m"', b'"half an hour"')
    result = with_card(wrong)
    assert "NOT APPLIED" in result
    assert "lane.mode" in result
    assert "lane.reuse_after" in result
    assert 'mode = "enforce"' in machine.run("cat /etc/gate/gate.toml")

    assert "APPLIED" in with_card(right["gate.toml"].replace(b'mode = "enforce"', b'mode = "pilot"'))
    assert 'mode = "pilot"' in machine.run("cat /etc/gate/gate.toml")
