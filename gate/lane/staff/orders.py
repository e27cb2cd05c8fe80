"""Orders of staff, carried out in turn with the other events of the lane."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gate.core.lane.effects import OrderRefused
from gate.core.lane.events import LaneEvent, Ordered
from gate.core.lane.hindrance import hindrance
from gate.core.lane.modes import Mode
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.lane.controller import Lane
from gate.lane.opening import NO_STORE
from gate.lane.verdicts import STAFF, PendingVerdict
from gate.store.admission import Presented
from gate.store.standing_orders import StandingOrders

_NO_ROW = OrderRefusal(
    OrderCode.STORAGE_FAILED,
    f"{Reason.STORAGE_FAILED}: nothing can be recorded, so nothing opens. Open the door by its key",
)
_NO_ANSWER = f"{Reason.DEVICE_FAILED}: the barrier has not answered yet. Look at it"
OPENS_WITHIN = 3.0  # seconds for the barrier to answer an order of staff: the slowest module takes 1.5


class StaffOrders:
    """The orders of staff to one lane; belongs to its event loop.  `actor`: the person who orders, for the
    journal."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.counted = 0  # corrections of the number of people inside

    async def order(self, make: Callable[[float], LaneEvent], actor: str | None = None) -> OrderRefusal | None:
        """Carry out an event made of the monotonic moment (an order, a reset, more time); return why it was
        refused, or None once it is done."""
        if not self.lane.judges.is_open:
            return NO_STORE
        why = await self.lane.in_turn(lambda: self._order(make, actor))
        await self.lane.in_turn(self.lane.check)  # the order may have confirmed a loss
        return why

    async def _order(self, make: Callable[[float], LaneEvent], actor: str | None) -> OrderRefusal | None:
        lane = self.lane
        match make(lane.clock.monotonic()):
            case Ordered(Mode.FREE, on=True):
                standing = StandingOrders(lane.state.orders | {Mode.FREE}, lane.state.fire)
                if not await lane.judges.call(lambda judge, at: judge.can_store_orders(standing, at)):
                    return _NO_ROW
        effects = await lane.follow(make(lane.clock.monotonic()), actor)
        return next((effect.refusal for effect in effects if isinstance(effect, OrderRefused)), None)

    async def admit(
        self, direction: Direction, actor: str | None = None, *, during: Mode | None = None
    ) -> OrderRefusal | None:
        """Let a person through; return None once the barrier has taken the order, or why it cannot be and what to
        do.  `during`: only in this mode."""
        if not self.lane.judges.is_open:
            return NO_STORE
        opened = await self.lane.in_turn(lambda: self._admit(direction, actor, during))
        if isinstance(opened, OrderRefusal):
            return opened
        why = _NO_ANSWER
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENS_WITHIN):
                why = await opened
        if not why:
            return None
        closed = hindrance(self.lane.state, direction)
        return OrderRefusal(closed.code if closed else OrderCode.BARRIER_LOST, why)

    async def inside(self) -> int | None:
        """Return how many people are inside, as far as the lane has seen; None where that cannot be read."""
        judges = self.lane.judges
        return await judges.call(lambda judge, _: judge.inside()) if judges.is_open else None

    async def set_inside(self, count: int, actor: str | None = None) -> OrderRefusal | None:
        """Correct the count; return why it could not be recorded, or None.  0 also forgets who is inside."""
        judges = self.lane.judges
        self.counted += 1
        if judges.is_open and await judges.call(lambda judge, at: judge.set_inside(count, at, actor=actor)):
            return None
        return OrderRefusal(OrderCode.STORAGE_FAILED, "the count could not be recorded")

    async def _admit(
        self, direction: Direction, actor: str | None, during: Mode | None
    ) -> "OrderRefusal | asyncio.Future[str]":
        """Return why it cannot be, or the future outcome of the barrier's release."""
        lane = self.lane
        if during is not None and lane.state.mode is not during:
            return OrderRefusal(OrderCode.NOT_IN_MAINTENANCE, f"the lane is not in mode {during}. Order it first")
        if why := hindrance(lane.state, direction, lane.problems):
            return why
        where, began = Presented(STAFF, direction, lane.state.mode, 0), self.lane.clock.monotonic()
        verdict = await lane.judges.call(lambda judge, at: judge.admit_by_staff(where, at, actor=actor))
        pending = PendingVerdict(where, verdict, self.lane.clock.monotonic() - began)
        if verdict.seq is None:
            lane.verdicts.announce(pending, through=False)
            return _NO_ROW
        await lane.grant(pending, verdict.seq, staff=True)
        return pending.opened
