"""`gate sync` beside a mirror that holds whoever asks it: nothing else is held."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.store.last_sync import last_sync
from tests.commands.process import run_gate
from tests.sync.liars import HOLDING, Liar
from tests.sync.servers import MirrorServer
from tests.system.rig import PATIENCE, Site, eventually

HASTY = """
from gate.sync import visit_process
from gate.sync.allowance import VisitLimits
visit_process.VisitLimits = lambda: VisitLimits(answer=1.0, read=1.0, mirror=2.0)
from gate.cli.main import main
main()
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, {1: Listing.GREEN, 2: Listing.RED})


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar(HOLDING["a byte of a header now and then"]) as made:
        yield made


def configure(site: Site, *mirrors: str) -> None:
    table = f'[sync]\nmirrors = {json.dumps(mirrors)}\nevery = "1s"\nroot = "{site.root}"\n'
    site.configure(table, '[[reader]]\ndriver = "fake"\n')


@contextmanager
def syncing(site: Site, *python: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with (site.folder / "sync.log").open("wb") as log:
        command = [sys.executable, *(python or ("-m", "gate")), "sync", "--config", str(site.config)]
        process = subprocess.Popen(command, stderr=log, env=os.environ | environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def log_of(site: Site) -> str:
    return (site.folder / "sync.log").read_text()


def gate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_second_mirror_is_used_and_asked_first_from_then_on(site: Site, liar: Liar) -> None:
    with MirrorServer(site.authority.public) as mirror:
        configure(site, liar.address, mirror.address)
        with syncing(site, "-c", HASTY) as process:
            eventually(lambda: log_of(site).count("event=synced") >= 3, "three rounds")
            assert process.poll() is None
        assert log_of(site).count("no answer within 1 s") == 1
        synced = last_sync(site.state)
        assert synced is not None
        assert synced.mirror == mirror.address


def test_it_stops_within_a_visit_and_leaves_nothing_behind(site: Site, liar: Liar) -> None:
    configure(site, liar.address)
    with syncing(site) as process:
        eventually(lambda: bool(liar.asked), "the visit")
        (child,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert not is_alive(child)
    assert [line.partition(" ")[2] for line in log_of(site).splitlines()] == ["level=info part=sync event=stopped"]


def test_a_visit_ends_with_a_daemon_that_is_killed(site: Site, liar: Liar) -> None:
    configure(site, liar.address)
    with syncing(site) as process:
        eventually(lambda: bool(liar.asked), "the visit")
        (child,) = children(process.pid)
        process.kill()
        process.wait()
        eventually(lambda: not is_alive(child), "the end of the visit")


def test_a_list_loaded_by_hand_takes_the_lock(site: Site, liar: Liar) -> None:
    configure(site, liar.address)
    with syncing(site) as process:
        eventually(lambda: bool(liar.asked), "the visit")
        asked = len(liar.asked)
        done = gate("list", "load", str(site.authority.public), "--config", str(site.config))
        assert (done.returncode, done.stderr) == (0, "")
        assert "with 2 people: taken over (snapshot)" in done.stdout
        eventually(lambda: len(liar.asked) > asked, "the daemon's next visit")
        assert process.poll() is None
    assert "ended for a list that a person loads" in log_of(site)
    assert "level=error" not in log_of(site)


def test_a_person_who_presses_ctrl_c_is_heeded(site: Site, liar: Liar) -> None:
    configure(site, liar.address)
    command = [sys.executable, "-m", "gate", "sync", "--once", "--config", str(site.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: bool(liar.asked), "the visit")
            (child,) = [
                int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            ]
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, said.strip()) == (130, "")
    assert not is_alive(child)


def test_systemd_hears_that_it_lives_during_a_visit(site: Site, liar: Liar, tmp_path: Path) -> None:
    configure(site, liar.address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(PATIENCE)
        with syncing(site, NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert ear.recv(1024) == b"READY=1"
            eventually(lambda: bool(liar.asked), "the visit")
            assert {ear.recv(1024) for _ in range(3)} == {b"WATCHDOG=1"}
    assert len(liar.asked) == 1


def test_it_is_ready_before_anything_large_is_loaded(site: Site, liar: Liar) -> None:
    """And stays small: what a visit needs, its process loads and takes with it."""
    configure(site, liar.address)
    with syncing(site) as process:
        eventually(lambda: bool(liar.asked), "the visit")
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
    assert not [name for name in ("numpy", "cryptography", "zstandard", "tuf") if f"/{name}/" in mapped]
