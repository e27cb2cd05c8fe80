"""The client's end of a lane's control socket."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gate.control.requests import LONGEST_ANSWER, CheckRequest, Request, as_json
from gate.errors import GateError, in_words

SOCKET = "control.sock"
ANSWER_WITHIN = 5.0  # seconds
CHECKED_WITHIN = 20.0  # seconds: a process of its own looks the person up, on a slow card
_ROOM_EVERY = 0.01  # seconds between two tries to connect
STAFF_GROUP = "gate-staff"
"""Members of this group may order, where it exists."""


class RefusedOrderError(GateError):
    """The lane refuses an order.  `code`: a word of `gate.core.lane.refusal.OrderCode`, or "" of an older lane."""

    def __init__(self, problem: str, code: str) -> None:
        super().__init__(f"the lane refuses: {problem}", hint="See `gate lane status`")
        self.code = code


def send_request(run_dir: Path, request: Request) -> dict[str, Any]:
    """Return the lane's answer.  Blocks.  Raises GateError when no lane answers, RefusedOrderError when it
    refuses."""
    with _conversing(run_dir, request) as connection, connection.makefile("rb") as answers:
        return _good(json.loads(answers.readline(LONGEST_ANSWER)))


def watch_lane(run_dir: Path, request: Request) -> Iterator[dict[str, Any]]:
    """Yield the answers to a request that has many (`watch`), until the lane ends.  Blocks.  Raises GateError."""
    with _conversing(run_dir, request) as connection, connection.makefile("rb") as answers:
        while line := answers.readline(LONGEST_ANSWER):
            yield _good(json.loads(line))


def _good(answer: Any) -> dict[str, Any]:
    if not answer["ok"]:
        raise RefusedOrderError(str(answer.get("problem", "")), str(answer.get("code", "")))
    good: dict[str, Any] = answer
    return good


@contextmanager
def _conversing(run_dir: Path, request: Request) -> Iterator[socket.socket]:
    """Yield a connection on which the request was sent.  Raises GateError, also for an answer that is none."""
    folder = -1
    try:
        folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CHECKED_WITHIN if isinstance(request, CheckRequest) else ANSWER_WITHIN)
            _connect(connection, socket_path(folder))
            with suppress(BrokenPipeError):  # no place was free: the lane has answered and closed
                connection.sendall(json.dumps(as_json(request)).encode() + b"\n")
            yield connection
    except PermissionError as error:
        raise GateError(
            f"this account may not give orders to the lane in {run_dir}",
            hint=f"Add it to group {STAFF_GROUP} (`sudo usermod -aG {STAFF_GROUP} USER`), or use `sudo gate lane …`",
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GateError(
            f"no lane answers in {run_dir} ({in_words(error)})",
            hint="Start it (`systemctl start gate`), and name its configuration by --config",
        ) from error
    finally:
        if folder >= 0:
            os.close(folder)


def _connect(connection: socket.socket, path: str) -> None:
    """Connect, waiting for room: the kernel refuses at once while too many connections wait.  Raises OSError."""
    end = time.monotonic() + ANSWER_WITHIN
    while True:
        try:
            connection.connect(path)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(_ROOM_EVERY)
        else:
            return


def socket_path(folder: int) -> str:
    """Return the socket's path by its folder's descriptor: the kernel takes no path beyond 107 bytes."""
    return f"/proc/self/fd/{folder}/{SOCKET}"
