"""Calls of a page's script: how one is checked, carried out and answered.

A call is added as a row `DeskCall(method, name, roles, handle)` in a table `CALLS` of the module that owns it, and that
table to `gate.desk.app`.  `handle` gets a `Call` and returns the JSON object of the answer; it raises CallRefusedError,
or lets the lane's own refusal through.  The path is `/desk/api/NAME`.  Role, session, token and form are checked before
it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gate.control.client import RefusedOrderError
from gate.control.parsing import parse_request
from gate.control.requests import Request as LaneRequest
from gate.core.staff_role import StaffRole
from gate.desk.lane_link import LaneLink, LaneSilentError
from gate.desk.memory import DeskMemory
from gate.desk.sessions import Session, Sessions, is_token_of
from gate.desk.sign_in import SignIn
from gate.ports.clock import Clock
from gate.settings.model import Settings

TOKEN = "x-desk-token"  # noqa: S105 - the name of a header
ANYBODY = frozenset(StaffRole)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every call has at hand."""

    settings: Settings
    link: LaneLink
    sessions: Sessions
    memory: DeskMemory
    sign_in: SignIn
    clock: Clock

    @property
    def cookie(self) -> str:
        """The name of the cookie; with TLS one that no other host and no plain page can set."""
        return "__Host-desk" if self.settings.desk.is_encrypted else "desk"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has been checked."""

    desk: Desk
    session: Session
    values: Mapping[str, Any] = field(repr=False)  # of the body, or of the query; one may be an IIN

    @property
    def user(self) -> str:
        return self.session.user.name


class CallRefusedError(Exception):
    """A call that is refused.  `code`: a word for the page's own texts; `more`: further values of the answer."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.more = status, code, more


@dataclass(frozen=True, slots=True)
class DeskCall:
    """A row of a table of calls."""

    method: str  # "GET" or "POST"
    name: str
    roles: frozenset[StaffRole]
    handle: Callable[[Call], Awaitable[Mapping[str, Any]]]
    while_locked: Callable[[Mapping[str, Any]], bool] = lambda _: False
    """Whether a session that is locked may send these values."""


def answer_to(desk: Desk, row: DeskCall) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a call."""

    async def answer(request: Request) -> Response:
        try:
            session = session_of(desk, request)
            values = await values_of(request)
            if row.while_locked(values):
                pass
            elif session.is_locked:
                raise CallRefusedError(423, "locked")
            else:
                session.touched = desk.clock.monotonic()
            if session.user.role not in row.roles:
                raise CallRefusedError(403, "not_allowed")
            return JSONResponse({"ok": True, **await row.handle(Call(desk, session, values))})
        except CallRefusedError as error:
            return refusal(error)
        except RefusedOrderError as error:
            return refusal(CallRefusedError(409, error.code or "refused", problem=error.what))
        except LaneSilentError:
            return refusal(CallRefusedError(503, "no_link"))

    return answer


def refusal(error: CallRefusedError) -> Response:
    return JSONResponse({"ok": False, "code": error.code, **error.more}, error.status)


def session_of(desk: Desk, request: Request) -> Session:
    """Return the session of a call.  Raises CallRefusedError without cookie or token: either alone is not enough."""
    session = desk.sessions.find(request.cookies.get(desk.cookie), desk.clock.monotonic())
    if session is None:
        raise CallRefusedError(401, "signed_out")
    if not is_token_of(session, request.headers.get(TOKEN)):
        raise CallRefusedError(403, "no_token")
    return session


async def values_of(request: Request) -> Mapping[str, Any]:
    """Return the values of a call: the body's of a POST, the query's of a GET.  Raises CallRefusedError."""
    if request.method == "GET":
        return dict(request.query_params)
    try:
        values = json.loads(await request.body())
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise CallRefusedError(400, "malformed")
    return values


def lane_request(do: str, call: Call) -> LaneRequest:
    """Return the request that a call stands for.  Raises CallRefusedError."""
    if {"do", "user", "by"} & call.values.keys():
        raise CallRefusedError(400, "malformed")
    try:
        return parse_request(json.dumps({**call.values, "do": do, "user": call.user}).encode())
    except ValueError as error:
        raise CallRefusedError(400, "malformed", problem=str(error)) from None
