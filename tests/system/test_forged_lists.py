"""A sync that somebody has taken over, and the lane beside it: real processes, a list.db written by a stranger."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gate.authority.authority import Authority
from gate.authority.pictures import draw_png
from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text
from gate.store.documents import TRUST
from tests.publications import fetched
from tests.sync.list_forgery import Forgery, forge, green, rogue_issuer
from tests.system.rig import Daemon, RelayBoard, Site, camera, eventually, lcus, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

RED = 2
REFUSED = "is not taken"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN, RED: Listing.RED, 3: Listing.GREEN})
    (tmp_path / "queue").mkdir()
    made.load_list()
    return made


@pytest.fixture
def thief(tmp_path: Path, site: Site) -> Authority:
    """Has an issuer of the same name, and a key of its own."""
    mine = Authority.create(tmp_path / "thief", at=site.now - 3600)
    mine.add_issuer("ashyq", at=site.now - 3600)
    mine.set_statuses({1: Listing.GREEN})
    mine.publish(mine.public, site.now)
    return mine


def trusting(thief: Authority, site: Site) -> Forgery:
    _, _, documents = fetched(thief.public, thief.path / "root.json", site.now)
    return rogue_issuer(documents[TRUST])


def show(site: Site, text: str) -> str:
    """Hold a code before the camera; the reason of the lane's answer."""
    before = len(site.reasons())
    staged = site.folder / "next.png"
    draw_png(text, staged)
    staged.rename(site.folder / "queue" / f"{before}.png")
    eventually(lambda: len(site.reasons()) > before, "an answer")
    return site.reasons()[-1]


def gate(*words: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "gate", *(str(word) for word in words)]
    return subprocess.run(program, capture_output=True, text=True, timeout=90, check=False)


def configure(site: Site, board: RelayBoard) -> None:
    sync = f'[sync]\nmirrors = ["{site.authority.public.as_uri()}"]\nroot = "{site.root}"\n'
    site.configure(sync, camera(site.folder / "queue"), lcus(board))


def refusals(daemon: Daemon) -> int:
    return daemon.said().count(REFUSED)


def test_a_list_that_a_stranger_wrote_admits_nobody_and_the_next_true_one_is_taken(
    site: Site, thief: Authority, tmp_path: Path
) -> None:
    config = ("--config", site.config)
    theirs = credential_text(thief.issue("ashyq", 1, Status.GREEN, issued_at=site.now - 60, lifetime=12 * 3600))
    with RelayBoard(tmp_path / "relay") as board:
        configure(site, board)
        with running(site) as daemon:
            assert show(site, site.issue(1)) == "admitted"

            forge(site.state, trusting(thief, site))
            eventually(lambda: refusals(daemon) == 1, "the forged issuers to be refused")
            assert show(site, theirs) == "unknown_issuer"
            status = gate("list", "status", "--json", *config)
            assert status.returncode == 1
            said = json.loads(status.stdout)
            assert (said["version"], said["content"]) == (1, "whole")
            assert "trust.json is not what the authority signed" in said["offered"]
            doctor = [json.loads(line) for line in gate("doctor", "--json", *config).stdout.splitlines()]
            assert "signatures" in {line["check"] for line in doctor if line["state"] == "fail"}

            forge(site.state, green(RED))
            eventually(lambda: refusals(daemon) >= 1, "the forged colour to be refused")
            assert show(site, site.issue(RED, Status.RED)) == "status_not_admitted"
            assert show(site, site.issue(3)) == "admitted"  # by the list before

            site.authority.set_statuses({RED: Listing.GREEN})
            site.now += 60
            site.publish()
            assert gate("sync", "--once", *config).returncode == 0
            eventually(lambda: 'event="the list was verified and taken" version=2' in daemon.said(), "the true list")
            assert json.loads(gate("list", "status", "--json", *config).stdout)["offered"] == "version 2, signed"
        assert board.openings == 2


def test_a_lane_that_finds_a_forged_first_list_has_none(site: Site, thief: Authority, tmp_path: Path) -> None:
    theirs = credential_text(thief.issue("ashyq", 1, Status.GREEN, issued_at=site.now - 60, lifetime=12 * 3600))
    forge(site.state, trusting(thief, site))
    with RelayBoard(tmp_path / "relay") as board:
        configure(site, board)
        with running(site) as daemon:
            assert show(site, theirs) == "list_missing"
            assert refusals(daemon) >= 1
            assert gate("sync", "--once", "--config", site.config).returncode == 0
            eventually(lambda: show(site, site.issue(1)) != "list_missing", "the true list")
            assert show(site, theirs) == "unknown_issuer"
        assert board.openings <= 1
