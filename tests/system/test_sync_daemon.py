"""`gate sync` as a process beside a lane, with mirrors that are real HTTP servers."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text
from gate.store.apply_list import held
from gate.store.last_sync import last_sync
from gate.store.sync_tries import last_round
from gate.testing.relay_board import RelayBoard
from tests.commands.process import Running, run_gate, start_gate
from tests.sync.servers import MirrorServer, slow
from tests.system.rig import PATIENCE, Site, eventually, lcus, replay, running

PEOPLE = {1: Listing.GREEN, 2: Listing.RED}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, PEOPLE)
    made.authority.add_issuer("aitu", at=made.now - 3600)
    made.publish()
    return made


def configure(site: Site, *tables: str, mirrors: tuple[str, ...]) -> None:
    table = f'[sync]\nmirrors = {json.dumps(mirrors)}\nevery = "1s"\nroot = "{site.root}"\n'
    site.configure(table, *tables or ['[[reader]]\ndriver = "fake"\n'])


def gate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments, env=os.environ | environment)


@contextmanager
def syncing(site: Site, **environment: str) -> Iterator[Running]:
    """`gate sync`; on leaving it is told to stop, and does."""
    log = (site.folder / "sync.log").open("w")
    words = ("sync", "--config", site.config)
    process = start_gate(*words, stderr=log, env=os.environ | environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            log.close()


def version(site: Site) -> int | None:
    known = held(site.state)
    return known.version if known else None


def test_ashyq_is_down_and_people_enter_all_the_same(site: Site, tmp_path: Path) -> None:
    """The first mirror and one issuer's service are gone: the list is updated from the second mirror, and passes
    of the other issuer enter."""
    with MirrorServer(site.authority.public) as theirs, MirrorServer(site.authority.public) as ours:
        pass_of_aitu = credential_text(site.authority.issue("aitu", 2, Status.BLUE, site.now - 60, 3600))
        with RelayBoard(tmp_path / "relay") as board:
            configure(site, replay(tmp_path, pass_of_aitu), lcus(board), mirrors=(theirs.address, ours.address))
            with syncing(site):
                eventually(lambda: version(site) == 2, "the first list")
                theirs.__exit__(None, None, None)
                site.authority.set_status(2, Listing.GREEN)
                site.now += 60
                site.publish()
                eventually(lambda: version(site) == 3, "the list from the second mirror")
                with running(site):
                    eventually(lambda: len(site.rows("event = 'decision'")) == 1, "the decision")
                    eventually(lambda: board.openings == 1, "the opening")
        assert site.reasons() == ["admitted"]
        assert site.rows("event = 'decision'")[0]["issuer"] == "aitu"
        assert site.rows("event = 'decision'")[0]["list_version"] == 3
        synced = last_sync(site.state)
        assert synced is not None
        assert synced.mirror == ours.address
        last = last_round(site.state)  # what a technician is shown of each mirror
        assert last is not None
        by_mirror = {one.mirror: one.problem for one in last.tries}
        assert by_mirror[ours.address] == ""
        assert by_mirror.get(theirs.address, "set aside, as it failed before")


def test_a_running_lane_decides_by_the_new_list_at_once(site: Site, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with MirrorServer(site.authority.public) as mirror, RelayBoard(tmp_path / "relay") as board:
        configure(site, replay(tmp_path, site.issue(1), site.issue(2)), lcus(board), mirrors=(mirror.address,))
        site.load_list()
        site.authority.set_statuses({1: Listing.REVOKED, 2: Listing.GREEN})
        site.now += 60
        site.publish()
        assert gate("sync", "--config", str(site.config), "--once").returncode == 0
        with running(site):
            eventually(lambda: len(site.rows("event = 'decision'")) == 2, "two decisions")
    assert site.reasons() == ["pass_revoked", "admitted"]


def test_one_sync_by_hand_says_what_it_did(site: Site) -> None:
    with MirrorServer(site.authority.public) as mirror:
        configure(site, mirrors=("http://127.0.0.1:1", mirror.address))
        done = gate("sync", "--config", str(site.config), "--once")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"list 2 with 2 people from {mirror.address}: taken over (snapshot), ")
        assert "no answer there" in done.stderr
        again = json.loads(gate("sync", "--config", str(site.config), "--once", "--json").stdout)
        assert (again["way"], again["changed"], len(again["problems"])) == ("unchanged", False, 1)


def test_without_any_mirror_it_fails_in_one_line(site: Site) -> None:
    configure(site, mirrors=("http://127.0.0.1:1", "file:///nowhere/at/all"))
    done = gate("sync", "--config", str(site.config), "--once")
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gate: no mirror could be used: http://127.0.0.1:1/")
    assert "/nowhere/at/all is not there: plug the medium in" in last
    assert "Traceback" not in done.stderr


def test_a_configuration_without_mirrors_says_so(site: Site) -> None:
    site.configure('[[reader]]\ndriver = "fake"\n')
    done = gate("sync", "--config", str(site.config))
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)
    assert "there is no [sync] table" in done.stderr


def test_it_stops_in_the_middle_of_a_download(site: Site) -> None:
    with MirrorServer(site.authority.public) as mirror:
        mirror.faults["snapshot-"] = slow
        configure(site, mirrors=(mirror.address,))
        with syncing(site):
            eventually(lambda: any("snapshot-" in path for path in mirror.asked), "the download to begin")
    assert version(site) is None


def test_it_tells_systemd_that_it_is_ready_and_alive(site: Site, tmp_path: Path) -> None:
    with MirrorServer(site.authority.public) as mirror, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(PATIENCE)
        configure(site, mirrors=(mirror.address,))
        with syncing(site, NOTIFY_SOCKET=str(tmp_path / "notify")):
            said: set[bytes] = set()
            while not {b"READY=1", b"WATCHDOG=1"} <= said:
                said.add(ear.recv(1024))
            eventually(lambda: "event=synced" in (site.folder / "sync.log").read_text(), "the sync")
            assert version(site) == 2


def test_a_proxy_is_asked_where_the_environment_names_one(site: Site) -> None:
    """The mirror itself plays the proxy: it is asked for another host's address."""
    with MirrorServer(site.authority.public) as proxy:
        configure(site, mirrors=("http://lists.example.kz/gate",))
        done = gate("sync", "--config", str(site.config), "--once", http_proxy=proxy.address, no_proxy="")
        assert done.returncode == 1
        assert proxy.asked[0] == "http://lists.example.kz/gate/metadata/2.root.json"
