"""The phone of the demo: a page with a pass that renews itself, for a real phone before a real camera.

The holder's key stays here: what the phone shows is signed at every renewal, as a real phone's app would sign it.
The page has a secret path, for on a local network others could open it, too.
"""

import io
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib.resources import files

import segno

from gate.authority.pictures import BORDER, code
from gate.authority.wallet import Wallet
from gate.demo.ports import LOOPBACK
from gate.demo.web import DemoServer, Served
from gate.errors import UsageError

OLD = 150  # seconds: longer than the 30 s for which a presentation is good
_ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737: nobody's; nothing is sent
_SCALE = 8  # pixels a module
_MOST_AT_ONCE = 8  # seconds that a slow client may hold its thread


def lan_address() -> str:
    """Return the address of this computer that others on its network reach.  Raises UsageError without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(_ELSEWHERE)
        address = str(probe.getsockname()[0])
        if not address.startswith("127."):
            return address
    raise UsageError("this computer is on no network", hint="Join the phone's Wi-Fi, or name an address: --lan ADDRESS")


class PhonePage(Served["_Server"]):
    """A web server of one page.  Use as a context manager.

    `wallets`: passes by name; `now`: Unix s.  Raises UsageError where the address cannot be had."""

    def __init__(self, address: str, wallets: Mapping[str, Wallet], now: Callable[[], float]) -> None:
        try:
            server = _Server(address, wallets, now)
        except OSError as error:
            raise UsageError(
                f"{address} cannot be had: {error.strerror}", hint="Name an address of this computer: --lan ADDRESS"
            ) from error
        super().__init__(server, "phone")

    @property
    def address(self) -> str:
        return super().address.removesuffix("/") + self._server.path

    @property
    def is_local(self) -> bool:
        """Return whether only this computer can open it."""
        return str(self._server.server_address[0]) == LOOPBACK

    def drawn(self) -> str:
        """Return the address as a QR code, SVG."""
        out = io.BytesIO()
        segno.make_qr(self.address).save(out, kind="svg", xmldecl=False, border=BORDER, light="white", omitsize=True)
        return out.getvalue().decode()


class _Server(DemoServer):
    def __init__(self, address: str, wallets: Mapping[str, Wallet], now: Callable[[], float]) -> None:
        super().__init__(address, _Handler)
        self.wallets, self.now, self.path = wallets, now, f"/{secrets.token_urlsafe(6)}/"
        self.page = files("gate.demo").joinpath("phone.html").read_bytes()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _MOST_AT_ONCE

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]  # behind it is a number, so that no picture is an old one
        name = path.removeprefix(self.server.path) if path.startswith(self.server.path) else None
        if name == "":
            self._answer("text/html; charset=utf-8", self.server.page)
            return
        which, _, age = (name or "").removesuffix(".png").partition("-")
        wallet = self.server.wallets.get(which)
        if wallet is None or name != f"{which}{'-old' if age else ''}.png":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        out = io.BytesIO()
        text = wallet.present(int(self.server.now()) - (OLD if age else 0))
        code(text).save(out, kind="png", scale=_SCALE, border=BORDER)
        self._answer("image/png", out.getvalue())

    def log_message(self, *_: object) -> None:
        """Log nothing: the demo's output is for people."""

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        for header, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)
