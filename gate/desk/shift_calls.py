"""Calls about the person at the desk: signing in and out, the lock, the language, the shift and the users."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gate.control.client import RefusedOrderError
from gate.control.requests import LockedOutRequest, SignedInRequest, SignedOutRequest
from gate.control.requests import Request as LaneRequest
from gate.core.language import LANGUAGES
from gate.core.staff_role import StaffRole
from gate.desk.calls import ANYBODY, Call, CallRefusedError, Desk, DeskCall, refusal, session_of, values_of
from gate.desk.lane_link import LaneSilentError
from gate.desk.memory import LONGEST_NOTE, ShiftNote
from gate.desk.sessions import Session
from gate.desk.visits import Visits, client_of
from gate.logs import Log
from gate.settings.desk import DeskUser

log = Log(part="desk")


async def sign_in(desk: Desk, visits: Visits, request: Request) -> Response:
    """Answer a sign-in: the cookie for the browser, the token for its script."""
    try:
        visits.check(request)
        values = await values_of(request)
        session_id, session = await _signed_in(desk, request, str(values.get("name", "")), str(values.get("pin", "")))
        answer = JSONResponse({"ok": True, **_about(session), "language": desk.memory.of(session.user.name).language})
        answer.set_cookie(
            desk.cookie,
            session_id,
            path="/",
            secure=desk.settings.desk.is_encrypted,
            httponly=True,
            samesite="strict",
        )
        return answer
    except CallRefusedError as error:
        return refusal(error)


async def unlock(desk: Desk, visits: Visits, request: Request) -> Response:
    """Answer the PIN of a session that is locked, or of a further tab of its browser: the token again."""
    try:
        visits.check(request)
        session = desk.sessions.find(request.cookies.get(desk.cookie), desk.clock.monotonic())
        if session is None:
            raise CallRefusedError(401, "signed_out")
        values = await values_of(request)
        await _try_pin(desk, request, session.user.name, str(values.get("pin", "")))
        session.is_locked, session.touched = False, desk.clock.monotonic()
        return JSONResponse({"ok": True, **_about(session)})
    except CallRefusedError as error:
        return refusal(error)


async def hand_over(desk: Desk, request: Request) -> Response:
    """End a session, with a note for the next shift."""
    try:
        session = session_of(desk, request)
        note = " ".join(str((await values_of(request)).get("note", "")).split())[:LONGEST_NOTE]
        if note and note.isprintable() and not session.is_locked:
            desk.memory.leave(ShiftNote(desk.clock.now(), session.user.name, note))
            await desk.memory.keep()
        desk.sessions.end(request.cookies.get(desk.cookie))
        await _report(desk, SignedOutRequest(user=session.user.name))
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(desk.cookie, path="/", secure=desk.settings.desk.is_encrypted, httponly=True)
        return answer
    except CallRefusedError as error:
        return refusal(error)


async def _signed_in(desk: Desk, request: Request, name: str, pin: str) -> tuple[str, Session]:
    user = await _try_pin(desk, request, name, pin)
    begun = desk.sessions.begin(user, desk.clock.monotonic())
    await _report(desk, SignedInRequest(user=user.name))
    return begun


async def _try_pin(desk: Desk, request: Request, name: str, pin: str) -> DeskUser:
    tried = await desk.sign_in.attempt(name[:64], pin[:64], client_of(request))
    if tried.user:
        return tried.user
    if tried.is_new_lock and tried.locked:  # another text may be anything that was typed, an IIN too
        log.warning("a name is locked after wrong PINs", user=tried.locked)
        await _report(desk, LockedOutRequest(user=tried.locked))
    if tried.is_busy:
        raise CallRefusedError(429, "too_many_tries")
    if tried.wait:
        raise CallRefusedError(429, "locked_out", minutes=max(1, round(tried.wait / 60 + 0.49)))
    raise CallRefusedError(403, "wrong_pin", left=tried.left)


async def _report(desk: Desk, request: LaneRequest) -> None:
    """Let the lane write it down.  A lane that is away, or does not know the name, keeps nobody from the desk."""
    try:
        await desk.link.ask(request)
    except (LaneSilentError, RefusedOrderError) as error:
        log.warning("the lane did not record who signed in or out", problem=error.what)


def _about(session: Session) -> Mapping[str, Any]:
    return {"token": session.token, "user": session.user.name, "role": session.user.role.value}


async def _session(call: Call) -> Mapping[str, Any]:
    note = call.desk.memory.note(call.desk.clock.now())
    return {
        "user": call.user,
        "role": call.session.user.role.value,
        "acts": dict(call.session.acts),
        "since_s": round(call.desk.clock.monotonic() - call.session.began),
        "note": note and {"at": note.at, "user": note.user, "text": note.text},
    }


async def _language(call: Call) -> Mapping[str, Any]:
    chosen = call.values.get("language")
    if chosen not in LANGUAGES:
        raise CallRefusedError(400, "malformed")
    call.desk.memory.of(call.user).language = chosen
    await call.desk.memory.keep()
    return {}


async def _touch(_: Call) -> Mapping[str, Any]:
    return {}


async def _forget_note(call: Call) -> Mapping[str, Any]:
    call.desk.memory.leave(None)
    await call.desk.memory.keep()
    return {}


async def _users(call: Call) -> Mapping[str, Any]:
    """Return the users without their hashes."""
    desk, now = call.desk, call.desk.clock.now()
    return {
        "users": [
            {
                "name": user.name,
                "role": user.role.value,
                "signed_in": desk.sessions.of(user.name),
                "locked_s": round(desk.memory.locked_for(user.name, now)),
            }
            for user in desk.settings.desk.user
        ]
    }


CALLS = (
    DeskCall("GET", "session", ANYBODY, _session),
    DeskCall("POST", "language", ANYBODY, _language),
    DeskCall("POST", "touch", ANYBODY, _touch),
    DeskCall("POST", "forget_note", ANYBODY, _forget_note),
    DeskCall("GET", "users", frozenset({StaffRole.SUPERVISOR}), _users),
)
