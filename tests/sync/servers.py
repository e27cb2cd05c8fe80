"""Mirrors for tests: a real HTTP server over a published folder that can be told to misbehave."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Fault = Callable[["Request", bytes], None]
"""Answers a request for a file with this content in some wrong way."""


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        mirror = self.server.mirror
        mirror.asked.append(self.path)
        if mirror.wants and self.headers.get("Proxy-Authorization") != mirror.wants:
            self.answer(407, b"", {"Proxy-Authenticate": 'Basic realm="corp"'})
            return
        asked = "/" + self.path.split("/", 3)[3] if mirror.wants else self.path
        path = mirror.folder / asked.lstrip("/")
        if mirror.folder not in path.resolve().parents or not path.is_file():
            self.answer(404, b"<html>not here</html>")
            return
        data = path.read_bytes()
        for part, fault in mirror.faults.items():
            if part in self.path:
                fault(self, data)
                return
        self.good(data, path.stat().st_mtime)

    def good(self, data: bytes, modified: float) -> None:
        tag = f'"{sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, b"", {"ETag": tag})
            return
        headers = {"ETag": tag, "Last-Modified": formatdate(modified, usegmt=True), "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes=") and self.server.mirror.ranges:
            first = int(wanted[6:].partition("-")[0])
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            self.answer(206, data[first:], headers)
            return
        self.answer(200, data, headers)

    def answer(
        self, status: int, data: bytes, headers: Mapping[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)
        self.server.mirror.sent += len(data)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    mirror: "MirrorServer"

    def __init__(self, address: tuple[str, int], handler: type[Request]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        """End the connections, too: a thread that waits for its client would live on for seconds."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are what is tested


class MirrorServer:
    """`tls`: it speaks HTTPS."""

    def __init__(self, folder: Path, tls: ssl.SSLContext | None = None) -> None:
        self.folder = folder.resolve()
        self.wants = ""  # Proxy-Authorization: it is a proxy before the mirror
        self.faults: dict[str, Fault] = {}  # by a part of the path
        self.asked: list[str] = []
        self.sent = 0  # bytes of bodies
        self.ranges = True
        self._server = _Server(("127.0.0.1", 0), Request)
        self._server.mirror = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


# Faults.


def truncated(request: Request, data: bytes) -> None:
    request.answer(200, data[: len(data) // 2], length=len(data))
    request.close_connection = True


def cut_short(request: Request, data: bytes) -> None:
    """Half of it, and the server thinks that this is all."""
    request.answer(200, data[: len(data) // 2])


def oversized(request: Request, data: bytes) -> None:
    request.answer(200, data + bytes(1 << 20))


def endless(request: Request, data: bytes) -> None:
    request.send_response_only(200)
    request.send_header("Connection", "close")
    request.end_headers()
    request.close_connection = True
    while True:  # until the client hangs up
        request.wfile.write(data or b"x")


def slow(request: Request, data: bytes) -> None:
    request.send_response_only(200)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    for at in range(len(data)):
        request.wfile.write(data[at : at + 1])
        time.sleep(0.3)


def silent(request: Request, _: bytes) -> None:
    time.sleep(3)
    request.close_connection = True


def corrupted(request: Request, data: bytes) -> None:
    request.answer(200, data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])


def log_in_page(request: Request, _: bytes) -> None:
    request.answer(200, b"<html><body>Welcome to AirportFree WiFi! Please log in</body></html>")


def redirected_for_ever(request: Request, _: bytes) -> None:
    request.answer(302, b"", {"Location": request.path})


def broken(request: Request, _: bytes) -> None:
    request.answer(500, b"oops")


def missing(request: Request, _: bytes) -> None:
    request.answer(404, b"gone")


def hung_up(request: Request, _: bytes) -> None:
    request.close_connection = True
    request.connection.close()


def half_then_silent(request: Request, data: bytes) -> None:
    """Half of the rest that is asked for, then nothing until the client has had enough."""
    first = int(request.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
    request.send_response_only(206 if first else 200)
    if first:
        request.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
    request.send_header("Content-Length", str(len(data) - first))
    request.end_headers()
    request.wfile.write(data[first : first + (len(data) - first) // 2])
    request.wfile.flush()
    request.connection.settimeout(10)
    request.connection.recv(1)
    request.close_connection = True
