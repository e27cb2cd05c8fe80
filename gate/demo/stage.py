"""The demo's web server on loopback: the camera (`/camera`, Motion JPEG, as network cameras send it), and the stage
(`/`), a page that shows the whole gate at work.
"""

import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from gate.demo.camera import Latest
from gate.demo.ports import LOOPBACK
from gate.demo.web import DemoServer, Served

BOUNDARY = "frame"
SEND_BUFFER = 96 << 10  # bytes: two frames; a viewer that falls behind misses frames rather than seeing old ones
SEND_TIMEOUT = 5.0  # seconds

State = Callable[[], dict[str, object]]
Press = Callable[[str], bool]
PRESSED = "/press/"  # then the name of a button
HEADER = "X-Demo"  # of a press: pages elsewhere cannot send it, for the demo allows them nothing


class DemoStage(Served["_Server"]):
    """A web server.  Use as a context manager.

    `latest`: None where there is no drawn camera.  `state`: the page's content besides the picture; `press`: takes the
    name of a button; both are called on any thread."""

    def __init__(self, latest: Latest | None, state: State, page: str, press: Press) -> None:
        super().__init__(_Server(latest, state, page, press), "stage")

    @property
    def camera(self) -> str:
        return f"{self.address}camera"


class _Server(DemoServer):
    def __init__(self, latest: Latest | None, state: State, page: str, press: Press) -> None:
        super().__init__(LOOPBACK, _Handler)
        self.latest, self.state, self.page, self.press = latest, state, page.encode(), press


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SEND_TIMEOUT

    def do_GET(self) -> None:
        match self.path:
            case "/":
                self._answer("text/html; charset=utf-8", self.server.page)
            case "/state":
                self._answer("application/json", json.dumps(self.server.state()).encode())
            case "/camera" if self.server.latest is not None:
                self._stream(self.server.latest)
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        host = f"{LOOPBACK}:{self.server.server_address[1]}"
        if self.headers.get("Host") != host or HEADER not in self.headers:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path.startswith(PRESSED) and self.server.press(self.path.removeprefix(PRESSED)):
            self._answer("application/json", b"{}")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Log nothing: the demo's output is for people."""

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, latest: Latest) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        number = 0
        while not self.server.ended.is_set():
            frame = latest.after(number, 1.0)
            if frame is None:
                continue
            number, jpeg = frame
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
