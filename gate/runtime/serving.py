"""Serving the gate's own pages: what both servers, the visitors' and that of staff, ask of uvicorn and of a request."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Scope, Send

from gate.runtime.connections import LONGEST_HEAD, Connection
from gate.runtime.listening import BACKLOG


def server_config(app: ASGIApp, *, http: Any = Connection, **more: Any) -> uvicorn.Config:
    """Return the configuration of a server that logs nothing of its clients and trusts no proxy."""
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_graceful_shutdown=1,
        **more,
    )


class PageServer(uvicorn.Server):
    """A server that calls `ready` once it accepts, and ends connections that are late."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.sweep(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: Any = None) -> None:
        for connection in list(self.server_state.connections):
            # Streams have no end of their own, and a client that reads nothing would delay the end of one.
            if (transport := connection.transport) is not None:
                transport.abort()
        await super().shutdown(sockets)


def is_too_long(scope: Scope) -> bool:
    """Return whether target and headers are longer than LONGEST_HEAD: a parser's own limit does not hold for data in
    one piece."""
    fields: list[tuple[bytes, bytes]] = scope["headers"]
    target = len(scope["raw_path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in fields) > LONGEST_HEAD


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """Return a `send` that adds these headers to every answer."""

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with
