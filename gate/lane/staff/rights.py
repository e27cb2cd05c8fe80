"""Who may send which request to this lane, and the name by which the journal knows them."""

from collections.abc import Mapping
from types import MappingProxyType

from gate.control.requests import AdmitRequest, Request
from gate.control.rights import may_send
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.staff_role import StaffRole
from gate.lane.staff.peers import DESK_ACCOUNT, Peer


class StaffRights:
    """The rights at one lane.  `users`: of `[[desk.user]]` in the lane's own configuration, with their roles.

    Members of the staff group and root may send anything in their own name.  A named user's role is checked
    whichever account names them: the desk, which faces a network, can then do no more than its users may."""

    def __init__(self, users: Mapping[str, StaffRole] = MappingProxyType({})) -> None:
        self._users = users

    def refusal(self, request: Request, peer: Peer) -> OrderRefusal | None:
        """Return why this request is refused, or None."""
        if request.user is None:
            if peer.is_desk:
                return OrderRefusal(OrderCode.UNKNOWN_USER, f"account {DESK_ACCOUNT} must name a `user`")
            return None
        role = self._users.get(request.user)
        if role is None:
            hint = "Add a [[desk.user]] to the lane's configuration, and start it again"
            return OrderRefusal(OrderCode.UNKNOWN_USER, f"there is no such user. {hint}")
        if not may_send(role, request):
            return OrderRefusal(OrderCode.NOT_ALLOWED, f"a {role} may not order this. Ask the person who may")
        if isinstance(request, AdmitRequest) and request.why is None:
            return OrderRefusal(OrderCode.MALFORMED, "`why` is missing: give the cause for which they are let in")
        return None

    def role(self, request: Request) -> StaffRole | None:
        """Return the role of the user of a request; None where it names none."""
        return self._users.get(request.user) if request.user is not None else None


def actor_of(request: Request, peer: Peer) -> str:
    """Return the name of a request's author, for the journal: "desk guard-07", or "uid 1000 aigul, by Aigul"."""
    names = [] if peer.is_desk and request.user else [peer.name]
    if request.user:
        names.insert(0, f"desk {request.user}")
    if request.by:
        names.append(f"by {request.by}")
    return ", ".join(names)
