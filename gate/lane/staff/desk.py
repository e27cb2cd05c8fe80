"""The requests of staff to one lane: checked, carried out, answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from gate.control.parsing import parse_request
from gate.control.requests import (
    AdmitRequest,
    ExtendRequest,
    InsideRequest,
    ModeRequest,
    OutputRequest,
    PartsRequest,
    PictureRequest,
    Request,
    ResetRequest,
    StatusRequest,
    WatchRequest,
)
from gate.core.lane.events import Extend, Ordered, Reset
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.reason import Reason
from gate.lane.staff.orders import StaffOrders
from gate.lane.staff.peers import Peer
from gate.lane.staff.rights import StaffRights, actor_of
from gate.lane.staff.status import LaneStatus, Site
from gate.lane.staff.technician import Technician

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Watching:
    """The answer to a request that has many: the status at once, and after each change."""


@dataclass(frozen=True, slots=True)
class Later:
    """The answer to a request that takes its time and changes nothing: nobody else waits for it."""

    answer: Callable[[], Awaitable[Answer]]


class StaffDesk:
    """The requests to one lane; belongs to its event loop."""

    def __init__(self, staff: StaffOrders, site: Site, rights: StaffRights | None = None) -> None:
        self._staff, self.status = staff, LaneStatus(staff, site)
        self._technician = Technician(staff)
        self._rights = rights or StaffRights()

    async def answer(self, line: bytes, peer: Peer) -> Answer | Watching | Later:
        """Answer one request.  Raises nothing, whatever the bytes."""
        try:
            request = parse_request(line)
        except ValueError as error:
            return refused(OrderRefusal(OrderCode.MALFORMED, str(error)))
        if why := self._rights.refusal(request, peer):
            return refused(why)
        if isinstance(request, PictureRequest):
            return Later(lambda: self._picture(request))
        done = await self._carry_out(request, actor_of(request, peer))
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
            case ModeRequest(mode=mode, on=on):
                return await staff.order(lambda at: Ordered(mode, on, at), actor) or Done()
            case ExtendRequest():
                return await staff.order(Extend, actor) or Done()
            case ResetRequest():
                return await staff.order(Reset, actor) or Done()
            case AdmitRequest(direction=direction):
                return await staff.admit(direction, actor) or Done({"reason": Reason.STAFF_ADMITTED.value})
            case InsideRequest(count=count):
                return await staff.set_inside(count, actor) or Done()
            case PartsRequest():
                return Done(self._technician.parts(), with_status=False)
            case OutputRequest(name=name):
                fired = await self._technician.output(name, actor)
                return fired if isinstance(fired, OrderRefusal) else Done(fired, with_status=False)
            case _:
                return OrderRefusal(OrderCode.MALFORMED, "this lane does not serve this request yet")

    async def _picture(self, request: PictureRequest) -> Answer:
        shown = await self._technician.picture(request.reader)
        return refused(shown) if isinstance(shown, OrderRefusal) else {"ok": True, **shown}


@dataclass(frozen=True, slots=True)
class Done:
    """A request that was carried out.  `with_status`: the answer includes the status after it."""

    answer: Answer = field(default_factory=dict)
    with_status: bool = True


def refused(why: OrderRefusal) -> Answer:
    return {"ok": False, "problem": why.why, "code": why.code.value}
