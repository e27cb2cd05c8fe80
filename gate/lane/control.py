"""Orders of staff to a running lane, by a socket in its state directory: whoever may write there may order.

One JSON object a line, one answer a line:

    {"do": "status"}                                       {"ok": true, "phase": "ready", ...}
    {"do": "order", "mode": "locked_down", "on": true}     {"ok": true, "phase": "locked_down", ...}
    {"do": "extend"} | {"do": "reset"}
    {"do": "admit", "direction": "entry"}                  {"ok": true, "reason": "staff_admitted", ...}
    {"do": "inside", "count": 12}

What cannot be done is `{"ok": false, "problem": "..."}`.  There is no network in it.
"""

import asyncio
import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from gate.core.events import Mode
from gate.core.lane_events import Extend, Ordered, Reset
from gate.core.model import Direction
from gate.core.modes import STANDING
from gate.core.reason import Reason
from gate.errors import GateError
from gate.lane.controller import Lane

SOCKET = "control.sock"
LONGEST = 4096  # bytes of a request
ANSWER_WITHIN = 5.0  # seconds

log = structlog.get_logger()


async def serve_control(lane: Lane, state_dir: Path) -> None:
    """Until cancelled.  Best effort: a lane that cannot be given orders is said, and goes on."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):  # ValueError: a line that is too long
            while line := await reader.readline():
                writer.write(json.dumps(await _answer(lane, line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    try:
        listening = await asyncio.to_thread(_listen, state_dir)
        # Not start_unix_server: from Python 3.13 on it looks up the socket's name, which `_short` made for once.
        server = await asyncio.start_server(answer, sock=listening, limit=LONGEST)
    except OSError as error:
        log.error("no orders can be given to this lane", problem=str(error))
        return
    try:
        async with server:
            await server.serve_forever()
    finally:
        (state_dir / SOCKET).unlink(missing_ok=True)


def ask(state_dir: Path, request: dict[str, Any]) -> dict[str, Any]:
    """What the lane answers.  Blocks.  Raises GateError when no lane answers, or when it says no."""
    folder = -1
    try:
        folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_WITHIN)
            connection.connect(_short(folder))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline(LONGEST * 4))
    except (OSError, ValueError) as error:
        raise GateError(
            f"no lane answers in {state_dir} ({error})",
            hint="Start it (`systemctl start gate`), and ask as a user who may write there: `sudo -u gate gate lane …`",
        ) from error
    finally:
        if folder >= 0:
            os.close(folder)
    if not answer["ok"]:
        raise GateError(f"the lane says no: {answer['problem']}", hint="See `gate lane status`")
    return answer


def _listen(state_dir: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        (state_dir / SOCKET).unlink(missing_ok=True)  # of a lane that was killed; lane.lock says there is one of us
        listening.bind(_short(folder))
        (state_dir / SOCKET).chmod(0o660)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    finally:
        os.close(folder)
    return listening


def _short(folder: int) -> str:
    """The socket's path by its folder's descriptor: the kernel takes no path beyond 107 bytes."""
    return f"/proc/self/fd/{folder}/{SOCKET}"


async def _answer(lane: Lane, line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        done: dict[str, Any] = {}
        match request.get("do"):
            case "status":
                pass
            case "order":
                mode, on = Mode(request["mode"]), bool(request["on"])
                if mode not in STANDING:
                    return _no(f"{mode} is no order; orders are {', '.join(STANDING)}")
                await lane.order(lambda at: Ordered(mode, on, at))
            case "extend":
                if why := await lane.order(Extend):
                    return _no(why)
            case "reset":
                if why := await lane.order(Reset):
                    return _no(why)
            case "admit":
                if why := await lane.admit(Direction(request["direction"])):
                    return _no(why)
                done = {"reason": Reason.STAFF_ADMITTED.value}
            case "inside":
                if not await lane.set_inside(max(0, int(request["count"]))):
                    return _no("the count could not be recorded")
            case other:
                return _no(f"{other!r} is none of status, order, extend, reset, admit, inside")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _no(f"this request is not understood ({error})")
    return {"ok": True, **done, **await _status(lane)}


async def _status(lane: Lane) -> dict[str, Any]:
    state = lane.state
    return {
        "phase": state.phase.value,
        "mode": state.mode.value,
        "orders": sorted(state.orders),
        "alarms": sorted(state.alarms),
        "missing": sorted(state.missing),
        "door": {None: None, True: "open", False: "closed"}[state.door.open],
        "inside": await lane.inside(),
    }


def _no(problem: str) -> dict[str, Any]:
    return {"ok": False, "problem": problem}
