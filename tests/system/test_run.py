"""`gate run` as a person meets it: pictures before a camera, bytes on a serial port, rows in a journal."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
import segno

from gate.authority.pictures import draw_png
from gate.core.model import Listing, Status
from gate.testing.relay_board import OFF, ON, RelayBoard
from tests.commands.process import run_gate
from tests.system.rig import Daemon, Site, camera, eventually, lcus, replay, running

PEOPLE = {1: Listing.GREEN, 2: Listing.BLUE, 3: Listing.RED, 4: Listing.REVOKED, 5: Listing.GREEN}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, PEOPLE)
    made.load_list()
    return made


@pytest.fixture
def board(tmp_path: Path) -> Iterator[RelayBoard]:
    with RelayBoard(tmp_path / "relay") as made:
        yield made


def gate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments)


def menu(path: Path) -> None:
    segno.make_qr("https://example.org/menu").save(str(path), scale=6)


def test_pictures_in_openings_out(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shown = [(1, "admitted"), (3, "status_not_admitted"), (2, "admitted"), (4, "pass_revoked"), (9, "not_listed")]
    for number, (idx, _) in enumerate(shown):
        draw_png(site.issue(idx, Status.RED if idx == 3 else Status.GREEN), pictures / f"{number}.png")
    menu(pictures / "5.png")
    (pictures / "6.png").write_bytes(b"\x89PNG\r\n\x1a\n this is not a picture")
    draw_png(site.issue(1), pictures / "7.png")
    site.configure(camera(pictures), lcus(board))
    with running(site) as daemon:
        expected = [*[reason for _, reason in shown], "unreadable", "too_soon"]
        eventually(lambda: len(site.reasons()) >= len(expected), "all to be decided")
    assert site.reasons() == expected
    # Safe at start, two people, safe at the end; while it is locked that is said again and again.
    assert [frame for frame, _ in groupby(board.frames)] == [OFF, ON, OFF, ON, OFF]
    assert daemon.said().count("6.png") == 1
    assert gate("journal", "verify", "--config", str(site.config)).returncode == 0


def test_a_board_that_is_unplugged_refuses_and_heals(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    menu(pictures / "0.png")
    site.configure(camera(pictures), lcus(board))
    with running(site) as daemon:
        eventually(lambda: bool(site.reasons()), "the first picture")
        board.unplug()
        eventually(lambda: "device=barrier" in daemon.said(), "the loss to be said")
        draw_png(site.issue(1), pictures / "1.png")
        eventually(lambda: "device_failed" in site.reasons(), "a refusal")
        assert board.openings == 0
        board.plug_in()
        eventually(lambda: board.frames[-1:] == [OFF] and len(board.frames) > 1, "the board to be made safe again")
        draw_png(site.issue(1), pictures / "2.png")  # the same person: the refusal took no use
        eventually(lambda: site.reasons()[-1] == "admitted", "an entry")
        eventually(lambda: board.openings == 1, "the opening")


@pytest.mark.parametrize(
    ("content", "reason", "said"),
    [(None, "list_missing", "there is no list yet"), (b"garbage " * 512, "storage_failed", "list.db: damaged")],
)
def test_without_a_sound_list_nobody_enters(
    tmp_path: Path, board: RelayBoard, content: bytes | None, reason: str, said: str
) -> None:
    site = Site(tmp_path, PEOPLE)
    site.state.mkdir()
    if content is not None:
        (site.state / "list.db").write_bytes(content)
    site.configure(replay(tmp_path, site.issue(1)), lcus(board))
    with running(site) as daemon:
        eventually(lambda: reason in daemon.said(), f"reason {reason}")
    assert board.openings == 0
    assert daemon.said().count(said) == 1
    assert "gate list load" in daemon.said()


def test_a_pilot_lets_everyone_through_and_records_what_it_thinks(
    site: Site, board: RelayBoard, tmp_path: Path
) -> None:
    site.configure(replay(tmp_path, site.issue(3, Status.RED), site.issue(1), "a menu"), lcus(board), mode="pilot")
    with running(site):
        eventually(lambda: len(site.reasons()) == 3, "three decisions")
        eventually(lambda: board.openings == 3, "three openings")
    assert site.reasons() == ["status_not_admitted", "admitted", "unreadable"]
    assert {row["mode"] for row in site.rows("event = 'decision'")} == {"pilot"}


def test_the_use_is_given_back_when_nobody_goes_through(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    pass_ = site.issue(1)
    sensor = f'[[input]]\ndriver = "fake"\nrole = "passage"\npath = "{site.passage}"\n'
    site.configure(replay(tmp_path, pass_), lcus(board), sensor, passage_timeout="400ms")
    with running(site):
        eventually(lambda: len(site.rows("event = 'passage'")) == 1, "the lane to give up")
    site.configure(replay(tmp_path, pass_), lcus(board), sensor, passage_timeout="20s")
    with running(site):
        eventually(lambda: board.openings == 2, "the second opening")
        site.passage.write_text("pulse\n")
        eventually(lambda: len(site.rows("event = 'passage'")) == 2, "the passage")
    assert [row["detail"] for row in site.rows("event = 'passage'")] == ["not_passed", "passed"]
    assert site.reasons() == ["admitted", "admitted"]


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ('[[reader]]\ndriver = "camera"\ndevice = "{folder}/empty"\n', "holds no pictures"),
        ('[[reader]]\ndriver = "camera"\ndevice = "{folder}/nowhere"\n', "nowhere"),
        (
            '[[reader]]\ndriver = "fake"\n[barrier]\ndriver = "serial_frames"\n'
            'profile = "lcus"\nport = "{folder}/tty"\npulse = "1s"\n',
            "{folder}/tty",
        ),
    ],
)
def test_a_missing_device_is_said_once_and_the_lane_stands_out_of_service(
    site: Site, tmp_path: Path, tables: str, complaint: str
) -> None:
    (tmp_path / "empty").mkdir()
    site.configure(tables.replace("{folder}", str(tmp_path)))
    with running(site) as daemon:
        eventually(lambda: "level=error" in daemon.said(), "the complaint")
    errors = [line for line in daemon.said().splitlines() if "level=error" in line]
    assert len(errors) == 1
    assert complaint.replace("{folder}", str(tmp_path)) in errors[0]


def test_a_wrong_configuration_is_refused_with_every_error_and_exit_78(site: Site) -> None:
    site.configure('[[reader]]\ndriver = "camera"\ndevice = 3\n[barier]\n', hold=5)  # type: ignore[arg-type]  # wrong on purpose
    done = gate("run", "--config", str(site.config))
    assert done.returncode == 78
    for word in ("hold", "device", "barier", 'did you mean "barrier"'):
        assert word.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", ["garbage", "empty", "missing", "removed while it runs"])
def test_a_lost_journal_locks_the_entrance_until_staff_confirm(
    site: Site, board: RelayBoard, tmp_path: Path, how: str
) -> None:
    codes = tmp_path / "codes.txt"
    codes.write_text("")
    site.configure(f'[[reader]]\ndriver = "replay"\nfile = "{codes}"\n', lcus(board), reuse_after="0s")
    config = ("--config", str(site.config))
    lane_db = site.state / "lane.db"
    with running(site) as daemon:
        daemon.wait_ready()
        if how == "removed while it runs":
            lane_db.unlink()
            eventually(lambda: "written again from memory" in daemon.said(), "the file to be put back")
            assert gate("lane", "lockdown", "on", *config).returncode == 0
        daemon.process.kill()
    if how != "removed while it runs":
        lane_db.unlink()
        (site.state / "lane.db-wal").unlink()
        if how != "missing":
            lane_db.write_bytes(os.urandom(8192) if how == "garbage" else b"")
    codes.write_text(site.issue(1) + "\n")
    if how != "removed while it runs":
        assert "the journal was lost" in gate("doctor", *config).stdout
    with running(site) as daemon:
        eventually(lambda: "reason=locked_down" in daemon.said(), "the code to be refused")
        lost = how != "removed while it runs"
        assert ("the journal was lost" in daemon.said()) is lost
        assert ("gate lane lockdown off" in daemon.said()) is lost
        assert ("the journal was lost" in gate("doctor", *config).stdout) is lost
        assert board.openings == 0
        assert gate("lane", "lockdown", "off", *config).returncode == 0
        assert gate("lane", "admit", *config).returncode == 0
        eventually(lambda: board.openings == 1, "the barrier to open")
    rows = site.rows("event = 'loss'")
    assert len(rows) == lost
    assert "Traceback" not in daemon.said()
    assert gate("journal", "verify", *config).returncode == 0


def test_a_disk_that_refuses_at_the_start_is_waited_for(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    """A program that holds the database stands for a disk that is full or read-only."""
    site.configure(replay(tmp_path, "x"), lcus(board))
    with running(site):
        pass
    held = sqlite3.connect(site.state / "lane.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    config = ("--config", str(site.config))
    daemon = Daemon(site)
    try:
        eventually(lambda: "lane.db: " in daemon.said(), "the complaint")
        eventually(lambda: gate("lane", "status", *config).returncode == 0, "the lane to take orders")
        said = gate("lane", "admit", *config)
        assert said.returncode == 1
        assert "storage_failed: nothing can be recorded" in said.stderr
        assert gate("lane", "lockdown", "on", *config).returncode == 1
        assert board.openings == 0
        held.execute("ROLLBACK")
        eventually(lambda: gate("lane", "admit", *config).returncode == 0, "the lane to admit")
        eventually(lambda: board.openings == 1, "the barrier to open")
    finally:
        daemon.stop()
        held.close()
    assert daemon.said().count("lane.db: ") == 1
    assert "Traceback" not in daemon.said()


def test_two_lanes_do_not_share_a_state_directory(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    site.configure(replay(tmp_path, "x"), lcus(board))
    with running(site):
        done = gate("run", "--config", str(site.config))
    assert done.returncode == 1
    assert "in use by another gate" in done.stderr
