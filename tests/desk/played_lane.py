"""A lane's control socket as the desk meets it, played by a test: what it answers, and what it was asked."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from gate.control.client import SOCKET
from gate.control.parsing import parse_request
from gate.runtime.clock import SystemClock

NOW = SystemClock().now


def status(**changes: Any) -> dict[str, Any]:
    """A lane at rest."""
    return {
        "ok": True,
        "at": NOW(),
        "timezone": "Asia/Almaty",
        "phase": "ready",
        "since": NOW() - 60,
        "mode": "enforce",
        "orders": [],
        "until": {},
        "given_by": {},
        "extended": None,
        "alarms": [],
        "missing": [],
        "cannot": [],
        "fire": None,
        "problems": {},
        "contacts": [],
        "door": None,
        "list": {"age_s": 900, "grade": "fresh", "people": 8123},
        "clock": {"trust": "trusted", "behind_s": 0},
        "index": True,
        "last": None,
        "inside": 42,
    } | changes


def decision(seq: int, reason: str, ago: float = 20.0, **changes: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": NOW() - ago,
        "reason": reason,
        "direction": "entry",
        "reader": "reader[0]",
        "detail": {},
        "passage": None,
        "staff": None,
    } | changes


class PlayedLane:
    """A lane that a test plays, in a thread of its own; its requests are checked by the lane's own parser."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / SOCKET
        self.asked: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._state: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        if not self._thread.is_alive():
            self._thread.start()
        self._wait_for(self._start())

    def leave(self) -> None:
        """Go away, as a lane that is restarted; `start` comes back."""
        self._wait_for(self._leave())

    def stop(self) -> None:
        """End for good."""
        self.leave()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Free what a lane holds that does not run."""
        self._loop.close()

    def set(self, **changes: Any) -> None:
        """Change the status, and let those who watch know."""
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._wait_for(self._set(changes))
        else:
            self._state |= changes
            self._announce()

    def decide(self, row: dict[str, Any]) -> None:
        self.decisions.insert(0, row)
        self.set(last={key: row[key] for key in ("seq", "at", "reason", "direction")})

    def requests(self, do: str) -> list[dict[str, Any]]:
        return [request for request in list(self.asked) if request["do"] == do]

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _set(self, changes: dict[str, Any]) -> None:
        self._state |= changes
        self._announce()

    async def _start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, str(self.path))

    async def _leave(self) -> None:
        if self._server:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self.path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            with suppress(OSError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            try:
                parse_request(line)
                request = json.loads(line)
                self.asked.append(request)
                answer = self._answer(request)
            except ValueError as error:
                answer = {"ok": False, "code": "malformed", "problem": str(error)}
            if answer is None:
                await self._watch(writer)
                return
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            changed = self._changed
            writer.write(json.dumps(status(**self._state) | {"at": NOW()}).encode() + b"\n")
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await changed.wait()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        do = request["do"]
        if do in self.answers:
            return self.answers[do](request)
        match do:
            case "watch":
                return None
            case "recent":
                return {"ok": True, "decisions": self.decisions[: request.get("n", 20)]}
            case "order":
                self._order(request)
            case "extend":
                self.set(extended=NOW() + 60 if request.get("on", True) else None)
            case "inside":
                self.set(inside=request["count"])
            case "reset":
                self.set(fire=None, phase="ready")
            case "admit":
                return self._admit(request)
        return status(**self._state)

    def _order(self, request: dict[str, Any]) -> None:
        mode = request["mode"]
        orders = [one for one in self._state.get("orders", []) if one != mode] + ([mode] if request["on"] else [])
        prevails = orders[-1] if orders else "enforce"
        phase = prevails if orders else "ready"
        until = {mode: request["until"]} if request.get("until") else {}
        self.set(orders=orders, mode=prevails, phase=phase, until=until, given_by={mode: f"desk {request['user']}"})

    def _admit(self, request: dict[str, Any]) -> dict[str, Any]:
        seq = len(self.decisions) + 1
        row = decision(seq, "staff_admitted", 0, staff=f"desk {request['user']}", reader="staff")
        self.decide(row)
        self.set(phase="released")

        def close() -> None:
            row["passage"] = "passed"
            self.set(phase="ready")

        self._loop.call_later(0.6, close)
        return status(**self._state) | {"reason": "staff_admitted"}


def no(code: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An answer that refuses."""
    return lambda _: {"ok": False, "code": code, "problem": f"it is {code}"}
