"""A sync that somebody has taken over, and the lane beside it: real processes, a list.db written by a stranger."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gate.authority.authority import Authority
from gate.authority.pictures import draw_png
from gate.core.model import Listing, Status
from gate.doctor.examined import ExaminedGate
from gate.doctor.files import signatures
from gate.doctor.lines import Mark
from gate.passes.aq1_encode import credential_text
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.store.documents import TRUST
from gate.testing.relay_board import RelayBoard
from gate.wiring import fit
from tests.publications import fetched
from tests.sync.list_forgery import Forgery, forge, green, rogue_issuer
from tests.system.rig import Daemon, Site, camera, eventually, lcus, running

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

            forge(site.state, green(RED))
            eventually(lambda: refusals(daemon) >= 1, "the forged colour to be refused")
            assert show(site, site.issue(RED, Status.RED)) == "status_not_admitted"
            assert show(site, site.issue(3)) == "admitted"  # by the list before

            site.authority.set_statuses({RED: Listing.GREEN})
            site.now += 60
            site.publish()
            assert gate("sync", "--once", *config).returncode == 0
            eventually(lambda: 'event="the list was verified and taken" version=2' in daemon.said(), "the true list")
        assert board.openings == 2


def test_doctor_and_status_say_whether_what_is_offered_is_signed(site: Site, thief: Authority) -> None:
    site.configure(
        '[[reader]]\ndriver = "fake"\n',
        f'[sync]\nmirrors = ["{site.authority.public.as_uri()}"]\nroot = "{site.root}"\n',
    )
    settings = load_settings(site.config, config_of)
    examined = ExaminedGate(site.config, settings, fit(settings))
    assert [line.state for line in signatures(examined)] == [Mark.PASS]
    forge(site.state, trusting(thief, site))
    (line,) = signatures(examined)
    assert line.state is Mark.FAIL
    assert "trust.json is not what the authority signed" in line.found


def test_a_forged_first_list_is_none_and_a_list_of_the_lanes_own_that_rots_is_taken_again(
    site: Site, thief: Authority, tmp_path: Path
) -> None:
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

            own = site.state / "verified" / "list.db"
            content = bytearray(own.read_bytes())
            content[content.index(bytes([0x40, 0x41])) + 1] = 0x44  # places 1 to 3 are green, red, green
            own.write_bytes(content)
            eventually(lambda: daemon.said().count("verified and taken") == 2, "the list to be taken again")
            assert show(site, site.issue(RED, Status.RED)) == "status_not_admitted"
        assert board.openings <= 1
