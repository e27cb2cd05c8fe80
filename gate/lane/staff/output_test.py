"""Tests of one output at a time, in maintenance only: what was ordered, and what was seen of it.

The barrier is released by the lane's own machine, for one person: fire alarm, other door and passage sensors count as
ever, and the journal has the rows of an admission by staff in mode maintenance.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.core.lane.modes import Mode
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.state import BARRIER
from gate.core.model import Direction
from gate.lane.staff.orders import StaffOrders
from gate.ports.feedback import Signal
from gate.store.staff_admission import StaffAct

SHOWN = 2.0  # seconds that a lamp shows a signal
WATCHED = 60.0  # seconds after which a test is over, whatever is still open: longer than any grant
_STEP = 0.01  # seconds between two looks at barrier and contacts: the resolution of what is measured
_TEST = "test of an output"  # why staff let through, in the journal
_NO_SUCH = OrderRefusal(OrderCode.MALFORMED, "there is no such output here. `parts` names them")
NOT_IN_MAINTENANCE = OrderRefusal(
    OrderCode.NOT_IN_MAINTENANCE,
    "this is done in maintenance only, when nobody is served. Order maintenance first",
)


@dataclass(frozen=True, slots=True)
class SeenEdge:
    """An edge of a contact during a test.  `ms`: since the order."""

    contact: str
    level: bool
    ms: int


@dataclass(slots=True)
class OutputTest:
    """A test, as far as it has come.  Milliseconds are since the order."""

    name: str
    at: float  # Unix s of the order
    opened_ms: int | None = None  # the device has taken the order
    locked_ms: int | None = None  # it was locked again; None where the board times that itself
    edges: list[SeenEdge] = field(default_factory=list)
    over: bool = False


class OutputTests:
    """The tests of one lane's outputs; belongs to its event loop."""

    def __init__(self, staff: StaffOrders) -> None:
        self._staff = staff
        self.last: OutputTest | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def names(self) -> list[str]:
        """Return the names of all outputs."""
        lane = self._staff.lane
        barrier = [f"{BARRIER} {direction}" for direction in Direction] if lane.barrier.fitted else []
        return barrier + [f"{lamp} {signal}" for lamp in lane.lamps for signal in Signal]

    async def fire(self, name: str, actor: str) -> OutputTest | OrderRefusal:
        """Fire an output once; return the test when the device has taken the order."""
        lane = self._staff.lane
        if name not in self.names:
            return _NO_SUCH
        if lane.state.mode is not Mode.MAINTENANCE:
            return NOT_IN_MAINTENANCE
        device, _, what = name.rpartition(" ")
        began, test = lane.clock.monotonic(), OutputTest(name, round(lane.clock.now(), 3))
        if device != BARRIER:
            lane.lamps[device].show(Signal(what))
            test.opened_ms = 0
        elif why := await self._staff.admit(Direction(what), StaffAct(actor, _TEST), during=Mode.MAINTENANCE):
            return why
        else:
            test.opened_ms = _ms(lane.clock.monotonic() - began)
        if self._following is not None:
            self._following.cancel()
        self.last = test
        follow = self._follow_lamp(test) if device != BARRIER else self._follow_barrier(test, began)
        self._following = asyncio.create_task(follow)
        return test

    async def _follow_lamp(self, test: OutputTest) -> None:
        await asyncio.sleep(SHOWN)
        self._staff.lane.show_state()
        test.over = True

    async def _follow_barrier(self, test: OutputTest, began: float) -> None:
        """Note what contacts and barrier do until the grant is over and the barrier locked."""
        lane = self._staff.lane
        timed_by_board = lane.barrier.secured
        while (passed := lane.clock.monotonic() - began) < WATCHED:
            test.edges = list(self._edges_since(test.at))
            if test.locked_ms is None and lane.barrier.secured and not timed_by_board:
                test.locked_ms = _ms(passed)
            if lane.state.grant is None and lane.barrier.secured:
                break
            await asyncio.sleep(_STEP)
        test.over = True

    def _edges_since(self, at: float) -> Iterator[SeenEdge]:
        for contact in self._staff.lane.parts.contacts:
            words = f"{contact.name} {contact.role}"
            for edge in contact.edges:
                if edge.at >= at:
                    yield SeenEdge(words, edge.level, _ms(edge.at - at))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
