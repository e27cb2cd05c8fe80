"""The lane is killed while its relay holds the door open: the line falls, and the lane comes back by itself."""

import time
from collections.abc import Callable

import pytest

from tests.vm.door import Door
from tests.vm.machine import PATIENCE, READY_WITHIN, Machine
from tests.vm.place import RELAY, Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3000 * PATIENCE)]


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_a_lane_that_is_killed_in_an_open_pulse_leaves_a_shut_door(
    thawed: Callable[[], Machine], place: Place, number: str
) -> None:
    """STOP: the watchdog ends a lane that hangs."""
    machine = thawed()
    door = Door(machine)
    kill = f"systemctl kill --kill-whom=main --signal={number} gate"
    opened = f"until [ $(cat /run/gpio/sim_gpio{RELAY}/value) = 1 ]; do sleep 0.01; done"
    machine.run(f"nohup sh -c '{opened}; {kill}' >/dev/null 2>&1 &")
    green = place.issue(2)
    assert door.show(green) == "admitted"
    seen = len(machine.outside())
    assert door.closes(200 * PATIENCE)
    door.wait_until_ready(READY_WITHIN, seen)
    assert door.show(green) == "already_used"
    time.sleep(1)
    assert door.openings() == 1
