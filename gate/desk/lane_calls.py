"""Calls that go to the lane: each becomes one typed request with the user's name, and the lane decides.

The desk refuses what the role may not do before the lane does, and adds nothing to what a user may.  An IIN passes
through here in memory.
"""

from collections.abc import Mapping
from typing import Any

from gate.control.requests import RecentRequest
from gate.control.rights import may_send
from gate.core.lane.modes import Mode
from gate.core.staff_role import StaffRole
from gate.desk.calls import ANYBODY, Call, CallRefusedError, DeskCall, lane_request

_STAFF = frozenset({StaffRole.GUARD, StaffRole.SUPERVISOR})
_ORDERS = {"admit": "admitted", "check": "checks"}  # how an act counts in a shift; the others are "orders"


async def _recent(call: Call) -> Mapping[str, Any]:
    return await call.desk.link.ask(RecentRequest(n=20, user=call.user))


def _order(do: str, roles: frozenset[StaffRole]) -> DeskCall:
    """Return the call that sends a request of this kind."""

    async def handle(call: Call) -> Mapping[str, Any]:
        request = lane_request(do, call)
        if not may_send(call.session.user.role, request):
            raise CallRefusedError(403, "not_allowed")
        answer = await call.desk.link.ask(request)
        call.session.acts[_ORDERS.get(do, "orders")] += 1
        return answer

    return DeskCall("POST", do, roles, handle, _is_lockdown if do == "order" else lambda _: False)


def _is_lockdown(values: Mapping[str, Any]) -> bool:
    """Return whether an order only closes the entrance: that needs no PIN once a person has signed in."""
    return dict(values) == {"mode": Mode.LOCKED_DOWN.value, "on": True}


CALLS = (
    DeskCall("GET", "recent", ANYBODY, _recent),
    _order("check", _STAFF),
    _order("admit", _STAFF),
    _order("give_back", _STAFF),
    _order("extend", _STAFF),
    _order("reset", _STAFF),
    _order("order", ANYBODY),
    _order("inside", frozenset({StaffRole.SUPERVISOR})),
)
