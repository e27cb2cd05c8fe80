"""Orders of staff to a running lane: the requests on its socket, and the client side.

One JSON object a line, one answer a line:

    {"do": "status"}                                       {"ok": true, "phase": "ready", ...}
    {"do": "order", "mode": "locked_down", "on": true}     {"ok": true, "phase": "locked_down", ...}
    {"do": "extend"} | {"do": "reset"}
    {"do": "admit", "direction": "entry"}                  {"ok": true, "reason": "staff_admitted", ...}
    {"do": "inside", "count": 12}

Each may carry `by`: the name of the person who orders.  The lane records the account beside it, from the kernel's
credentials.  A refused request gets `{"ok": false, "problem": "..."}`.
"""

import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.errors import GateError
from gate.store.occupancy import MOST_INSIDE

SOCKET = "control.sock"
LONGEST = 4096  # bytes of a request
ANSWER_WITHIN = 5.0  # seconds
_ROOM_EVERY = 0.01  # seconds between two tries to connect
STAFF_GROUP = "gate-staff"
"""Members of this group may order, where it exists."""

Person = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\p{C}\p{Zl}\p{Zp}]+$")]
"""Without control characters and marks of direction, which would rewrite the journal's line on a screen."""


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    by: Person | None = None


class StatusRequest(_Request):
    do: Literal["status"] = "status"


class ModeRequest(_Request):
    """A standing order."""

    do: Literal["order"] = "order"
    mode: Literal[Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE, Mode.FREE]  # gate.core.lane.modes.STANDING
    on: bool


class ExtendRequest(_Request):
    do: Literal["extend"] = "extend"


class ResetRequest(_Request):
    do: Literal["reset"] = "reset"


class AdmitRequest(_Request):
    do: Literal["admit"] = "admit"
    direction: Direction


class InsideRequest(_Request):
    do: Literal["inside"] = "inside"
    count: Annotated[int, Field(ge=0, le=MOST_INSIDE)]


Request = StatusRequest | ModeRequest | ExtendRequest | ResetRequest | AdmitRequest | InsideRequest
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])


def parse_request(line: bytes) -> Request:
    """Parse a request.  Raises ValueError for any other bytes, with the fault in one line of our own words."""
    try:
        return _REQUEST.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"].startswith(("json", "model")) or (not first["loc"] and not first["type"].startswith("union")):
        raise ValueError("this request is not one JSON object in one line")
    if first["type"].startswith("union"):
        raise ValueError("`do` is not one of status, order, extend, reset, admit, inside")
    key = str(first["loc"][-1]) if first["loc"] else ""
    match key:
        case "mode":
            words = "is no order; orders are locked_down, out_of_service, maintenance, free"
        case "count":
            words = f"is no whole number from 0 to {MOST_INSIDE}"
        case "direction":
            words = "is neither entry nor exit"
        case "on":
            words = "is neither true nor false"
        case "by":
            words = "is no name of 1 to 64 characters"
        case _:
            words = "does not belong here"
    raise ValueError(f"`{key[:40]}` is missing, or {words}")


def send_request(run_dir: Path, request: Request) -> dict[str, Any]:
    """Return the lane's answer.  Blocks.  Raises GateError when no lane answers, or when it refuses."""
    folder = -1
    try:
        folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_WITHIN)
            _connect(connection, socket_path(folder))
            with suppress(BrokenPipeError):  # no place was free: the lane has answered and closed
                connection.sendall(request.model_dump_json().encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline(LONGEST * 4))
        good, problem = bool(answer["ok"]), str(answer.get("problem", ""))
    except PermissionError as error:
        raise GateError(
            f"this account may not give orders to the lane in {run_dir}",
            hint=f"Add it to group {STAFF_GROUP} (`sudo usermod -aG {STAFF_GROUP} USER`), or use `sudo gate lane …`",
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GateError(
            f"no lane answers in {run_dir} ({error})",
            hint="Start it (`systemctl start gate`), and name its configuration by --config",
        ) from error
    finally:
        if folder >= 0:
            os.close(folder)
    if not good:
        raise GateError(f"the lane refuses: {problem}", hint="See `gate lane status`")
    return answer


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
