"""What systemd hears from the daemon: ready, alive while the lane turns, stopping."""

import socket
import time
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.runtime.notify import STARTING, Notifier
from tests.system.rig import Daemon, Site, replay

MORE = f"EXTEND_TIMEOUT_USEC={STARTING}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN})
    made.load_list()
    made.configure(replay(tmp_path, "x"))
    return made


def heard(listener: socket.socket, seconds: float) -> list[str]:
    messages, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        listener.settimeout(left)
        try:
            messages.append(listener.recv(4096).decode())
        except TimeoutError:
            break
    return messages


def test_ready_alive_stopping(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "5000000")
        daemon = Daemon(site)
        daemon.wait_ready()
        pings = heard(listener, 3.0)
        daemon.stop()
        last = heard(listener, 0.5)
    assert pings[0] == MORE  # before anything large is loaded
    assert "READY=1" in pings
    assert MORE not in pings[pings.index("READY=1") :]
    assert 2 <= pings.count("WATCHDOG=1") <= 4
    assert last[-1] == "STOPPING=1"


def test_a_lane_whose_store_hangs_gives_no_sign_of_life(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program below is `gate run` whose look at the list never returns, as on a dying card."""
    program = tmp_path / "hanging.py"
    program.write_text(
        "import sys, time\n"
        "from gate.lane.judge import Judge\n"
        "from gate.cli.main import gate\n"
        "from gate.lane import writer\n"
        "writer.SLOW_WRITE = 1.0\n"
        "def hang(self, *_, **__):\n"
        "    time.sleep(3600)\n"
        "Judge.watch = hang\n"
        "gate(['run', *sys.argv[1:]], standalone_mode=False)\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        daemon = Daemon(site, program=(str(program),))
        try:
            daemon.wait_ready()
            heard(listener, 3.0)
            assert heard(listener, 3.0) == []
        finally:
            daemon.process.kill()
            daemon.stop()


@pytest.mark.parametrize("command", ["run", "safe-outputs"])
def test_on_a_slow_card_each_module_that_is_loaded_is_progress(
    command: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program below is `gate` on a card from which one module takes three seconds, as its clock has it."""
    program = tmp_path / "slow.py"
    program.write_text(
        "import itertools, sys\n"
        "from gate.runtime import notify\n"
        "late = itertools.count(step=3.0)\n"
        "notify.monotonic = lambda: next(late)\n"
        "from gate.cli.main import gate\n"
        f"gate.get_command(None, {command!r})\n"
        "assert not [each for each in sys.meta_path if each.__class__.__module__ == notify.__name__]\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        done = Daemon(site, program=(str(program),))
        assert done.process.wait(60) == 0, done.said()
        done.stop()
        told = heard(listener, 0.2)
    assert set(told) == {MORE}
    assert len(told) > 5


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_full_queue_delays_ready_and_holds_nobody_up(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = str(tmp_path / "notify") if kind == "path" else f"@gate{tmp_path}"
    monkeypatch.setenv("NOTIFY_SOCKET", named)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(named.replace("@", "\0", 1))
        notifier = Notifier()
        for _ in range(5000):  # many more than a queue takes (net.unix.max_dgram_qlen)
            notifier.ping_watchdog()
        notifier.ready()
        assert set(heard(listener, 0.2)) == {MORE}
        notifier.ping_watchdog()
        notifier.ping_watchdog()
        notifier.stopping()
        assert heard(listener, 0.2) == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize("named", ["", "/nowhere/notify", "relative", "@", "/" + 200 * "x"])
def test_without_a_manager_nothing_is_reported(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", named)
    notifier = Notifier()
    notifier.ready()
    notifier.ping_watchdog()
    notifier.stopping()
