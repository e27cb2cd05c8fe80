"""The addresses of a mirror's name, fixed for one visit.

A mirror may redirect within its own host only, but a stranger controls its name.  If the name first resolved to a
public address and then to one in the gate's network, the gate would send a request to, say, a relay board there.
So a name is resolved once a visit.  If there are public addresses, only those are used.  Of others, the first that
answers is the only one from then on.
"""

import ipaddress
import socket
from collections.abc import Callable

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import Timeout

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PinnedAddresses:
    """The resolved addresses of one host."""

    def __init__(self) -> None:
        self._hosts: dict[str, list[str]] = {}

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Connect to the host.  Raises OSError: socket.gaierror for an unknown name, else that of the last
        address."""
        addresses = self._hosts.get(host)
        if addresses is None:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
            self._hosts[host] = addresses = [one for one in addresses if is_public(one)] or addresses
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                connected = socket.create_connection((address, port), timeout)
            except OSError as error:
                failure = error
                continue
            if not is_public(address):
                self._hosts[host] = [address]
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
        raise failure


def is_public(address: str) -> bool:
    """Return whether an IP address is public, not one of this host, this network or another private one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        within = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            within = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if within is not None:
            found = within
    return found.is_global and not found.is_multicast


def pinned_pools(timeout: Timeout) -> PoolManager:
    """Return the connection pools of one visit."""
    connect = PinnedAddresses().connect

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _opened(self, connect)

    class TlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _opened(self, connect)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    pools = PoolManager(timeout=timeout, retries=False)
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
    return pools


def _opened(connection: HTTPConnection, connect: Callable[[str, int, float | None], socket.socket]) -> socket.socket:
    """Connect, with the same urllib3 exceptions as its own `_new_conn`."""
    timeout = connection.timeout
    assert timeout is None or isinstance(timeout, int | float)  # noqa: S101 - urllib3 resolved it
    try:
        return connect(connection._dns_host, connection.port or connection.default_port, timeout)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "connect timed out") from error
    except OSError as error:
        raise NewConnectionError(connection, str(error.strerror or error)) from error
