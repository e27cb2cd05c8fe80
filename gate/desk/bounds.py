"""What reaches the pages at all: a middleware before everything else.

A web page elsewhere may make a browser on this network send requests here.  It gets nothing: by the Host, which it
cannot choose once its own name leads here; by the Origin, which it cannot hide; by the cookie, which goes along with
our own pages only.  The browser keeps nothing of an answer, and the pages load nothing from anywhere else.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gate.runtime.serving import is_too_long, with_headers

LONGEST_BODY = 4096  # bytes

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::(\d{1,5}))?", re.IGNORECASE)


class RequestBounds:
    """A middleware that refuses a wrong Host or Origin and everything long.  `hosts`: names by which the pages may be
    reached, beside the address that a connection came to."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], *, is_encrypted: bool) -> None:
        self._app, self._hosts = app, frozenset(host.lower() for host in hosts)
        self._scheme = "https" if is_encrypted else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        answer = self._refusal(scope) or self._app
        await answer(scope, receive, with_headers(send, HEADERS))

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope):
            return PlainTextResponse("these pages have another name", 421)
        if is_too_long(scope):
            return PlainTextResponse("the request is too long", 431)
        if scope["method"] == "GET":
            return None
        if scope["method"] != "POST":
            return PlainTextResponse("GET and POST only", 405, {"allow": "GET, POST"})
        return self._refused_post(headers, hosts[0])

    def _refused_post(self, headers: Headers, host: str) -> ASGIApp | None:
        if headers.get("origin", "").lower() != f"{self._scheme}://{host.lower()}":
            return _no(403, "origin")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return _no(403, "origin")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _no(415, "malformed")
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()) or "transfer-encoding" in headers:
            return _no(411, "malformed")
        return _no(413, "malformed") if int(length[:9]) > LONGEST_BODY else None

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Return whether a Host names these pages.  An address cannot be made to lead elsewhere, as a name can."""
        found = _HOST.fullmatch(host)
        if not found:
            return False
        name = (found[1] or found[2]).lower()
        address, port = scope["server"]
        if found[3] is not None and int(found[3]) != port:
            return False
        return name in self._hosts or _same(name, address) or (name in _LOOPBACK and _is_loopback(address))


def _same(name: str, address: str) -> bool:
    try:
        return ip_address(name) == ip_address(address)
    except ValueError:
        return False


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback


def _no(status: int, code: str) -> ASGIApp:
    return JSONResponse({"ok": False, "code": code}, status)
