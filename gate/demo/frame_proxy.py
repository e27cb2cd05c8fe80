"""The visitor's page for a frame on the stage: the gate's own page, passed on byte by byte.

The page forbids other pages to frame it (`frame-ancestors 'none'`), as it should.  Here the demo's own stage is
allowed to, and nothing else is changed.
"""

import re
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler

from gate.demo.ports import LOOPBACK
from gate.demo.web import DemoServer, Served

SILENCE = 10.0  # seconds; the page's stream beats every second
_CHUNK = 1 << 14  # bytes
_ANCESTORS = re.compile(r"frame-ancestors [^;]*")
# Headers of this hop, or in the way of a frame.
_LEFT_OUT = frozenset({"connection", "transfer-encoding", "keep-alive", "x-frame-options"})


class FrameProxy(Served["_Server"]):
    """A web server on loopback.  Use as a context manager.  `port`: of the gate's page."""

    def __init__(self, port: int) -> None:
        super().__init__(_Server(port), "frame")

    def allow(self, stage: str) -> None:
        """Let this page, by its address, frame the visitor's page."""
        self._server.ancestor = stage.rstrip("/")


class _Server(DemoServer):
    def __init__(self, port: int) -> None:
        super().__init__(LOOPBACK, _Handler)
        self.port, self.ancestor = port, "'none'"


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SILENCE

    def do_GET(self) -> None:
        connection = HTTPConnection(LOOPBACK, self.server.port, timeout=SILENCE)
        try:
            headers = {"Host": f"{LOOPBACK}:{self.server.port}", "Accept": self.headers.get("Accept", "*/*")}
            connection.request("GET", self.path, headers=headers)
            self._pass_on(connection.getresponse())
        except (OSError, HTTPException):  # the gate starts again, or has ended
            with suppress(OSError):
                self.send_error(HTTPStatus.BAD_GATEWAY)
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """Log nothing: the demo's output is for people."""

    def _pass_on(self, answer: HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _LEFT_OUT:
                allowed = _ANCESTORS.sub(f"frame-ancestors {self.server.ancestor}", value)
                self.send_header(name, allowed if name.lower() == "content-security-policy" else value)
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.server.ended.is_set() and (part := answer.read1(_CHUNK)):
            self.wfile.write(part)
            self.wfile.flush()
