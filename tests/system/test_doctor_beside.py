"""`gate doctor` beside a lane that runs, as a technician calls it."""

import json
import os
import pty
import subprocess
import sys
import tty
from pathlib import Path
from typing import Any

import pytest

from gate.core.model import Listing
from gate.store.lane_lock import claim_lane
from gate.testing.relay_board import RelayBoard
from tests.commands.process import run_gate
from tests.contract.camera_rigs import put
from tests.system.rig import Site, camera, eventually, lcus, running


def asked(site: Site, *options: str) -> list[dict[str, Any]]:
    done = run_gate("doctor", "--config", site.config, "--json", *options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def states(rows: list[dict[str, Any]], check: str) -> list[str]:
    return [row["state"] for row in rows if row["check"] == check]


def test_a_running_lane_keeps_its_devices_and_says_how_they_are(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    put(pictures, "1.png", "HELLO")
    scanner, line = pty.openpty()
    tty.setraw(line)
    port = f'[[reader]]\ndriver = "serial_scanner"\nscanner = "line"\nport = "{os.ttyname(line)}"\n'
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(camera(pictures), port, lcus(board), '[kiosk]\nlisten = "127.0.0.1:0"\n')
        with running(site) as daemon:
            eventually(lambda: site.reasons() != [], "the lane to look")
            rows = asked(site)
            assert rows[0]["lane"] == "running"
            assert states(rows, "lane") == states(rows, "barrier") == ["pass"]
            assert states(rows, "reader[0]") == ["pass", "unknown"]  # it is there; its picture is not measured
            assert "systemctl stop gate" in next(row["advice"] for row in rows if row["state"] == "unknown")
            held = [row["found"] for row in rows if row["check"] in ("barrier", "reader[0]")]
            assert all("the running lane" in found for found in held)  # neither was opened a second time
            assert board.openings == 0
            assert states(asked(site, "--camera"), "reader[0]") == ["unknown"]
            assert states(rows, "reader[1]") == ["pass"]
            os.write(scanner, b"\xff\xfe\r")
            eventually(lambda: "bytes that are no text" in daemon.said(), "the lane to drop noise")
            rows = asked(site)
            assert states(rows, "reader[1]") == ["pass", "warn"]
            (warned,) = (row for row in rows if row["check"] == "reader[1]" and row["state"] == "warn")
            assert warned["found"] == "dropped 1 times: bytes that are no text"
            assert "baud rate" in warned["advice"]
            assert states(rows, "reader[0]") == ["pass", "unknown"]
            board.unplug()
            eventually(lambda: "device=barrier" in daemon.said(), "the lane to miss its barrier")
            rows = asked(site)
            assert states(rows, "barrier") == ["fail"]
        rows = asked(site)
        assert rows[0]["lane"] == "stopped"
        assert states(rows, "lane") == []
    for descriptor in (scanner, line):
        os.close(descriptor)


def test_a_lane_that_does_not_answer_is_found_by_its_lock(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    with RelayBoard(tmp_path / "relay") as board:
        site.configure('[[reader]]\ndriver = "fake"\n', lcus(board))
        lock = claim_lane(site.state)  # as a lane that hangs holds it
        try:
            rows = asked(site)
        finally:
            os.close(lock)
        assert rows[0]["lane"] == "silent"
        assert states(rows, "lane") == ["fail"]
        assert f"process {os.getpid()}" in next(row["found"] for row in rows if row["check"] == "lane")
        assert states(rows, "barrier") == ["unknown"]
        assert board.frames == []


def test_a_fleet_gets_a_line_of_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.configure('[[reader]]\ndriver = "fake"\n', hold="for ever")
    (row,) = asked(site)
    assert (row["check"], row["state"]) == ("config", "fail")
    assert "lane.hold" in row["found"]
    assert row["advice"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_may_not_look_opens_no_device(tmp_path: Path) -> None:
    """A person who cannot see whether a lane runs must not lock the door that somebody walks through."""
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    with RelayBoard(tmp_path / "relay") as board:
        site.configure('[[reader]]\ndriver = "fake"\n', lcus(board))
        site.state.chmod(0o700)
        program = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from gate.doctor.camera import Glance\n"
            "from gate.doctor.examination import examine\n"
            "from gate.doctor.examined import ExaminedGate, find_lane\n"
            "from gate.registry import config_of\n"
            "from gate.settings.load import load_settings\n"
            "from gate.wiring import fit\n"
            "settings = load_settings(Path(sys.argv[1]), config_of)\n"
            "os.setresuid(4242, 4242, 4242)\n"
            "lane = find_lane(settings)\n"
            "examined = ExaminedGate(Path(sys.argv[1]), settings, fit(settings), lane)\n"
            "lines = examine(examined, Glance(0.1, None, False))\n"
            "print(*(next(lines).found, *(next(lines).state.value for _ in range(3))), sep='\\n')\n"
        )
        done = subprocess.run([sys.executable, "-c", program, site.config], capture_output=True, text=True, check=True)
        header, *states = done.stdout.splitlines()
        assert header.endswith("lane unknown")
        assert states == ["unknown", "unknown", "unknown"]  # lane, reader, barrier
        assert board.frames == []
