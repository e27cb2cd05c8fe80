"""When the lane says something of its clock, and when it keeps the time."""

from gate.core.kept_time import Kept
from gate.core.model import Direction
from gate.core.outlet_events import ClockChanged, Event
from gate.core.reason import Reason
from gate.core.trusted_time import ClockTrust, Ntp
from gate.lane.timekeeper import KEEP_BEHIND_EVERY, KEEP_EVERY, Timekeeper
from gate.runtime.clock import GateClock
from gate.testing.builders import ManualClock


class Desk:
    def __init__(self) -> None:
        self.machine = ManualClock()
        self.told: list[Event] = []
        clock = GateClock(self.machine, Kept(), untrusted_for=3600.0)
        self.timekeeper = Timekeeper(clock, self.told.append)

    def update(self, after: float = 0.0, ntp: Ntp = Ntp.UNKNOWN) -> str | None:
        self.machine.advance(after)
        return self.timekeeper.update(ntp)

    @property
    def standings(self) -> list[ClockTrust]:
        return [event.standing for event in self.told if isinstance(event, ClockChanged)]


def test_an_idle_lane_keeps_the_time_now_and_then_and_writes_no_row() -> None:
    desk = Desk()
    assert desk.update() == ""  # what was kept of an earlier run is over
    assert desk.update(KEEP_EVERY - 1) is None
    assert desk.update(1) == ""
    assert desk.update(1) is None
    assert len(desk.told) == 1


def test_what_becomes_of_the_clock_is_said_once_and_kept_at_once() -> None:
    desk = Desk()
    desk.update()
    desk.machine.set(-7200)
    assert desk.update(1) == "behind by 7200 s"
    assert desk.update(1) is None
    assert desk.update(KEEP_BEHIND_EVERY) == ""
    assert desk.timekeeper.refusal(Direction.ENTRY) is None
    assert desk.update(3600) == "behind by 7200 s for too long: nobody enters"
    assert desk.timekeeper.refusal(Direction.ENTRY) is Reason.CLOCK_UNTRUSTED
    assert desk.timekeeper.refusal(Direction.EXIT) is None
    desk.machine.set(7200)
    assert desk.update(1) == "right again"
    assert desk.standings == [ClockTrust.TRUSTED, ClockTrust.BEHIND, ClockTrust.UNTRUSTED, ClockTrust.TRUSTED]


def test_a_clock_set_back_further_is_told_and_needs_no_row_and_the_first_service_is_kept() -> None:
    desk = Desk()
    desk.update()
    desk.machine.set(-7200)
    desk.update(1)
    desk.machine.set(-7200)
    assert desk.update(1) is None
    for ntp, news in ((Ntp.SYNCHRONISED, ""), (Ntp.UNKNOWN, None), (Ntp.SYNCHRONISED, None)):
        assert desk.update(1, ntp) == news
    last = desk.told[-1]
    assert isinstance(last, ClockChanged)
    assert (round(last.behind), last.ntp, len(desk.told)) == (14400, "synchronised", 6)


def test_what_a_failing_store_does_not_take_is_tried_again() -> None:
    desk = Desk()
    desk.update()
    desk.machine.set(-7200)
    for _ in range(3):
        assert desk.update(2) == "behind by 7200 s"
        desk.timekeeper.not_stored("behind by 7200 s")
    desk.machine.set(7200)
    assert desk.update(2) == "behind by 7200 s, right again"
    assert desk.update(2) is None
