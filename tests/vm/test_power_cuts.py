"""The plug is pulled in the middle of a stream of passes: nothing that was seen outside is lost, and nothing works
twice."""

import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.process import run_gate
from tests.vm.door import Door
from tests.vm.machine import Machine, state_on_disk
from tests.vm.place import Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3600)]


def test_a_power_cut_loses_nothing_and_lets_nobody_in_twice(
    request: pytest.FixtureRequest,
    thawed: Callable[[], Machine],
    place: Place,
    tmp_path: Path,
) -> None:
    """The disk keeps a random part of what was not flushed; it is judged as the next boot would find it."""
    moments = random.Random(request.config.getoption("--seed"))
    openings = 0
    for cut in range(request.config.getoption("--cuts")):
        machine = thawed()
        door = Door(machine)
        end = time.monotonic() + moments.uniform(3, 14)
        admitted = []
        for idx in range(100, 200, 2):
            if time.monotonic() > end:
                break
            if door.try_show(place.issue(idx), until=end) == "admitted":
                admitted.append(idx)
        machine.cut()
        folder = tmp_path / f"cut-{cut}"
        folder.mkdir()
        state = state_on_disk(machine, folder)
        with closing(sqlite3.connect(state / "lane.db")) as connection:
            (recorded,) = connection.execute("SELECT count(*) FROM journal WHERE reason = 'admitted'").fetchone()
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        seen = door.openings()
        assert seen <= recorded, f"cut {cut}: {seen} openings, {recorded} rows"
        assert len(admitted) <= recorded
        assert gate("journal", "verify", "--state-dir", state).startswith("whole")
        config = folder / "gate.toml"
        config.write_text(place.config_of_copy(state))
        for idx in admitted:
            answer = json.loads(gate("verify", "--json", "--config", config, place.issue(idx)))
            assert answer["outcome"] == "reject", f"cut {cut}: person {idx} could enter twice"
            assert answer["reason"] in ("already_used", "too_soon")
        openings += seen
        shutil.rmtree(folder)
    assert openings, "no cut came after an opening: nothing was tried"


def gate(*arguments: object) -> str:
    """Run a command of this checkout's gate on what was left; return its output.  A refusal is no failure."""
    done = run_gate(*arguments)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout
