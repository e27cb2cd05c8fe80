"""The demo's only mirror, on loopback: a plain web server of the authority's files."""

from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from gate.demo.ports import LOOPBACK
from gate.demo.web import DemoServer, Served


class MirrorServer(Served[DemoServer]):
    """A web server.  Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        super().__init__(DemoServer(LOOPBACK, partial(_Handler, directory=str(folder))), "mirror")


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: the demo's output is for people."""
