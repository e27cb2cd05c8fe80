"""A gate in a virtual machine, as the people before it see it."""

import json
import time
from typing import Any, NoReturn

import pytest

from tests.vm.machine import PATIENCE, SLOWEST_PACE, Machine, is_emulated
from tests.vm.place import RELAY, frame

DECIDED = 240.0 * PATIENCE  # seconds; emulation is slow, and a camera may have to be opened again


class Door:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def wait_until_ready(self, patience: float, since: int = 0) -> None:
        """Wait until the page asks for a code, after that many reports from outside."""
        end = time.monotonic() + patience
        while True:
            states = [report["data"] for report in self.machine.outside(since) if report.get("event") == "state"]
            if states and states[-1]["scene"] == "idle":
                return
            if time.monotonic() > end:
                self._too_late(f"not ready in {patience:.0f} s")
            time.sleep(0.5)

    def _too_late(self, what: str) -> NoReturn:
        """Fail; but skip where the processor is emulated, and too slowly now to say anything about the gate."""
        why, pace = self.why(), self.machine.pace()
        if is_emulated(self.machine.image) and pace > SLOWEST_PACE:
            pytest.skip(f"this host emulates too slowly: {what}; {pace:.1f} s for a piece of work, not {SLOWEST_PACE}")
        raise AssertionError(f"{what}, and a piece of work takes {pace:.1f} s: {why}")

    def show(self, text: str) -> str:
        """Hold a pass before the camera until the gate decides, then take it away; return the reason."""
        before = self._newest_row()
        reason = self.try_show(text, time.monotonic() + DECIDED)
        if reason is None:  # or the page was being started again when the gate decided
            missed = [row for row in self.rows() if row["seq"] > before]
            reason = str(missed[0]["reason"]) if missed else self._too_late(f"no decision in {DECIDED:.0f} s")
        return reason

    def try_show(self, text: str, until: float) -> str | None:
        """Hold a pass before the camera until the gate decides, at the latest until a monotonic time; return the
        reason."""
        since = len(self.machine.outside())
        self.machine.put("/run/camera.yuv", frame(text))
        patience = until - time.monotonic()
        decided = self.machine.wait_outside(lambda report: report.get("event") == "decided", since, patience)
        self.machine.put("/run/camera.yuv", frame(None))
        return str(decided["data"]["reason"]) if decided else None

    def openings(self, since: int = 0) -> int:
        """Return how often the relay has opened the door, seen from outside, since that many reports."""
        return sum(report.get("line") == RELAY and report.get("level") == 1 for report in self.machine.outside(since))

    def closes(self, patience: float) -> bool:
        """Return whether the relay is without current within `patience` seconds."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.machine.run(f"cat /run/gpio/sim_gpio{RELAY}/value").strip() == "0":
                return True
        return False

    def rows(self) -> list[dict[str, Any]]:
        """Return the journal's decisions."""
        lines = self.machine.run("gate journal tail -n 100000 --config /etc/gate/gate.toml --json").splitlines()
        return [row for row in map(json.loads, lines) if row["event"] == "decision"]

    def _newest_row(self) -> int:
        file = "/var/lib/gate/lane.db"
        query = (
            f"import sqlite3; print(sqlite3.connect('{file}').execute('SELECT max(seq) FROM journal').fetchone()[0])"
        )
        return int(self.machine.run(f'python3 -c "{query}"'))

    def why(self) -> str:
        """Return what the units have logged last."""
        log = self.machine.try_run("systemctl --no-pager status gate gate-sync; journalctl -n 40 --no-pager").stdout
        return log.decode(errors="replace")
