"""The requests of staff to one lane: checked, carried out, answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gate.control.parsing import parse_request
from gate.control.requests import (
    AcceptRequest,
    AdmitRequest,
    CheckRequest,
    ExtendRequest,
    GiveBackRequest,
    InsideRequest,
    LockedOutRequest,
    ModeRequest,
    OutputRequest,
    PartsRequest,
    PictureRequest,
    RecentRequest,
    Request,
    ResetRequest,
    SignedInRequest,
    SignedOutRequest,
    StatusRequest,
    WatchRequest,
)
from gate.core.lane.events import Extend, Ordered, Reset
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.terms import OrderTerms
from gate.core.reason import Reason
from gate.core.staff_role import StaffRole
from gate.core.tally import Tally
from gate.lane.staff.checks import Find, PersonChecks
from gate.lane.staff.orders import CheckedPerson, StaffOrders
from gate.lane.staff.peers import Peer
from gate.lane.staff.recent import as_facts
from gate.lane.staff.rights import StaffRights, actor_of
from gate.lane.staff.status import LaneStatus, Site
from gate.lane.staff.technician import Technician
from gate.store.staff_admission import StaffAct

LONGEST_ORDER = 31 * 86_400.0  # seconds that an order with an end lasts at most: a longer one is a mistyped date

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Watching:
    """The answer to a request that has many: the status at once, and after each change."""


class StaffDesk:
    """The requests to one lane; belongs to its event loop."""

    def __init__(
        self,
        staff: StaffOrders,
        site: Site,
        rights: StaffRights | None = None,
        find: Find | None = None,
        tally: Callable[[], Tally] = Tally,
    ) -> None:
        """`tally`: returns the counts since the start."""
        self._staff, self.status = staff, LaneStatus(staff, site, tally)
        self._technician = Technician(staff, site.lists)
        self._rights = rights or StaffRights()
        self._checks = PersonChecks(staff.lane, find)

    async def answer(self, line: bytes, peer: Peer) -> Answer | Watching:
        """Answer one request.  Raises nothing, whatever the bytes."""
        try:
            request = parse_request(line)
        except ValueError as error:
            return refused(OrderRefusal(OrderCode.MALFORMED, str(error)))
        if why := self._rights.refusal(request, peer):
            return refused(why)
        done = await self._carry_out(request, actor_of(request, peer))
        del request, line  # the number of a person may be in them
        match done:
            case OrderRefusal():
                return refused(done)
            case Done(answer, with_status):
                return {"ok": True, **answer, **(await self.status.now() if with_status else {})}
            case Watching():
                return done

    async def _carry_out(self, request: Request, actor: str) -> "Done | OrderRefusal | Watching":
        staff = self._staff
        match request:
            case StatusRequest():
                return Done()
            case WatchRequest():
                return Watching()
            case ModeRequest():
                return await self._order(request, actor) or Done()
            case ExtendRequest(on=on):
                return await staff.order(lambda at: Extend(at, on), actor) or Done()
            case ResetRequest():
                return await staff.order(Reset, actor) or Done()
            case AdmitRequest():
                return await self._admit(request, actor) or Done({"reason": Reason.STAFF_ADMITTED.value})
            case GiveBackRequest():
                return await staff.give_back(actor) or Done()
            case CheckRequest(iin=iin, direction=direction):
                checked = await self._checks.check(iin, direction, actor)
                return checked if isinstance(checked, OrderRefusal) else Done(checked, with_status=False)
            case RecentRequest(n=count):
                found = await staff.recent(count)
                return Done({"decisions": [as_facts(one) for one in found]}, with_status=False)
            case SignedInRequest() | SignedOutRequest() | LockedOutRequest():
                return await staff.report(request.do, actor) or Done(with_status=False)
            case InsideRequest(count=count):
                return await staff.set_inside(count, actor) or Done()
            case AcceptRequest(digest=digest):
                row = await staff.accept(digest, actor)
                return row if isinstance(row, OrderRefusal) else Done({"row": row}, with_status=False)
            case PartsRequest():
                return Done(await self._technician.parts(), with_status=False)
            case OutputRequest(name=name):
                fired = await self._technician.output(name, actor)
                return fired if isinstance(fired, OrderRefusal) else Done(fired, with_status=False)
            case PictureRequest(reader=reader):
                shown = await self._technician.picture(reader, actor)
                return shown if isinstance(shown, OrderRefusal) else Done(shown, with_status=False)

    async def _order(self, request: ModeRequest, actor: str) -> OrderRefusal | None:
        now, until = self._staff.lane.clock.now(), request.until
        if until is not None and not now < until <= now + LONGEST_ORDER:
            days = LONGEST_ORDER / 86_400
            why = f"`until` is over by the gate's clock, or more than {days:.0f} days from now. See `at` in the status"
            return OrderRefusal(OrderCode.MALFORMED, why)
        terms = OrderTerms(actor, now, until)
        return await self._staff.order(lambda at: Ordered(request.mode, request.on, at, terms), actor)

    async def _admit(self, request: AdmitRequest, actor: str) -> OrderRefusal | None:
        words = "; ".join(part for part in (request.why, request.note) if part)
        overrides = self._rights.role(request) in (None, StaffRole.SUPERVISOR)
        act = StaffAct(actor, words, overrides)
        if (check := request.check) is None:
            return await self._staff.admit(request.direction, act)
        idx = self._checks.find(check, request.direction, actor)
        if isinstance(idx, OrderRefusal):
            return idx
        person = CheckedPerson(idx, lambda: self._checks.use(check))
        return await self._staff.admit(request.direction, act, person)


@dataclass(frozen=True, slots=True)
class Done:
    """A request that was carried out.  `with_status`: the answer includes the status after it."""

    answer: Answer = field(default_factory=dict)
    with_status: bool = True


def refused(why: OrderRefusal) -> Answer:
    return {"ok": False, "problem": why.why, "code": why.code.value}
