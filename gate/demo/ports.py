"""Ports on loopback that nobody listens on."""

import socket
from collections.abc import Sequence

from gate.errors import UsageError

LOOPBACK = "127.0.0.1"


def free_port(wanted: Sequence[int]) -> int:
    """Return the first free port; 0 is any.  Raises UsageError when none is free."""
    problem = ""
    for port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
                probe.listen()
            except OSError as error:
                problem = f"port {port} cannot be had: {error.strerror}"
            else:
                return int(probe.getsockname()[1])
    raise UsageError(problem, hint="Name another with --port; 0 takes any free one")
