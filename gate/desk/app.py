"""The desk's application: pages, static files, calls, and the stream of what happens at the lane.

    GET  /desk/                 sign-in, then the first page of the role
    GET  /desk/NAME             a page (gate.desk.pages)
    GET  /desk/static/NAME      what pages load
    POST /desk/api/sign-in      {"name", "pin"}; the answer holds the token that every other call brings
    POST /desk/api/unlock       {"pin"}
    POST /desk/api/hand-over    {"note"}
    GET  /desk/api/watch        a JSON object a line: {"lane": the lane's status, "heard_s": 0.2, "locked": false}
    GET, POST /desk/api/NAME    calls (gate.desk.lane_calls, gate.desk.shift_calls)

Each answer of a call is {"ok": true, ...} or {"ok": false, "code": "..."}.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from gate.core.language import LANGUAGES
from gate.desk import lane_calls, report_calls, shift_calls
from gate.desk.bounds import RequestBounds
from gate.desk.calls import CallRefusedError, Desk, answer_to, refusal, session_of
from gate.desk.pages import PAGES, DeskPage, first_page, navigation, page_html, render, static_files, words_of
from gate.desk.sessions import Session
from gate.desk.technician.calls import technician_calls
from gate.desk.technician.room import TechnicianRoom
from gate.desk.visits import LANGUAGE_COOKIE, LANGUAGE_FOR, Visits, language_of
from gate.runtime.connections import STREAM

CALLS = (*lane_calls.CALLS, *shift_calls.CALLS, *report_calls.CALLS)
MOST_STREAMS = 24
BEAT = 1.0  # seconds between two lines of a stream, at most

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(desk: Desk, room: TechnicianRoom) -> Starlette:
    """Return the application.  Reads every file before it serves: the loop never waits for the disk."""
    _load()
    encrypted = desk.settings.desk.is_encrypted
    visits = Visits(is_encrypted=encrypted)

    async def sign_in(request: Request) -> Response:
        return await shift_calls.sign_in(desk, visits, request)

    async def unlock(request: Request) -> Response:
        return await shift_calls.unlock(desk, visits, request)

    async def hand_over(request: Request) -> Response:
        return await shift_calls.hand_over(desk, request)

    calls = (*CALLS, *technician_calls(room))
    signing = {"sign-in": sign_in, "unlock": unlock, "hand-over": hand_over}
    return Starlette(
        routes=[
            Route("/", _to_the_desk),
            Route("/desk", _to_the_desk),
            Route("/desk/", _entrance(desk, visits)),
            *(Route(path, _page(desk, visits, page)) for page in PAGES for path in page.paths),
            Route("/desk/static/{name}", _static),
            Route("/desk/api/watch", _watch(desk)),
            *(Route(f"/desk/api/{name}", endpoint, methods=["POST"]) for name, endpoint in signing.items()),
            *(Route(f"/desk/api/{row.name}", answer_to(desk, row), methods=[row.method]) for row in calls),
        ],
        middleware=[Middleware(RequestBounds, hosts=desk.settings.desk.hosts, is_encrypted=encrypted)],
        lifespan=lambda _: _lifespan(desk, room),
    )


@asynccontextmanager
async def _lifespan(desk: Desk, room: TechnicianRoom) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(desk.link.run(), name="desk lane link")]
    tasks.append(asyncio.create_task(room.sample(), name="desk samples"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _load() -> None:
    static_files()
    page_html("shell")
    for language in LANGUAGES:
        render("sign_in", language, {"place": ""})
        for page in PAGES:
            render(page.name, language, {"place": ""}, page.texts)


async def _to_the_desk(_: Request) -> Response:
    return RedirectResponse("/desk/", 303)


async def _static(request: Request) -> Response:
    kind, body = static_files().get(request.path_params["name"], ("", b""))
    return Response(body, media_type=kind) if kind else PlainTextResponse("not found", 404)


def _entrance(desk: Desk, visits: Visits) -> Endpoint:
    async def entrance(request: Request) -> Response:
        if session := _session(desk, request):
            return _with_language(request) or RedirectResponse(first_page(session.user.role), 303)
        return _with_language(request) or _rendered(desk, visits, request, "sign_in", None)

    return entrance


def _page(desk: Desk, visits: Visits, page: DeskPage) -> Endpoint:
    async def answer(request: Request) -> Response:
        session = _session(desk, request)
        if session is None:
            return RedirectResponse("/desk/", 303)
        if session.user.role not in page.roles:
            return PlainTextResponse("this page is not for your role", 403)
        return _with_language(request) or _rendered(desk, visits, request, page.name, session, page)

    return answer


def _session(desk: Desk, request: Request) -> Session | None:
    return desk.sessions.find(request.cookies.get(desk.cookie), desk.clock.monotonic())


def _with_language(request: Request) -> Response | None:
    """Return the answer to a choice of language, `?lang=ru`: the same page, and a cookie that remembers it."""
    chosen = request.query_params.get("lang")
    if chosen not in LANGUAGES:
        return None
    answer = RedirectResponse(request.url.path, 303)
    answer.set_cookie(LANGUAGE_COOKIE, chosen, path="/desk", samesite="strict", httponly=True, max_age=LANGUAGE_FOR)
    return answer


def _rendered(
    desk: Desk, visits: Visits, request: Request, name: str, session: Session | None, page: DeskPage | None = None
) -> Response:
    settings, answer = desk.settings, Response(media_type="text/html")
    language = language_of(request, settings.venue.languages)
    words = words_of(language)
    facts = {
        "place": f"{settings.venue.id} / {settings.device.id}",
        "device": settings.device.id,
        "timezone": settings.venue.timezone,
        "ticket": visits.begin(request, answer),
        "user": session and session.user.name,
        "role": session and session.user.role.value,
        "nav": [[path, words[key]] for path, key in navigation(session.user.role)] if session else [],
        "hold_s": settings.lane.hold,
        "iin_check": settings.staff.iin_check,
        "idle_s": settings.desk.idle,
    }
    answer.body = render(name, language, facts, page.texts if page else None)
    answer.headers["content-length"] = str(len(answer.body))
    return answer


def _watch(desk: Desk) -> Endpoint:
    taken = 0

    async def watch(request: Request) -> Response:
        nonlocal taken
        try:
            session = session_of(desk, request)
        except CallRefusedError as error:
            return refusal(error)
        if taken >= MOST_STREAMS:
            return refusal(CallRefusedError(503, "too_many"))
        request.scope["state"][STREAM] = True
        name = request.cookies[desk.cookie]

        async def lines() -> AsyncIterator[bytes]:
            nonlocal taken
            taken += 1
            try:
                while desk.sessions.find(name, desk.clock.monotonic()) is session:
                    yield _line(desk, session)
                    await desk.link.change(BEAT)
                yield b'{"signed_out": true}\n'
            finally:
                taken -= 1

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    return watch


def _line(desk: Desk, session: Session) -> bytes:
    heard = desk.link.heard_ago
    lane = desk.link.status if desk.link.is_up and not session.is_locked else None
    line = {
        "lane": lane,
        "up": desk.link.is_up,
        "heard_s": heard and round(heard, 1),
        "locked": session.is_locked,
        "at": round(desk.clock.now(), 3),
    }
    return json.dumps(line).encode() + b"\n"
