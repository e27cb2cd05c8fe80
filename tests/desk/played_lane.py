"""A lane's control socket as the desk meets it, played by a test: what it answers, and what it was asked."""

import json
import socket
import threading
from collections.abc import Callable
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
    """A lane that a test plays; its requests are checked by the lane's own parser."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / SOCKET
        self.asked: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._state: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._listening: socket.socket | None = None
        self._open: list[socket.socket] = []

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.path))
        self._listening.listen()
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        """Go away, as a lane that is restarted."""
        assert self._listening
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.path.unlink(missing_ok=True)
        with self._changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()
            self._changed.notify_all()

    def set(self, **changes: Any) -> None:
        """Change the status, and let those who watch know."""
        with self._changed:
            self._state |= changes
            self._changed.notify_all()

    def decide(self, row: dict[str, Any]) -> None:
        self.decisions.insert(0, row)
        self.set(last={key: row[key] for key in ("seq", "at", "reason", "direction")})

    def requests(self, do: str) -> list[dict[str, Any]]:
        return [request for request in list(self.asked) if request["do"] == do]

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._changed:
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                try:
                    parse_request(line)
                    request = json.loads(line)
                    self.asked.append(request)
                    answer = self._answer(request)
                except ValueError as error:
                    answer = {"ok": False, "code": "malformed", "problem": str(error)}
                if answer is None:
                    self._watch(connection)
                    break
                connection.sendall(json.dumps(answer).encode() + b"\n")

    def _watch(self, connection: socket.socket) -> None:
        while connection in self._open:
            with self._changed:
                line = json.dumps(status(**self._state) | {"at": NOW()}).encode() + b"\n"
            connection.sendall(line)
            with self._changed:
                self._changed.wait(1.0)

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

        threading.Timer(0.6, close).start()
        return status(**self._state) | {"reason": "staff_admitted"}


def no(code: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An answer that refuses."""
    return lambda _: {"ok": False, "code": code, "problem": f"it is {code}"}
