"""The log of a real daemon: of its drivers, its worker processes and what ends it; and what is never in it."""

import json
import re
from pathlib import Path

import pytest

from gate.core.model import Listing, Status
from gate.testing.relay_board import RelayBoard
from tests.system.rig import Daemon, Site, camera, eventually, lcus, replay

VERBOSE = ("-m", "gate", "run", "--verbose", "--log-format", "json")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN, 2: Listing.RED})
    made.load_list()
    return made


def test_drivers_and_their_workers_log_as_the_daemon_does(site: Site, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "1.png").write_bytes(b"no picture")
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, warnings\n"
        "if 'drivers.readers.camera_worker' in ' '.join(sys.orig_argv):\n"
        "    from gate.worker import link\n"
        "    class Warning(link.Link):\n"
        "        def __init__(self, program):\n"
        "            super().__init__(program)\n"
        "            warnings.warn('a library is old', FutureWarning)\n"
        "    link.Link = Warning\n"
    )
    with RelayBoard(tmp_path / "tty") as board, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        site.configure(camera(pictures), lcus(board).replace("lcus", "kmtronic"))
        daemon = Daemon(site)
        try:
            daemon.wait_ready()
            words = ("answers no query", "picture skipped", "a library is old")
            eventually(lambda: all(word in daemon.said() for word in words), "the three lines")
        finally:
            daemon.stop()
    lines = daemon.said().splitlines()
    for line in lines:
        assert re.match(r"time=\S+ level=[a-z]+ (part|device)=\S+ ", line), line
    (query,) = (line for line in lines if "answers no query" in line)
    assert " level=info device=barrier event=" in query
    (skipped,) = (line for line in lines if "picture skipped" in line)
    assert " level=warning device=reader[0] event=" in skipped
    (old,) = (line for line in lines if "a library is old" in line)
    assert " level=warning part=python device=reader[0] event=" in old


def test_json_names_no_pass_no_person_and_no_status(site: Site, tmp_path: Path) -> None:
    passes = [site.issue(1), site.issue(2, Status.RED), site.issue(3), "AQ1:" + "X" * 40, "https://example.kz/menu"]
    site.configure(replay(tmp_path, *passes), '[barrier]\ndriver = "fake"\npulse = "100ms"\n')
    daemon = Daemon(site, program=VERBOSE)
    try:
        eventually(lambda: len(site.reasons()) >= 4, "the decisions")
    finally:
        daemon.stop()
    said = daemon.said()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"admitted", "not_listed"} <= {line.get("reason") for line in lines}
    assert all({"time", "level", "event"} < line.keys() for line in lines)
    for text in passes:
        for part in (text, text[4:24], text[-20:]):
            assert part not in said
    holders = {row["holder"] for row in site.rows("event = 'decision'") if row.get("holder")}
    assert not [holder for holder in holders if holder in said]
    assert not re.search(r"\b(green|yellow|blue|red)\b", said)


def test_a_wrong_configuration_is_an_object_where_objects_are_read(site: Site) -> None:
    site.configure("[barier]\n")
    daemon = Daemon(site, program=VERBOSE)
    assert daemon.process.wait(60) == 78
    daemon.stop()
    (line,) = (json.loads(line) for line in daemon.said().splitlines())
    assert (line["level"], line["part"]) == ("error", "gate")
    assert "barier" in line["event"]
