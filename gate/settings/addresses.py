"""Addresses in a configuration file."""

import ipaddress
from urllib.parse import urlsplit


def is_mirror(address: str) -> bool:
    """Return whether it is an http(s) address with a host, or file:/// with an absolute path; no blanks."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if any(letter.isspace() for letter in address):
        return False
    if parts.scheme == "file":
        return not parts.netloc and parts.path.startswith("/")
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def host_and_port(listen: str) -> tuple[str, int | None]:
    """Split an address.  Port None: it is missing, or no number up to 65535."""
    host, _, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    good = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535
    return host, int(port) if good else None


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
