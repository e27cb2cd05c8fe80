"""The page's share of a processor, on clocks that the test moves."""

import pytest

from gate.runtime.pace import BURST, LONGEST, SHARE, Pace


class Machine:
    def __init__(self) -> None:
        self.now = 100.0
        self.used = 7.0
        self.waits: list[float] = []
        self.pace = Pace(clock=lambda: self.now, used=lambda: self.used, wait=self.wait)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def work(self, seconds: float) -> None:
        self.pace.keep()
        self.now += seconds
        self.used += seconds


@pytest.mark.parametrize("piece", [0.0005, 0.004, 0.02])
def test_a_flood_gets_its_share_and_no_more(piece: float) -> None:
    machine = Machine()
    begun, used = machine.now, machine.used
    while machine.used < used + 3:
        machine.work(piece)
    assert (machine.used - used - BURST) / (machine.now - begun) == pytest.approx(SHARE, rel=0.05)
    assert max(machine.waits) <= LONGEST


def test_little_work_never_waits() -> None:
    machine = Machine()
    for _ in range(1000):
        machine.work(0.002)
        machine.now += 0.02
    assert machine.waits == []


def test_quiet_times_save_one_burst_and_no_more() -> None:
    machine = Machine()
    machine.now += 3600
    machine.work(BURST)
    assert machine.waits == []
    for _ in range(10):
        machine.work(0.01)
    assert sum(machine.waits) > 0.1
