"""The proxy that the environment names for an address: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

The rules are those of curl and Python: a lower-case name precedes an upper-case one, an empty value names no proxy,
and a value without a scheme is an HTTP proxy.
"""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from gate.errors import SyncError

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")  # a name, or an IPv6 address
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.  `url` has no user and password; `name` appears in messages."""

    name: str
    url: str
    credentials: str | None  # the value of Proxy-Authorization

    @property
    def headers(self) -> dict[str, str]:
        return {"Proxy-Authorization": self.credentials} if self.credentials else {}


def proxy_for(address: str, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a mirror's address; None for a direct connection.

    Raises SyncError for an invalid one; the message names the variable and its value without user and password."""
    parts = urlsplit(address)
    variable, value = _named(parts.scheme, environment)
    if not value or _is_bypassed(parts, environment):
        return None
    name = f"{variable}={_redacted(value)}"
    scheme = value.partition("://")[0].lower() if "://" in value else "http"
    if scheme.startswith("socks"):
        raise SyncError(f"{name}: SOCKS is not supported", hint="Name an HTTP proxy: http://host:port")
    try:
        proxy = urlsplit(value if "://" in value else f"http://{value}")
        host, port = proxy.hostname or "", proxy.port
    except ValueError:
        host, port, proxy = "", None, urlsplit("")
    if scheme not in _PORTS or not _HOST.fullmatch(host) or port == 0 or _has_more(proxy):
        raise SyncError(
            f"{name} is no address of a proxy",
            hint="Write http://host:port, or http://user:password@host:port with percent-encoded signs",
        )
    host = f"[{host}]" if ":" in host else host
    return Proxy(name, f"{scheme}://{host}:{port or _PORTS[scheme]}", _credentials(proxy))


def _named(scheme: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for variable in (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"):
        if variable in environment:
            return variable, environment[variable].strip()
    return "", ""


def _has_more(proxy: SplitResult) -> bool:
    return proxy.path not in ("", "/") or bool(proxy.query or proxy.fragment)


def _credentials(proxy: SplitResult) -> str | None:
    if proxy.username is None:
        return None
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _redacted(value: str) -> str:
    """Return the value for a message: without user and password, on one line."""
    before, at, rest = value.rpartition("@")
    scheme, separator, _ = before.partition("://")
    shown = f"{scheme}{separator}***@{rest}" if at and separator else f"***@{rest}" if at else value
    return "".join(letter if letter.isprintable() else "?" for letter in shown)[:120]


def _is_bypassed(parts: SplitResult, environment: Mapping[str, str]) -> bool:
    """Return whether NO_PROXY names the host: itself, a domain above it, its address or network, or `*`."""
    listed = environment.get("no_proxy", environment.get("NO_PROXY", ""))
    host = (parts.hostname or "").rstrip(".").lower()
    port = str(parts.port or _PORTS[parts.scheme])
    return any(_names(entry.lower(), host, port) for entry in re.split(r"[,\s]+", listed) if entry)


def _names(entry: str, host: str, port: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass  # one of the two is a name
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdigit():
        entry = name.strip("[]")
        if digits != port:
            return False
    entry = entry.removeprefix("*").strip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))
