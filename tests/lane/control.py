"""A lane with its control socket, and a client that says what it likes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from gate.core.lane.modes import Phase
from gate.core.lane.state import Equipment
from gate.core.model import Stance
from gate.lane.staff.control_socket import serve_control
from gate.store.database import File, open_for_reading
from tests.lane.rig import Rig, working

ABLE = Equipment(0.3, 0.4, frozenset(), stances=frozenset({Stance.FREE, Stance.BLOCKED}))


@asynccontextmanager
async def controlled(state: Path, at_first: Collection[Phase] = (), rig: Rig | None = None) -> AsyncIterator[Rig]:
    async with working(rig or Rig(state, equipment=ABLE), at_first) as rig:
        serving = asyncio.create_task(serve_control(rig.desk, state))
        await rig.until((state / "control.sock").exists)
        yield rig
        serving.cancel()
        await asyncio.wait([serving])


def connect(state: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(state / "control.sock"))
    return connection


def say(state: Path, line: bytes) -> dict[str, Any]:
    with connect(state) as connection, connection.makefile("rb") as answers:
        with suppress(BrokenPipeError):  # no place was free: the lane has answered, and closed
            connection.sendall(line + b"\n")
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer


async def told(state: Path, **request: Any) -> dict[str, Any]:
    return await asyncio.to_thread(say, state, json.dumps(request).encode())


def rows(state: Path, where: str = "actor IS NOT NULL") -> list[tuple[Any, ...]]:
    """Return event, reason or detail, and actor of journal rows."""
    connection = open_for_reading(File.LANE, state)
    assert connection is not None
    query = f"SELECT event, coalesce(reason, detail), actor FROM journal WHERE {where} ORDER BY seq"
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
