"""A gate whose clock leaps, or whose list came from the future: processes on a machine whose clock tests set."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gate.core.model import Listing
from tests.commands.process import run_gate
from tests.system.rig import Site, eventually, replay, running

YEAR = 365 * 86400
PEOPLE = {1: Listing.GREEN, 2: Listing.GREEN, 3: Listing.GREEN}
BARRIER = '[barrier]\ndriver = "fake"\n'
MACHINE = """
import os, time
_time, _gettime = time.time, time.clock_gettime
def _offset():
    with open(os.environ["TEST_CLOCK"]) as file:
        return float(file.read() or 0)
time.time = lambda: _time() + _offset()
# The machine has run for long: no time service is about to set its clock for the first time.
time.clock_gettime = lambda which: _gettime(which) + (1e6 if which == time.CLOCK_BOOTTIME else 0)
"""


class Machine:
    """The clock of the processes that a test starts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(MACHINE)
        self.folder, self._file = folder, folder / "offset"
        self.set(0)

    def set(self, offset: float) -> None:
        """Seconds by which the clock is ahead of this machine's."""
        new = self._file.with_suffix(".new")
        new.write_text(str(offset))
        new.replace(self._file)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "machine")
    monkeypatch.setenv("PYTHONPATH", str(made.folder))
    monkeypatch.setenv("TEST_CLOCK", str(made.folder / "offset"))
    return made


@pytest.fixture
def site(tmp_path: Path, machine: Machine) -> Site:
    machine.set(0)
    made = Site(tmp_path, PEOPLE)
    made.configure(replay(tmp_path, made.issue(1)), BARRIER, sync_table(made))
    assert gate("sync", "--once", "--config", str(made.config)).returncode == 0
    return made


def sync_table(site: Site) -> str:
    return f'[sync]\nmirrors = ["{site.authority.public.as_uri()}"]\nroot = "{site.authority.path / "root.json"}"\n'


def gate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments, timeout=90)


def asked(*arguments: str) -> dict[str, Any]:
    done = gate(*arguments, "--json")
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def details(site: Site) -> list[str]:
    return [row["detail"] for row in site.rows("event = 'clock'")]


def test_seventy_nine_years_for_some_seconds_leave_nothing_behind(site: Site, machine: Machine, tmp_path: Path) -> None:
    config = ("--config", str(site.config))
    with running(site):
        eventually(lambda: site.reasons() == ["admitted"], "an entry")
        machine.set(79 * YEAR)
        eventually(lambda: any(detail.startswith("ahead by") for detail in details(site)), "a row of it")
        assert asked("clock", "status", *config)["standing"] == "ahead"
        assert asked("verify", site.issue(2), *config)["reason"] == "admitted"  # by the running time
        assert gate("sync", "--once", *config).returncode == 0
        doctor = gate("doctor", *config)
        assert doctor.returncode == 1
        assert re.search(r"✗ clock +the trusted time is 20\d\d-.* the system clock says 21\d\d-", doctor.stdout)
        machine.set(0)
        eventually(lambda: details(site)[-1] == "right again", "the end of it")
    site.configure(replay(tmp_path, site.issue(2)), BARRIER, sync_table(site))
    with running(site):
        eventually(lambda: site.reasons() == ["admitted", "admitted"], "another entry")
    assert asked("clock", "status", *config)["standing"] == "trusted"
    assert asked("list", "status", *config)["freshness"] == "fresh"


def test_a_clock_that_is_wrong_from_the_start_is_forgotten_once_it_is_right(
    site: Site, machine: Machine, tmp_path: Path
) -> None:
    config = ("--config", str(site.config))
    machine.set(2 * YEAR)
    with running(site) as daemon:
        eventually(lambda: site.reasons() == ["expired"], "a refusal")
        daemon.process.kill()
    machine.set(0)
    assert asked("clock", "status", *config)["standing"] == "trusted"
    assert asked("verify", site.issue(2), *config)["reason"] == "admitted"
    assert gate("sync", "--once", *config).returncode == 0
    site.configure(replay(tmp_path, site.issue(3)), BARRIER, sync_table(site))
    with running(site):
        eventually(lambda: site.reasons()[1:] == ["admitted"], "an entry")


