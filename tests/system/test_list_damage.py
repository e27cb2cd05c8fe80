"""A list.db that a card has changed: every command says so in one line, and the next load or sync heals it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.authority.pictures import draw_png
from gate.cli.main import gate as command
from gate.core.model import Listing, Status
from gate.errors import DamagedError
from gate.testing.relay_board import RelayBoard
from tests.commands.inside import invoke
from tests.commands.process import run_gate
from tests.system.rig import Daemon, Site, camera, eventually, lcus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PEOPLE = {1: Listing.GREEN, 2: Listing.RED, **dict.fromkeys(range(1024, 9000), Listing.BLUE)}
Damage = Callable[[bytearray], None]


def schema_name(content: bytearray) -> None:
    """SQLite's message is no UTF-8 then."""
    at = content.index(b"CREATE TABLE list_head") + len("CREATE TABLE list_")
    content[at] = 0xFF


def schema_text(content: bytearray) -> None:
    at = content.index(b"CREATE TABLE status_chunk")
    content[at : at + 6] = b"CREBTE"


def page_size(content: bytearray) -> None:
    content[16:18] = b"\x7f\xff"


def pages(content: bytearray) -> None:
    content[28:32] = b"\xff\xff\xff\xff"


def other_version(content: bytearray) -> None:
    content[60:64] = (99).to_bytes(4, "big")


def no_wal_is_there(content: bytearray) -> None:
    content[18:20] = b"\2\2"
    content[60:64] = (2).to_bytes(4, "big")


def half(content: bytearray) -> None:
    del content[len(content) // 2 :]


def zeros(content: bytearray) -> None:
    content[:] = bytes(len(content))


def nothing(content: bytearray) -> None:
    content.clear()


def documents(content: bytearray) -> None:
    at = content.index(b'"max_lifetime"')
    content[at : at + 1] = b"'"


DAMAGES = (schema_name, schema_text, page_size, pages, other_version, no_wal_is_there, half, zeros, nothing, documents)


def gate(*words: object) -> subprocess.CompletedProcess[str]:
    return run_gate(*words)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, PEOPLE)
    made.load_list()
    made.configure(f'[sync]\nmirrors = ["{made.authority.public.as_uri()}"]\nroot = "{made.root}"\n', FAKE)
    return made


FAKE = '[[reader]]\ndriver = "fake"\n'


def spoil(site: Site, damage: Damage) -> bytes:
    path = site.state / "list.db"
    content = bytearray(path.read_bytes())
    damage(content)
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_opening_raises_is_one_line_that_says_what_to_do(site: Site, damage: Damage) -> None:
    spoil(site, damage)
    config = ("--config", str(site.config))
    for words in (
        ("list", "status"),
        ("list", "lookup", "1"),
        ("list", "export"),
        ("verify", site.issue(2, Status.GREEN)),
    ):
        done = invoke(command, [*words, *config])
        assert isinstance(done.exception, DamagedError), words
        assert re.fullmatch(r"\S+list\.db: damaged \(.*gate list load.*", str(done.exception))
        assert done.stdout == ""
    lines = [json.loads(line) for line in invoke(command, ["doctor", "--json", *config]).stdout.splitlines()]
    assert {line["check"] for line in lines if line["state"] == "fail"} >= {"list", "content"}
    assert invoke(command, ["clock", "status", *config]).exit_code == 0


def test_a_sync_heals_and_keeps_what_it_found(site: Site) -> None:
    spoilt = spoil(site, schema_name)
    config = ("--config", site.config)
    status = gate("list", "status", *config)
    assert (status.returncode, status.stderr.count("\n")) == (1, 1), status
    once = gate("sync", "--once", *config)
    assert once.returncode == 0, once.stderr
    assert (site.state / "list.db.damaged").read_bytes() == spoilt
    assert gate("list", "status", *config).returncode == 0
    assert gate("list", "lookup", 2, *config).stdout == "red\n"


def test_a_list_loaded_by_hand_heals_too(site: Site) -> None:
    spoil(site, schema_name)
    done = gate("list", "load", site.authority.public, "--config", site.config)
    assert done.returncode == 0, done.stderr
    assert gate("list", "lookup", 2, "--config", site.config).stdout == "red\n"


def test_a_rotten_bit_refuses_its_people_and_nobody_else(site: Site) -> None:
    path = site.state / "list.db"
    content = bytearray(path.read_bytes())
    chunk = bytes([0x40, 0x01]) + bytes(510)  # place 1 is green and place 2 is red
    assert content.count(chunk) == 1
    content[content.index(chunk) + 1] = 0x04  # place 2 is green
    path.write_bytes(content)
    config = ("--config", site.config)
    refused = gate("list", "lookup", 2, *config)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "chunk 0 is not what was written" in refused.stderr
    assert gate("verify", site.issue(2, Status.GREEN), *config).returncode == 1
    assert gate("list", "lookup", 1024, *config).stdout == "blue\n"
    status = gate("list", "status", "--json", *config)
    assert status.returncode == 1
    assert "chunk 0" in json.loads(status.stdout)["content"]
    assert gate("sync", "--once", *config).returncode == 0
    assert gate("list", "lookup", 2, *config).stdout == "red\n"


def test_a_running_lane_refuses_says_why_and_goes_on_with_the_next_list(tmp_path: Path, site: Site) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(camera(pictures), lcus(board))
        daemon = Daemon(site)
        try:
            daemon.wait_ready()
            spoil(site, documents)  # in place, under the lane
            eventually(lambda: "list.db: damaged" in daemon.said(), "the damage to be said")
            draw_png(site.issue(1), pictures / "1.png")
            eventually(lambda: "storage_failed" in daemon.said(), "a refusal")
            assert board.openings == 0
            site.load_list()
            eventually(lambda: "the list is there" in daemon.said(), "the list to be there again")
            draw_png(site.issue(1), pictures / "2.png")
            eventually(lambda: board.openings == 1, "the opening")
        finally:
            assert daemon.stop() == 0
