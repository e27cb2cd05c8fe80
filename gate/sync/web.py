"""Requests to one mirror over HTTP(S): redirected within its own host only, through a proxy or not."""

import http.client
import random
import re
import time
from base64 import b64encode
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import (
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HttpTimeoutError

from gate.errors import SyncError
from gate.sync.pinned_addresses import pinned_pools
from gate.sync.proxies import Proxy
from gate.sync.redirects import redirected
from gate.sync.round import shown

CONNECT_WITHIN = 10.0  # seconds
SILENCE = 20.0  # seconds without a byte
REDIRECTS = 3
RETRIES = 2  # of a request whose connection failed or was interrupted
PAUSE = 0.3  # seconds before the first retry; doubled for the next
CHUNK = 1 << 16  # bytes
HEADERS = {"User-Agent": "ashyq-gate", "Accept-Encoding": "identity"}

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NETWORK = "Check the network and the address"
_PORTAL = "A log-in page of the network answers: log in there, or have this device let through"
_CERTIFICATE = {  # X509_verify_cert_error_string(3)
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in its chain",
    20: "nobody whom this device trusts vouches for the certificate",
    21: "nobody whom this device trusts vouches for the certificate",
    62: "the certificate is another host's",
    64: "the certificate is another address's",
}
_FAILURES = (HTTPError, OSError, http.client.HTTPException, ValueError)  # all that urllib3 raises for a peer's fault


class Web:
    """HTTP(S) requests to a mirror's `address`.  User and password in it are sent to it, and not shown."""

    def __init__(self, address: str, proxy: Proxy | None) -> None:
        self.base, self._own = shown(address), _own_headers(address)
        self._proxy = proxy
        timeout = urllib3.Timeout(connect=CONNECT_WITHIN, read=SILENCE)
        self._pools: urllib3.PoolManager = pinned_pools(timeout)
        if proxy is not None:  # it resolves names, and this device's operator configured its address
            self._pools = urllib3.ProxyManager(proxy.url, proxy_headers=proxy.headers, timeout=timeout, retries=False)

    def close(self) -> None:
        self._pools.clear()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Yield the answer after redirects, with its body unread.  Raises SyncError."""
        all_headers = HEADERS | self._own | dict(headers)
        response = self._redirected(url, all_headers)
        try:
            yield response
        finally:
            response.close()

    def body(self, url: str, response: urllib3.BaseHTTPResponse) -> Generator[bytes, None, None]:
        """Yield the body as it arrives.  Raises SyncError."""
        try:
            while chunk := response.read1(CHUNK):
                yield chunk
        except _FAILURES as error:
            raise self._problem(url, error) from error

    def _redirected(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        at = url
        for _ in range(REDIRECTS + 1):
            response = self._answer(at, headers)
            if response.status not in _REDIRECTS:
                self._refuse_intermediary(url, response)
                return response
            location = response.headers.get("Location", "")
            response.close()
            at = redirected(at, location)
        raise SyncError(f"{url}: the mirror redirects without end", hint=_NETWORK)

    def _answer(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        for attempt in range(RETRIES + 1):
            try:
                return self._pools.request(
                    "GET", url, headers=headers, preload_content=False, decode_content=False, redirect=False
                )
            except _FAILURES as error:
                if attempt == RETRIES or not _is_worth_repeating(error):
                    raise self._problem(url, error) from error
            time.sleep(PAUSE * 2**attempt * random.uniform(0.7, 1.3))  # noqa: S311 - jitter, no secret
        raise AssertionError

    def _refuse_intermediary(self, url: str, response: urllib3.BaseHTTPResponse) -> None:
        """Raise SyncError for an answer from anything but the mirror."""
        status = response.status
        if status in (407, 511):
            response.close()
            raise self._refusal(url, status)

    def _refusal(self, url: str, status: int) -> SyncError:
        if status == 511:
            return SyncError(f"{url}: the network requires a log-in (511)", hint=_PORTAL)
        if self._proxy is None:
            return SyncError(f"{url}: a proxy on the way requires a user and a password (407)", hint=_NETWORK)
        if status != 407:
            hint = "Ask the proxy's operator to allow this device to reach the mirror"
            return SyncError(f"{url}: the proxy ({self._proxy.name}) answers {status}", hint=hint)
        if self._proxy.credentials:
            hint = "Correct them in the variable; percent-encode signs like @ and :"
            return SyncError(f"{url}: the proxy ({self._proxy.name}) refuses the user and password (407)", hint=hint)
        hint = "Put them into the variable: http://user:password@host:port"
        return SyncError(f"{url}: the proxy ({self._proxy.name}) requires a user and a password (407)", hint=hint)

    def _problem(self, url: str, error: Exception) -> SyncError:
        """Return the error with a hint, without the library's wording."""
        if isinstance(error, ProxyError) and self._proxy is not None:
            refused = re.search(r"Tunnel connection failed: (\d{3})", str(error.original_error))
            if refused:
                return self._refusal(url, int(refused.group(1)))
        who = f"the proxy ({self._proxy.name})" if self._proxy else "the mirror"
        for cause in _causes(error):
            if isinstance(cause, NameResolutionError):
                return SyncError(
                    f"{url}: the name of {who} is not known", hint="Check the network, its DNS, and the name"
                )
            if isinstance(cause, NewConnectionError):
                why = getattr(cause.__cause__, "strerror", None) or "no connection"
                there = "there" if self._proxy is None else f"at {who}"
                return SyncError(f"{url}: no answer {there} ({why})", hint=_NETWORK)
            if isinstance(cause, HttpTimeoutError):
                return SyncError(f"{url}: no answer within {SILENCE:.0f} s from {who}", hint=_NETWORK)
            if isinstance(cause, SSLError):
                hint = "Check this device's clock and the server's certificate"
                return SyncError(f"{url}: TLS failed ({_tls(cause)}) with {who}", hint=hint)
            if isinstance(cause, LocationParseError | UnicodeError):
                return SyncError(f"{url}: this is no address", hint="Correct it in [sync] mirrors")
            if isinstance(cause, ProtocolError | http.client.HTTPException | OSError):
                return SyncError(f"{url}: the connection to {who} broke off", hint=_NETWORK)
        return SyncError(f"{url}: what {who} answers is not HTTP", hint=_NETWORK)


def _own_headers(address: str) -> dict[str, str]:
    """Return the headers for the user and the password of an address."""
    parts = urlsplit(address)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


def _is_worth_repeating(error: Exception) -> bool:
    """Return whether a connection failed, or was interrupted as an idle one is when the server closes it."""
    causes = list(_causes(error))
    if any(isinstance(cause, NameResolutionError | SSLError) for cause in causes):
        return False
    return any(isinstance(cause, NewConnectionError | ProtocolError) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception of urllib3, and those it wraps."""
    seen: list[BaseException] = []
    while error not in seen:
        seen.append(error)
        yield error
        inner = getattr(error, "original_error", None) or getattr(error, "reason", None)
        if isinstance(inner, BaseException):
            error = inner


def _tls(error: SSLError) -> str:
    """Return a short text for OpenSSL's error."""
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None) or ""
    if (code := getattr(inner, "verify_code", 0)) in _CERTIFICATE:
        return _CERTIFICATE[code]
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return "what answers there does not speak it"
    if "EOF" in reason or "EOF" in type(inner).__name__:
        return "the connection broke off"
    return str(reason).replace("_", " ").lower() or "no reason given"
