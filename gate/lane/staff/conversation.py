"""The conversation with one client of the control socket.

No client can block or end the lane: connections, requests and their pace are bounded, and a malformed request gets
an answer.
"""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gate.control.requests import LONGEST
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.lane.staff.desk import StaffDesk, Watching, refused
from gate.lane.staff.peers import peer_of, uid_of

MOST_CLIENTS = 16
MOST_OF_ONE = 6
"""Connections at once, in all and of one account: one that floods leaves room for the others."""

IDLE_FOR = 10.0  # seconds without a whole request, or without taking an answer, after which a client is closed
PACE = 0.02  # seconds between two requests, of all clients: each may cost the writing thread a query
WATCH_PACE = 0.2  # seconds between two lines to a client that watches
WATCH_LATEST = 5.0  # seconds after which it gets a line though nothing has changed, as a sign of life


class Clients:
    """The clients of one lane, and what they share; belongs to its event loop."""

    def __init__(self, desk: StaffDesk) -> None:
        self._desk = desk
        self._of: Counter[int] = Counter()
        self._turn = asyncio.Lock()
        self._status: tuple[object, dict[str, Any]] | None = None  # the last one that was watched

    async def serve(self, connection: socket.socket) -> None:
        """Serve one client until it closes, falls silent or does not take its answers."""
        try:
            reader, writer = await asyncio.open_connection(sock=connection, limit=LONGEST)
        except OSError:
            connection.close()
            return
        try:
            with suppress(OSError, ValueError, TimeoutError):  # ValueError: the line is too long
                await self._converse(reader, writer, uid_of(connection))
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, uid: int) -> None:
        with self._place(uid) as placed:
            if not placed:
                why = OrderRefusal(OrderCode.TOO_MANY, "too many connections: close one, and ask again")
                writer.write(_line(refused(why)))
                return
            peer = await peer_of(uid)
            while line := await asyncio.wait_for(reader.readline(), IDLE_FOR):
                async with self._turn:
                    await asyncio.sleep(PACE)
                answer = await self._desk.answer(line, peer)  # out of turn: a check or a picture takes a second
                del line  # it may hold a person's number
                if isinstance(answer, Watching):
                    await self._watch(reader, writer)
                    return
                await _write(writer, answer)

    async def _watch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write the status at once and after each change, until the client closes or asks anything else."""
        loop, shown, due = asyncio.get_running_loop(), object(), 0.0
        while True:
            mark = self._desk.status.mark()
            if mark != shown or loop.time() >= due:
                await _write(writer, {"ok": True, **await self._seen(mark)})
                shown, due = mark, loop.time() + WATCH_LATEST
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.readline(), WATCH_PACE)
                return

    async def _seen(self, mark: object) -> dict[str, Any]:
        """Return the status, made once for all who watch."""
        if self._status is None or self._status[0] != mark or self._is_old(self._status[1]):
            self._status = mark, await self._desk.status.now()
        return self._status[1]

    def _is_old(self, status: dict[str, Any]) -> bool:
        return bool(abs(self._desk.status.at() - status["at"]) > WATCH_LATEST / 2)

    @contextmanager
    def _place(self, uid: int) -> Iterator[bool]:
        """Yield whether this account gets a place, and hold it for the block."""
        if self._of.total() >= MOST_CLIENTS or self._of[uid] >= MOST_OF_ONE:
            yield False
            return
        self._of[uid] += 1
        try:
            yield True
        finally:
            self._of[uid] -= 1


async def _write(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(_line(answer))
    await asyncio.wait_for(writer.drain(), IDLE_FOR)


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
