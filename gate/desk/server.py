"""`gate desk`: the process that serves the pages of staff.

It knows no device and holds no key of the gate's.  An IIN passes through, so the kernel writes no image of its memory
to a disk (and see gate.desk.wiping).
"""

import asyncio
import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from gate.desk.app import create_app
from gate.desk.calls import Desk
from gate.desk.certificate import Identity, own_identity
from gate.desk.lane_link import LaneLink
from gate.desk.memory import DeskMemory
from gate.desk.sessions import Sessions
from gate.desk.sign_in import SignIn
from gate.desk.technician.room import TechnicianRoom
from gate.errors import ConfigError, DeviceError
from gate.logs import Log
from gate.ports.clock import Clock
from gate.runtime.listening import listening_socket
from gate.runtime.serving import PageServer, server_config
from gate.settings.desk import desk_state_of
from gate.settings.model import Settings

HANDSHAKE_WITHIN = 5.0  # seconds for TLS
NICENESS = 5  # after the lane on a busy processor
log = Log(part="desk")


def identity_of(settings: Settings, clock: Clock) -> Identity | None:
    """Return certificate and key, made where the configuration lets the device make them; None without TLS."""
    table = settings.desk
    if table.cert and table.key:
        return Identity(table.cert, table.key)
    if table.tls is None:
        return None
    folder = desk_state_of(settings.desk, settings.device.state_dir)
    _make(folder)
    named = [] if table.host in ("0.0.0.0", "::") else [table.host]  # noqa: S104 - compared, not bound
    hosts = [*named, *table.hosts, "localhost", "127.0.0.1"]
    return own_identity(folder, hosts, settings.device.id, clock.now())


def serve_desk(settings: Settings, file: Path, clock: Clock, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.  `file`: of the settings; `started` gets the address.

    Raises ConfigError and DeviceError."""
    with suppress(OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(NICENESS)
    folder, identity = desk_state_of(settings.desk, settings.device.state_dir), identity_of(settings, clock)
    _make(folder)
    desk = _desk(settings, folder, clock)
    room = TechnicianRoom(file.absolute(), folder, desk.link, clock)
    with _listen(settings.desk.host, settings.desk.port) as listener:
        scheme = "https" if identity else "http"
        host, port = listener.getsockname()[:2]
        address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/desk/"
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(_serve(create_app(desk, room), listener, identity, partial(started, address)))


def _desk(settings: Settings, folder: Path, clock: Clock) -> Desk:
    users = settings.desk.user
    if not users:
        raise ConfigError(
            "there is no [[desk.user]]", hint="Add the table that `gate desk pin --name N --role R` prints"
        )
    memory = DeskMemory(folder, frozenset(user.name for user in users))
    memory.load()
    return Desk(
        settings=settings,
        link=LaneLink(settings.device.runs, users[0].name, clock.monotonic),
        sessions=Sessions(settings.desk.idle),
        memory=memory,
        sign_in=SignIn(users, memory, clock),
        clock=clock,
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be made ({error.strerror})", hint="Set [desk] state_dir to a folder of this account"
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    """Listen.  Raises DeviceError for an address that is unavailable."""
    try:
        return listening_socket("127.0.0.1" if host == "localhost" else host, port)
    except OSError as error:
        raise DeviceError(
            f"desk: cannot listen on {host} port {port}: {error.strerror}",
            hint="Stop the program that holds the port, or set [desk] listen to an address of this device",
        ) from error


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that gives a TLS handshake a few seconds: uvicorn has no setting for it."""

    async def create_server(self, *args: Any, **values: Any) -> Any:
        if values.get("ssl"):
            values["ssl_handshake_timeout"] = HANDSHAKE_WITHIN
        return await super().create_server(*args, **values)


async def _serve(
    app: Starlette, listener: socket.socket, identity: Identity | None, started: Callable[[], None]
) -> None:
    config = server_config(
        app, ssl_certfile=identity.cert if identity else None, ssl_keyfile=identity.key if identity else None
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"desk: the certificate cannot be used ({error})", hint="See cert and key") from error
    if config.ssl:
        config.ssl.minimum_version = config.ssl.minimum_version.TLSv1_2
    await PageServer(config, started).serve(sockets=[listener])


@contextmanager
def quiet_signals() -> Iterator[None]:
    """Let Ctrl-C end the program without a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        return
