"""The lane's end of its control socket (`gate.control.requests`): members of the staff group may order.

The journal records who ordered: the account by the kernel's credentials, and the name that came with the order.
The socket is local; there is no network.
"""

import asyncio
import grp
import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from gate.control.client import SOCKET, STAFF_GROUP, socket_path
from gate.lane.staff.conversation import Clients
from gate.lane.staff.desk import StaffDesk
from gate.logs import Log

BACKLOG = 32  # connections that wait to be accepted; further clients wait before the socket
REFUSED_FOR = 1.0  # seconds until a connection that the operating system refused is tried again

_STAFF_ENTER = 0o027  # umask of the socket's folder

log = Log(part="lane")


async def serve_control(desk: StaffDesk, run_dir: Path) -> None:
    """Serve orders until cancelled.  Best effort: without a socket the lane logs that, and continues."""
    try:
        listening = _listen(run_dir)
    except OSError as error:
        log.error("no orders can be given to this lane", problem=f"{run_dir}: {error.strerror or error}")
        return
    clients = Clients(desk)
    serving: set[asyncio.Task[None]] = set()
    try:
        async for connection in _connections(listening):
            task = asyncio.create_task(clients.serve(connection))
            serving.add(task)
            task.add_done_callback(serving.discard)
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        listening.close()
        with suppress(OSError):  # a file system that has become read-only keeps a dead socket
            (run_dir / SOCKET).unlink()


async def _connections(listening: socket.socket) -> AsyncIterator[socket.socket]:
    """Yield connections without end.  asyncio's own server logs a hundred tracebacks a second while there are no
    descriptors left."""
    loop, is_reported = asyncio.get_running_loop(), False
    while True:
        try:
            connection, _ = await loop.sock_accept(listening)
        except OSError as error:
            if not is_reported:
                log.error("no orders can be taken now", problem=error.strerror or str(error))
            is_reported = True
            await asyncio.sleep(REFUSED_FOR)
        else:
            if is_reported:
                log.info("orders can be taken again")
            is_reported = False
            yield connection


def _make_folder(run_dir: Path) -> None:
    """Make a folder that is missing: /run/gate/NAME of a further lane.  It inherits group and set-group-ID bit of
    /run/gate, and members of the group may enter; a folder that exists keeps its rights."""
    mask = os.umask(_STAFF_ENTER)
    try:
        run_dir.mkdir(mode=0o777, parents=True, exist_ok=True)
    finally:
        os.umask(mask)


def _listen(run_dir: Path) -> socket.socket:
    _make_folder(run_dir)
    listening = socket.socket(socket.AF_UNIX)
    folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        path = run_dir / SOCKET
        path.unlink(missing_ok=True)  # of a lane that was killed; lane.lock admits only one lane
        listening.bind(socket_path(folder))
        with suppress(KeyError, OSError):  # no such group, or no right to give it: the gate's own group stays
            os.chown(path, -1, grp.getgrnam(STAFF_GROUP).gr_gid)
        path.chmod(0o660)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    finally:
        os.close(folder)
    return listening