def test_a_clock_that_fell_back_and_leaps_is_believed_no_more_for_a_lane_that_was_killed(
    site: Site, machine: Machine
) -> None:
    config = ("--config", str(site.config))
    with running(site) as daemon:
        eventually(lambda: site.reasons() == ["admitted"], "an entry")
        machine.set(-3600)
        eventually(lambda: bool(details(site)), "a row of it")
        daemon.stop(signal.SIGKILL)
    machine.set(YEAR)
    assert asked("clock", "status", *config)["standing"] == "ahead"
    with running(site):
        eventually(
            lambda: details(site)[1:] == [f"ahead by {YEAR} s: going on by the running time"], "a row of the leap"
        )
        assert asked("verify", site.issue(2), *config)["reason"] == "admitted"
    machine.set(0)
    assert asked("clock", "status", *config)["standing"] == "trusted"


def test_a_list_of_2107_is_refused_and_where_it_was_taken_it_is_healed_by_sync(site: Site, machine: Machine) -> None:
    config, authority = ("--config", str(site.config)), str(site.authority.path)
    future = str(site.now + 80 * YEAR)
    refused = gate("authority", "publish", authority, "--at", future)
    assert (refused.returncode, "Traceback" in refused.stderr) == (65, False)  # a person must mean it
    assert "add --ahead" in refused.stderr
    assert gate("authority", "publish", authority, "--at", future, "--ahead").returncode == 0
    refused = gate("sync", "--once", *config)
    assert (refused.returncode, "the list is dated 21" in refused.stderr) == (1, True)
    assert asked("verify", site.issue(2), *config)["reason"] == "admitted"
    assert gate("authority", "publish", authority).returncode == 1

    machine.set(80 * YEAR)  # as a gate that believed it
    assert gate("sync", "--once", *config).returncode == 0
    machine.set(0)
    with running(site):
        eventually(lambda: len(site.reasons()) == 1, "a refusal")
        assert asked("clock", "status", *config)["standing"] == "behind"
        reset = gate("authority", "reset-time", authority)
        assert reset.returncode == 0, reset.stderr
        assert gate("authority", "publish", authority).returncode == 0
        healed = gate("sync", "--once", *config)
        assert healed.returncode == 0, healed.stderr
        eventually(lambda: any("reset number 1" in detail for detail in details(site)), "the reset")
    assert site.reasons() != ["admitted"]
    assert asked("clock", "status", *config)["standing"] == "trusted"
    assert asked("verify", site.issue(2), *config)["reason"] == "admitted"
    assert gate("journal", "verify", *config).returncode == 0


def test_by_hand_where_the_list_is_wrong(site: Site, machine: Machine) -> None:
    config, authority = ("--config", str(site.config)), str(site.authority.path)
    with running(site):
        eventually(lambda: site.reasons() == ["admitted"], "an entry")
    gate("authority", "publish", authority, "--at", str(site.now + 30 * 86400), "--ahead")
    machine.set(30 * 86400)
    assert gate("sync", "--once", *config).returncode == 0
    with running(site) as daemon:
        eventually(lambda: "taken" in daemon.said().rpartition("event=ready")[2], "the list to be taken")
    machine.set(0)
    assert "--list-is-wrong" in gate("clock", "reset", "--yes", *config).stderr
    done = gate("clock", "reset", "--yes", "--list-is-wrong", *config)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked("verify", site.issue(2), *config)["reason"] == "list_expired"
    gate("authority", "reset-time", authority)
    gate("authority", "publish", authority)
    assert gate("sync", "--once", *config).returncode == 0
    with running(site):
        eventually(lambda: asked("verify", site.issue(2), *config)["reason"] == "admitted", "the list to be taken")


@pytest.mark.slow
@pytest.mark.parametrize("offset", ["-1e12", str(2**32), str(8000 * YEAR)])
def test_no_clock_ends_in_a_traceback(site: Site, machine: Machine, offset: str) -> None:
    (machine.folder / "offset").write_text(offset)
    config = ("--config", str(site.config))
    for command in (("clock", "status"), ("list", "status"), ("verify", "AQ1:X"), ("doctor",), ("sync", "--once")):
        done = gate(*command, *config)
        assert "Traceback" not in done.stderr, (command, done.stderr)
        assert done.returncode in (0, 1)
