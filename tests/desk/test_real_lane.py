"""The desk before a lane that is real: what a guard and a supervisor order happens, and is theirs in the journal."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.played_lane import NOW, PlayedLane
from tests.desk.rig import PATIENCE, Browser, RunningDesk, browser, running_desk, write_config

BARRIER = '[barrier]\ndriver = "fake"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    config = write_config(tmp_path)
    config.write_text(config.read_text() + BARRIER)
    with (tmp_path / "lane.log").open("w") as log:
        command = [sys.executable, "-m", "gate", "run", "--config", str(config)]
        lane = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            end = time.monotonic() + PATIENCE
            while not (tmp_path / "state/control.sock").exists():
                assert time.monotonic() < end
                assert lane.poll() is None, (tmp_path / "lane.log").read_text()
                time.sleep(0.05)
            unused = PlayedLane(tmp_path / "nowhere")  # never started
            with running_desk(tmp_path, lane=unused) as running:
                yield running
            unused.close()
        finally:
            lane.terminate()
            lane.wait(PATIENCE)


@pytest.mark.slow
def test_orders_happen_and_are_their_users(desk: RunningDesk) -> None:
    with browser(desk) as guard, browser(desk) as chief:
        guard.sign_in("guard-07")
        chief.sign_in("chief")
        let_in = guard.post("admit", {"direction": "entry", "why": "no_phone"}).json()
        assert (let_in["reason"], let_in["phase"]) == ("staff_admitted", "released")
        assert guard.post("admit", {"direction": "entry", "why": "other"}).json()["code"] == "busy"
        row = guard.get("recent").json()["decisions"][0]
        assert (row["seq"], row["detail"]) == (let_in["last"]["seq"], {"why": "no_phone"})
        assert row["staff"].startswith("desk guard-07")
        assert guard.post("extend", {"on": True}).json()["ok"]  # the person at the lane has it

        closed = guard.post("order", {"mode": "locked_down", "on": True}).json()
        assert closed["orders"] == ["locked_down"]
        assert closed["given_by"]["locked_down"].startswith("desk guard-07")
        assert guard.post("order", {"mode": "locked_down", "on": False}).json()["code"] == "not_allowed"
        assert guard.post("admit", {"direction": "entry", "why": "other"}).json()["code"] == "locked_down"
        assert chief.post("order", {"mode": "locked_down", "on": False}).json()["orders"] == []
        until = NOW() + 900
        free = chief.post("order", {"mode": "free", "on": True, "until": until}).json()
        assert abs(free["until"]["free"] - until) < 1
        assert chief.post("inside", {"count": 5}).json()["inside"] == 5
        assert _is_watched(chief, "free")


def _is_watched(one: Browser, phase: str) -> bool:
    """Whether the stream of the page comes to this phase."""
    with one.client.stream("GET", "/desk/api/watch", headers={"x-desk-token": one.token}) as stream:
        return any((json.loads(line)["lane"] or {}).get("phase") == phase for line in stream.iter_lines())
