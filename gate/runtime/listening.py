"""Listening sockets of the gate's own pages."""

import socket
from ipaddress import ip_address

BACKLOG = 64  # connections that wait to be accepted


def listening_socket(address: str, port: int, *, held_bytes: int | None = None) -> socket.socket:
    """Listen at an IP address.  Port 0 takes any free one.  `held_bytes`: by the kernel, for a client that does not
    read.  Raises OSError for an address or port that is unavailable, ValueError for a name."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    # With an explicit protocol asyncio sets TCP_NODELAY: without it a verdict can wait 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if held_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, held_bytes)  # its connections inherit it
        listener.bind((address, port))
        listener.listen(BACKLOG)  # here, not later: two servers could both bind, only one can listen
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
