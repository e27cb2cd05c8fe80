"""The page on loopback: HTML for a browser, a stream for scripts.

    GET /          the page.  Options for the browser that shows it, in the place of the configuration's:
                     ?sound=on          a tick when a code is detected, two notes up for a yes, two down for a no,
                                        three even ones for a wait
                     ?camera=above      (below, left, right) an arrow to where the camera is
    GET /state     the present page, JSON: `session`, `version` and the fields of gate.kiosk.view.Page
    GET /events    the same and more, as server-sent events
    GET /metrics   counters and states, for Prometheus (gate.kiosk.metrics)
    GET /healthz   200 {"ok": true} while the stream beats, else 503

The stream, for scripts that follow the lane:

    event: state         at once on connecting, then after every change; data as of /state
    event: decided       {"number": 7, "at": 1800000000.2, "reader": "reader[0]", "direction": "entry",
                          "reason": "admitted", "admitted": true, "let_through": true, "mode": "enforce",
                          "ms": 11.8, "used_at": null, "again_at": null}
                         used_at, again_at: Unix s, where a use of before is the reason
    event: grant_ended   {"number": 7, "at": 1800000002.9, "passed": "passed"}
                         number: of the decision that was granted, 0 for a release without one (exit button)
    event: heartbeat     {} every second in which nothing else happened

`decided` and `grant_ended` carry an id.  A client that connects again with `Last-Event-ID` (browsers do
so by themselves) gets, after the page, those of the last 256 that it missed.  A client that reads too
slowly skips pages and finds a gap in `number`; it never delays the lane or another client.

Only GET is answered, and only for a Host of this machine: a web page elsewhere that points its name at 127.0.0.1 gets
nothing.  The browser keeps nothing, and the page may load nothing from anywhere else.  At most MOST_STREAMS streams,
some of them for the page's own script only: other programs cannot take its screen away by connecting first.
gate.runtime.connections has the limits of a connection.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib.resources import files
from pathlib import PurePath

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gate.errors import DeviceError
from gate.kiosk.about import About
from gate.kiosk.feed import Feed
from gate.kiosk.listener import listen, url_of
from gate.kiosk.metrics import CONTENT_TYPE, Metrics
from gate.kiosk.page_html import LOGO, page_html, read_logo
from gate.ports.clock import Clock
from gate.runtime.bus import Bus
from gate.runtime.connections import STREAM, Connection
from gate.runtime.pace import Pace
from gate.runtime.serving import PageServer, is_too_long, server_config, with_headers
from gate.texts.catalogue import check_languages

__all__ = ["About", "create_app", "serve", "serve_on"]

MOST_STREAMS = 16  # at once
FOR_SCREENS = 4  # of these, for the page's own script
LAST_WORDS = 0.05  # seconds for streams to end properly when the server stops

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "font-src 'self'; media-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_HERE = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_KINDS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".ogg": "audio/ogg",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# Read at import: the event loop never waits for the disk.
_FILES = {
    file.name: (_KINDS[suffix], file.read_bytes())
    for file in (files("gate.kiosk") / "static").iterdir()
    if (suffix := PurePath(file.name).suffix) in _KINDS
}


def create_app(bus: Bus, about: About, clock: Clock, is_lane_alive: Callable[[], bool] = lambda: True) -> Starlette:
    """Return the app.

    `clock.now()` should be the trusted time: the age of the list is shown by it.  Without a lane that is alive the
    page shows "no signal".  Raises ConfigError for a language without texts."""
    check_languages(about.languages)
    metrics = Metrics(about)
    feed = Feed(bus, about, clock, metrics.take, is_lane_alive)
    logo = read_logo(about)
    page = page_html(about, has_logo=logo is not None)

    async def index(_: Request) -> Response:
        return Response(page, media_type="text/html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        kind, body = (logo if name == LOGO else _FILES.get(name)) or ("", b"")
        return Response(body, media_type=kind) if kind else PlainTextResponse("not found", 404)

    async def state(_: Request) -> Response:
        return Response(feed.page_json(), media_type="application/json")

    async def numbers(_: Request) -> Response:
        return Response(metrics.page(clock.now()), media_type=CONTENT_TYPE)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"ok": feed.is_alive}, 200 if feed.is_alive else 503)

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/static/{name}", static),
            Route("/state", state),
            Route("/events", _Events(feed)),
            Route("/metrics", numbers),
            Route("/healthz", healthz),
        ],
        middleware=[Middleware(_Guard)],
        lifespan=_lifespan,
    )
    app.state.feed = feed
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    task = asyncio.create_task(app.state.feed.run(), name="kiosk feed")
    app.state.feed_task = task
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class _Events:
    """The streams.  A place is counted before the first await, and freed however the stream ends."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._taken = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        # Browsers set it; a web page's script cannot.
        is_screen = headers.get("sec-fetch-site") == "same-origin"
        most = MOST_STREAMS if is_screen else MOST_STREAMS - FOR_SCREENS
        if not self._feed.is_alive or self._taken >= most:
            why = "too many streams" if self._feed.is_alive else "no stream"
            await PlainTextResponse(why, 503)(scope, receive, send)
            return
        self._taken += 1
        scope["state"][STREAM] = True
        try:
            stream = self._feed.stream(headers.get("last-event-id", ""))
            await StreamingResponse(stream, media_type="text/event-stream")(scope, receive, send)
        finally:
            self._taken -= 1


class _Guard:
    """A middleware that refuses all but a short GET for this machine, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
            answer: ASGIApp = PlainTextResponse("this page is for this machine only", 421)
        elif scope["method"] != "GET":
            answer = PlainTextResponse("GET only", 405, {"allow": "GET"})
        elif is_too_long(scope):
            answer = PlainTextResponse("the request is too long", 431)
        else:
            answer = self._app
        await answer(scope, receive, with_headers(send, HEADERS))


async def serve(app: Starlette, host: str, port: int, started: Callable[[str], None]) -> None:
    """Serve until cancelled, in the running loop; `started` gets the real URL (port 0: any free one).

    Raises ConfigError for an address beyond this machine, DeviceError for a port that is unavailable, and the errors
    of `serve_on`."""
    with listen(host, port) as listener:
        await serve_on(app, listener, lambda: started(url_of(listener)))


async def serve_on(
    app: Starlette, listener: socket.socket, started: Callable[[], None], pace: Pace | None = None
) -> None:
    """Serve until cancelled, in the running loop.  `pace`: limits the whole process to a share of a processor.

    Cancelling ends open streams at once.  Installs no signal handlers.  Raises DeviceError when the page's own task
    fails."""
    config = server_config(app, http=partial(Connection, pace=pace))
    server = _Embedded(config, app, started)
    try:
        await server.serve(sockets=[listener])
    except asyncio.CancelledError:
        await server.end([listener])
        raise
    task: asyncio.Task[None] = app.state.feed_task
    if not task.cancelled() and (defect := task.exception()):
        raise DeviceError(f"kiosk page: {defect!r}", hint="It is started again; please report this") from defect


class _Embedded(PageServer):
    """A uvicorn server that is one task among others in the caller's loop."""

    def __init__(self, config: uvicorn.Config, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(config, ready)
        self._app = app

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the daemon has its own

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._app.state.feed_task.done()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.feed.stop()
        await asyncio.sleep(LAST_WORDS)
        await super().shutdown(sockets)

    async def end(self, sockets: list[socket.socket]) -> None:
        """Shut down after a cancellation: uvicorn does so by itself only when its main loop ends."""
        if self.started:
            await self.shutdown(sockets)
        else:
            await self.lifespan.shutdown()
