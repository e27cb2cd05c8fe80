"""The lane's end of its control socket (`gate.control.requests`): members of the staff group may order.

No client can block or end the lane: connections, requests and their pace are bounded, and a malformed request gets
an answer.  The journal records who ordered: the account by the kernel's credentials, and the name that came with
the order.  The socket is local; there is no network.
"""

import asyncio
import grp
import json
import os
import pwd
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gate.control.requests import (
    LONGEST,
    SOCKET,
    STAFF_GROUP,
    AdmitRequest,
    ExtendRequest,
    InsideRequest,
    ModeRequest,
    Request,
    ResetRequest,
    StatusRequest,
    parse_request,
    socket_path,
)
from gate.core.lane.events import Extend, Ordered, Reset
from gate.core.lane.hindrance import JOURNAL
from gate.core.lane.modes import Alarm
from gate.core.reason import Reason
from gate.lane.staff.orders import StaffOrders
from gate.logs import Log

MOST_CLIENTS = 16
MOST_OF_ONE = 6
"""Connections at once, in all and of one account: one that floods leaves room for the others."""

MOST_READERS, MOST_REASONS = 4, 3  # in an answer, of what was dropped: a client takes 16 KiB

BACKLOG = 32  # connections that wait to be accepted; further clients wait before the socket
IDLE_FOR = 10.0  # seconds without a whole request, or without taking an answer, after which a client is closed
REFUSED_FOR = 1.0  # seconds until a connection that the operating system refused is tried again
PACE = 0.02  # seconds between two requests, of all clients: each may cost the writing thread a query

_STAFF_ENTER = 0o027  # umask of the socket's folder
_UCRED = struct.Struct("3i")  # pid, uid, gid: struct ucred of the kernel

log = Log(part="lane")


class _Clients:
    def __init__(self) -> None:
        self._of: Counter[int] = Counter()

    @contextmanager
    def place(self, uid: int) -> Iterator[bool]:
        """Yield whether this account gets a place, and hold it for the block."""
        if self._of.total() >= MOST_CLIENTS or self._of[uid] >= MOST_OF_ONE:
            yield False
            return
        self._of[uid] += 1
        try:
            yield True
        finally:
            self._of[uid] -= 1


async def serve_control(staff: StaffOrders, run_dir: Path) -> None:
    """Serve orders until cancelled.  Best effort: without a socket the lane logs that, and continues."""
    try:
        listening = _listen(run_dir)
    except OSError as error:
        log.error("no orders can be given to this lane", problem=f"{run_dir}: {error.strerror or error}")
        return
    clients, turn = _Clients(), asyncio.Lock()
    serving: set[asyncio.Task[None]] = set()
    try:
        async for connection in _connections(listening):
            task = asyncio.create_task(_serve(staff, connection, clients, turn))
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


async def _serve(staff: StaffOrders, connection: socket.socket, clients: _Clients, turn: asyncio.Lock) -> None:
    try:
        reader, writer = await asyncio.open_connection(sock=connection, limit=LONGEST)
    except OSError:
        connection.close()
        return
    try:
        with suppress(OSError, ValueError, TimeoutError):  # ValueError: the line is too long
            await _converse(staff, reader, writer, clients, turn)
    finally:
        writer.close()


async def _converse(
    staff: StaffOrders,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    clients: _Clients,
    turn: asyncio.Lock,
) -> None:
    uid = _uid(writer)
    with clients.place(uid) as placed:
        if not placed:
            writer.write(_line(_no("too many connections: close one, and ask again")))
            return
        try:
            account = await asyncio.to_thread(_account, uid)
        except RuntimeError:  # no thread is left: the order matters more than the account's name
            account = f"uid {uid}"
        while line := await asyncio.wait_for(reader.readline(), IDLE_FOR):
            async with turn:
                answer = await _answer(staff, line, account)
                await asyncio.sleep(PACE)
            writer.write(_line(answer))
            await asyncio.wait_for(writer.drain(), IDLE_FOR)


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


def _uid(writer: asyncio.StreamWriter) -> int:
    """Return the user id of the client process, by the kernel's credentials."""
    peer = writer.get_extra_info("socket")
    _, uid, _ = _UCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def _account(uid: int) -> str:
    """Return the account's name.  May block, where accounts come from a network."""
    try:
        return f"uid {uid} {pwd.getpwuid(uid).pw_name}"
    except (KeyError, OSError):
        return f"uid {uid}"


async def _answer(staff: StaffOrders, line: bytes, account: str) -> dict[str, Any]:
    try:
        request = parse_request(line)
    except ValueError as error:
        return _no(str(error))
    if why := await _carry_out(staff, request, f"{account}, by {request.by}" if request.by else account):
        return _no(why)
    done = {"reason": Reason.STAFF_ADMITTED.value} if isinstance(request, AdmitRequest) else {}
    return {"ok": True, **done, **await _status(staff)}


async def _carry_out(staff: StaffOrders, request: Request, actor: str) -> str | None:
    """Carry an order out; return why it cannot be done, or None."""
    match request:
        case StatusRequest():
            return None
        case ModeRequest(mode=mode, on=on):
            return await staff.order(lambda at: Ordered(mode, on, at), actor)
        case ExtendRequest():
            return await staff.order(Extend, actor)
        case ResetRequest():
            return await staff.order(Reset, actor)
        case AdmitRequest(direction=direction):
            return await staff.admit(direction, actor)
        case InsideRequest(count=count):
            return None if await staff.set_inside(count, actor) else "the count could not be recorded"


async def _status(staff: StaffOrders) -> dict[str, Any]:
    state, problems = staff.lane.state, staff.lane.problems
    lost = {Alarm.JOURNAL_LOST} if JOURNAL in problems else set()
    return {
        "phase": state.phase.value,
        "mode": state.mode.value,
        "orders": sorted(state.orders),
        "alarms": sorted(state.alarms | lost),
        "missing": sorted(state.missing),
        "problems": {name: problem[:400] for name, problem in sorted(problems.items())[:8]},
        "contacts": sorted(fault.what for fault in state.faults)[:8],
        "dropped": _dropped(staff),
        "door": {None: None, True: "open", False: "closed"}[state.door.open],
        "inside": await staff.inside(),
    }


def _dropped(staff: StaffOrders) -> dict[str, list[dict[str, Any]]]:
    """Return what readers have dropped since the start, by reader: the most frequent reasons of the first readers."""
    readers = sorted(staff.lane.drops.items())[:MOST_READERS]
    return {
        name: [
            {"what": what[:200], "count": drops.count, "advice": drops.hint[:200]}
            for what, drops in sorted(found.items(), key=lambda item: -item[1].count)[:MOST_REASONS]
        ]
        for name, found in readers
    }


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _no(problem: str) -> dict[str, Any]:
    return {"ok": False, "problem": problem}
