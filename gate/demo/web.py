"""The small web servers of the demo."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Generic, Self, TypeVar

Server = TypeVar("Server", bound="DemoServer")


class DemoServer(ThreadingHTTPServer):
    """A server that keeps silent about a client that went away.  `ended`: set when it ends; answers without an end of
    their own watch it."""

    daemon_threads = True

    def __init__(self, address: str, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        super().__init__((address, 0), handler)
        self.ended = Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that went away."""


class Served(Generic[Server]):
    """A server on a thread of its own while the context holds."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, args=(0.1,), name=f"demo-{name}", daemon=True)

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
