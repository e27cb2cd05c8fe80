"""A client of the daemon's kiosk page, as any script may be: its stream of server-sent events."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event, Thread
from typing import Any

SILENCE = 5.0  # seconds; the stream beats every second
PAUSE = 0.1  # seconds between two attempts to connect


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of the stream."""

    name: str  # state, decided, grant_ended, heartbeat
    data: dict[str, Any]


def parse(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Yield events of a stream of lines without their ends (WHATWG HTML, 9.2.6); data other than JSON objects is
    skipped."""
    name, data = "message", []
    for line in lines:
        if line:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            continue
        if data and isinstance(body := json.loads("\n".join(data)), dict):
            yield StreamEvent(name, body)
        name, data = "message", []


class Follower:
    """A client that reads on a thread, and reconnects when the stream breaks.  Use as an async context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended = Event()
        self._events: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self._serving = asyncio.Event()
        self._changed = asyncio.Event()
        self.page: dict[str, Any] = {}  # the newest `state`: the content of the kiosk page
        self.ms: list[float] = []  # of every decision: from the frame to the committed answer

    async def __aenter__(self) -> "Follower":
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._run, name="demo-follow", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        await asyncio.to_thread(self._thread.join, SILENCE)

    async def in_service(self) -> None:
        """Wait until the gate is ready for people."""
        await self._serving.wait()

    async def until(self, holds: Callable[[dict[str, Any]], bool], within: float) -> None:
        """Wait until this holds for the page's content, or for `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not holds(self.page):
                    self._changed.clear()
                    await self._changed.wait()

    async def next(self, *names: str) -> StreamEvent:
        """Return the next event of one of these names; others before it are dropped."""
        while (event := await self._events.get()).name not in names:
            pass
        return event

    def drain(self) -> list[StreamEvent]:
        """Return the events that were not fetched."""
        left = []
        while not self._events.empty():
            left.append(self._events.get_nowait())
        return left

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._read()
            except (OSError, HTTPException, ValueError):
                self._ended.wait(PAUSE)

    def _read(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=SILENCE)
        try:
            connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status == 200:
                for event in parse(self._lines(answer)):
                    if self._ended.is_set():
                        return
                    self._loop.call_soon_threadsafe(self._take, event)
            self._ended.wait(PAUSE)
        finally:
            connection.close()

    def _lines(self, answer: HTTPResponse) -> Iterator[str]:
        while not self._ended.is_set() and (line := answer.readline()):
            yield line.decode().rstrip("\r\n")

    def _take(self, event: StreamEvent) -> None:
        if event.name == "state":
            self.page = event.data
            self._changed.set()
            if event.data.get("scene") not in ("out_of_service", "fire", "no_signal"):
                self._serving.set()
        elif event.name in ("decided", "grant_ended"):
            self._events.put_nowait(event)
            if event.name == "decided":
                self.ms.append(float(event.data["ms"]))
