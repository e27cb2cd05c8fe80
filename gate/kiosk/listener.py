"""The socket of the page.  The lane opens it and the page's process accepts on it.  So a restarted page keeps its port,
and the process itself needs no right to open sockets."""

import ipaddress
import socket

from gate.errors import ConfigError, DeviceError
from gate.runtime.listening import listening_socket

HELD_BYTES = 65536  # by the kernel, for a client that does not read


def listen(host: str, port: int) -> socket.socket:
    """Listen on this machine.  Port 0 takes any free one.

    Raises ConfigError for an address beyond this machine, DeviceError for a port that is unavailable."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        address = None
    if address is None or str(address) not in ("127.0.0.1", "::1"):
        raise ConfigError(
            f"kiosk.listen: {host} is not an address of this machine alone", hint="Use 127.0.0.1, [::1] or localhost"
        )
    try:
        return listening_socket(str(address), port, held_bytes=HELD_BYTES)
    except OSError as error:
        raise DeviceError(
            f"kiosk page: cannot listen on {host} port {port}: {error.strerror}",
            hint="Stop the program that holds the port, or set kiosk.listen to another",
        ) from error


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if listener.family is socket.AF_INET6 else f"http://{host}:{port}/"
