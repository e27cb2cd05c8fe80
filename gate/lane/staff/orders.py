"""Orders of staff, carried out in turn with the other events of the lane."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import OrderRefused
from gate.core.lane.events import Extend, LaneEvent, Ordered
from gate.core.lane.hindrance import hindrance
from gate.core.lane.modes import Mode
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.lane.controller import Lane
from gate.lane.input_events import ButtonPressed
from gate.lane.opening import NO_STORE
from gate.lane.staff.quota import RequestQuota
from gate.lane.verdicts import STAFF, PendingVerdict
from gate.logs import Log
from gate.ports.inputs import Role
from gate.store.admission import Presented
from gate.store.recent import RecentDecision
from gate.store.staff_admission import GIVE_BACK_WITHIN, StaffAct
from gate.store.standing_orders import StandingOrders

log = Log(part="lane")

_NO_ROW = OrderRefusal(
    OrderCode.STORAGE_FAILED,
    f"{Reason.STORAGE_FAILED}: nothing can be recorded, so nothing opens. Open the door by its key",
)
_NO_ANSWER = f"{Reason.DEVICE_FAILED}: the barrier has not answered yet. Look at it"
_NOTHING_USED = OrderRefusal(
    OrderCode.NOTHING_TO_GIVE_BACK,
    f"no use to give back: the last person used no code, went too long ago (above {GIVE_BACK_WITHIN / 60:.0f} min), "
    "or is still being let through",
)
MOST_ADMISSIONS = 20  # a minute, of all staff: above what a person checks, below what a stuck button gives
MOST_REPORTS = 10  # a minute and user
_TOO_MANY = OrderRefusal(OrderCode.TOO_MANY, f"{MOST_ADMISSIONS} people a minute are let in by staff at most. Wait")
NOBODY = StaffAct(None)
OPENS_WITHIN = 3.0  # seconds for the barrier to answer an order of staff: the slowest module takes 1.5


@dataclass(frozen=True, slots=True)
class CheckedPerson:
    """A person whom staff have checked.  `idx`: place on the list; `use` is called once their entry is decided."""

    idx: int
    use: Callable[[], None]


class StaffOrders:
    """The orders of staff to one lane; belongs to its event loop.  `actor`: the person who orders, for the
    journal."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        lane.on_press = self._press
        self.counted = 0  # corrections of the number of people inside
        self._admissions = RequestQuota(MOST_ADMISSIONS, 60.0)
        self._reports = RequestQuota(MOST_REPORTS, 60.0)

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
            case Ordered(Mode.FREE, on=True, terms=terms):
                state = lane.state
                all_terms = {**state.terms, Mode.FREE: terms}
                standing = StandingOrders(state.orders | {Mode.FREE}, state.fire, all_terms)
                if not await lane.judges.call(lambda judge, at: judge.can_store_orders(standing, at)):
                    return _NO_ROW
        effects = await lane.follow(make(lane.clock.monotonic()), actor)
        return next((effect.refusal for effect in effects if isinstance(effect, OrderRefused)), None)

    async def admit(
        self,
        direction: Direction,
        act: StaffAct = NOBODY,
        checked: CheckedPerson | None = None,
        *,
        during: Mode | None = None,
    ) -> OrderRefusal | None:
        """Let a person through; return None once the barrier has taken the order, or why it cannot be and what to
        do.  `checked`: a person whom they have checked; `during`: only in this mode."""
        if not self.lane.judges.is_open:
            return NO_STORE
        opened = await self.lane.in_turn(lambda: self._admit(direction, act, checked, during))
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

    async def recent(self, count: int) -> list[RecentDecision]:
        """Return the last decisions, the newest first."""
        judges = self.lane.judges
        return await judges.call(lambda judge, _: judge.recent(count)) if judges.is_open else []

    async def set_inside(self, count: int, actor: str | None = None) -> OrderRefusal | None:
        """Correct the count; return why it could not be recorded, or None.  0 also forgets who is inside."""
        judges = self.lane.judges
        self.counted += 1
        if judges.is_open and await judges.call(lambda judge, at: judge.set_inside(count, at, actor=actor)):
            return None
        return OrderRefusal(OrderCode.STORAGE_FAILED, "the count could not be recorded")

    async def give_back(self, actor: str | None = None) -> OrderRefusal | None:
        """Give the last use back; return why there is none to give back, or None."""
        if not self.lane.judges.is_open:
            return NO_STORE
        try:
            row = await self.lane.judges.call(lambda judge, at: judge.give_back_last(at, actor))
        except StoreError as error:
            return OrderRefusal(OrderCode.STORAGE_FAILED, str(error))
        return None if row is not None else _NOTHING_USED

    async def report(self, what: str, actor: str) -> OrderRefusal | None:
        """Journal what the desk reports of a user."""
        if not self.lane.judges.is_open:
            return NO_STORE
        if not self._reports.take(actor, self.lane.clock.monotonic()):
            return OrderRefusal(OrderCode.TOO_MANY, "this user is reported too often. Wait")
        await self.lane.judges.call(lambda judge, at: judge.note(JournalEvent.STAFF, at, what, actor=actor))
        return None

    async def accept(self, digest: str, actor: str) -> OrderRefusal | int:
        """Record the digest of an acceptance record; return its journal row, or why it could not be recorded."""
        judges = self.lane.judges
        if not judges.is_open:
            return NO_STORE
        row = await judges.call(lambda judge, at: judge.note_acceptance(digest, at, actor))
        return _NO_ROW if row is None else row

    async def _press(self, press: ButtonPressed) -> None:
        """Carry out the order of a button; to be called in turn only.  The journal names its device."""
        actor, judges = f"contact {press.source}", self.lane.judges
        if not judges.is_open:
            return
        if press.role is Role.EXTEND:
            await self.lane.follow(Extend(press.at), actor)
            return
        done = await self._admit(press.direction, StaffAct(actor), None, None)
        if isinstance(done, OrderRefusal):
            log.warning("the button lets nobody in", device=press.source, problem=done.why)
            words = f"admit refused: {done.code}"
            await judges.call(lambda judge, at: judge.note(JournalEvent.STAFF, at, words, press.direction, actor=actor))

    async def _admit(
        self, direction: Direction, act: StaffAct, checked: CheckedPerson | None, during: Mode | None
    ) -> "OrderRefusal | asyncio.Future[str]":
        """Return why it cannot be, or the future outcome of the barrier's release."""
        lane = self.lane
        if during is not None and lane.state.mode is not during:
            return OrderRefusal(OrderCode.NOT_IN_MAINTENANCE, f"the lane is not in mode {during}. Order it first")
        if why := hindrance(lane.state, direction, lane.problems):
            return why
        if not self._admissions.take("", lane.clock.monotonic()):
            return _TOO_MANY
        idx = checked.idx if checked else None
        where, began = Presented(STAFF, direction, lane.state.mode, 0), self.lane.clock.monotonic()
        verdict = await lane.judges.call(lambda judge, at: judge.admit_by_staff(where, at, act, idx))
        pending = PendingVerdict(where, verdict, self.lane.clock.monotonic() - began)
        if verdict.seq is None:
            lane.verdicts.announce(pending, through=False)
            return _NO_ROW
        if checked:
            checked.use()
        if not verdict.through:
            lane.verdicts.announce(pending, through=False)
            reason = verdict.decision.reason
            return OrderRefusal(OrderCode.NOT_ALLOWED, f"{reason}: the rules refuse this person. Ask a supervisor")
        await lane.grant(pending, verdict.seq, staff=True)
        return pending.opened
