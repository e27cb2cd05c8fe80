"""Connections of an HTTP server: limits of their number and of the time for each stage.

Connecting takes a place, so every program on this machine can take one.  A connection that is not being answered gives
its place to the next; one that sends no whole request, or does not read its answer, is ended.
"""

import asyncio
import socket
import struct
from enum import Enum, auto
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gate.runtime.pace import Pace

MOST_CONNECTIONS = 64  # two screens, some scripts, and a browser that opens six at once, many times over
LONGEST_HEAD = 8192  # bytes of a request line and headers; Chromium sends some 700

# Seconds.
REQUEST_WITHIN = 5.0  # from connecting, or from the last answer, to a whole request
ANSWERED_WITHIN = 10.0  # from the request to the last byte of an answer that is no stream
TAKEN_WITHIN = 30.0  # for which a client may leave sent data unread

STREAM = "stream"
"""Key of an ASGI scope's state: this answer is an endless stream."""


class ConnectionStage(Enum):
    WAITING = auto()  # for a whole request
    ANSWERING = auto()
    STREAMING = auto()


class Connection(H11Protocol):
    """A uvicorn protocol with a deadline for every stage.  `sweep` enforces them."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._pace = pace
        self._answered: object = None  # the request that `_since` belongs to
        self._since = self.loop.time()
        self._unread_since: float | None = None

    @property
    def stage(self) -> ConnectionStage:
        if self.cycle is None or self.cycle.response_complete:
            return ConnectionStage.WAITING
        return ConnectionStage.STREAMING if self.scope["state"].get(STREAM) else ConnectionStage.ANSWERING

    @property
    def since(self) -> float:
        """When the stage began, in seconds of the loop's clock."""
        return self._since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        if self._pace:
            self._pace.keep()
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, Connection) and other is not self]
            idle = [
                other for other in idle if other.stage is ConnectionStage.WAITING and not other.transport.is_closing()
            ]
            (min(idle, key=lambda other: other.since) if idle else self).drop()

    def data_received(self, data: bytes) -> None:
        if self._pace:
            self._pace.keep()
        super().data_received(data)
        self._note()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()
        self._note()

    def pause_writing(self) -> None:
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def sweep(self, now: float) -> None:
        """End a connection that is late."""
        most = {ConnectionStage.WAITING: REQUEST_WITHIN, ConnectionStage.ANSWERING: ANSWERED_WITHIN}.get(self.stage)
        late = most is not None and now - self._since > most
        if late or (self._unread_since is not None and now - self._unread_since > TAKEN_WITHIN):
            self.drop()

    def drop(self) -> None:
        """End it at once, and discard data that its client does not read."""
        ours = self.transport.get_extra_info("socket")
        if ours is not None and ours.fileno() >= 0:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _note(self) -> None:
        if self.cycle is not self._answered:  # a new request
            self._answered = self.cycle
            self._since = self.loop.time()
