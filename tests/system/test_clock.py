"""A gate whose system clock is wrong, as processes: the daemon, its page, the technician's commands."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text
from gate.store.last_sync import last_sync
from gate.testing.relay_board import RelayBoard
from tests.commands.process import run_gate
from tests.system.rig import Daemon, Site, eventually, lcus, replay, running

DAY = 86400
AHEAD = 200 * DAY + 3600  # the machine's clock was set back by so much
PEOPLE = {1: Listing.GREEN, 2: Listing.GREEN}
KIOSK = '[kiosk]\nlisten = "127.0.0.1:0"\n'


def gate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments)


def asked(code: int, *arguments: str) -> dict[str, Any]:
    done = gate(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, PEOPLE, ahead=AHEAD)
    made.load_list()
    return made


@pytest.fixture
def board(tmp_path: Path) -> Iterator[RelayBoard]:
    with RelayBoard(tmp_path / "relay") as made:
        yield made


def stale(site: Site, idx: int) -> str:
    """A pass that is good by the machine's clock, and ended long before the list was made."""
    issued = site.now - AHEAD - 60
    return credential_text(site.authority.issue("ashyq", idx, Status.GREEN, issued_at=issued, lifetime=12 * 3600))


def fetch(daemon: Daemon, path: str) -> str:
    eventually(lambda: "the page answers" in daemon.said(), "the page")
    found = re.search(r"url=(http\S+)", daemon.said())
    assert found
    with urlopen(found[1] + path, timeout=10) as answer:  # noqa: S310 - http, to this machine
        text: str = answer.read().decode()
    return text


def test_a_clock_that_was_set_back_opens_no_old_pass_and_says_so(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    config = ("--config", str(site.config))
    site.configure(replay(tmp_path, stale(site, 2), site.issue(1)), lcus(board), KIOSK)
    with running(site) as daemon:
        eventually(lambda: len(site.reasons()) == 2, "two decisions")
        assert asked(0, "clock", "status", *config)["standing"] == "behind"
        assert 'gate_clock_state{state="behind"} 1.0' in fetch(daemon, "metrics")
        page = json.loads(fetch(daemon, "state"))
        assert page["clock"] == {"standing": "behind", "text": "Құрылғы сағаты 200 күн қалып тұр: уақытты түзетіңіз"}
    assert site.reasons() == ["expired", "admitted"]
    assert board.openings == 1
    assert [row["detail"].partition(" by ")[0] for row in site.rows("event = 'clock'")] == ["behind"]
    held = asked(0, "list", "status", *config)
    assert (held["freshness"], held["clock"], held["time"]) == ("fresh", "behind", "of the lane")
    assert asked(1, "verify", stale(site, 2), *config)["reason"] == "expired"
    for lost in ("list.db", "lane.db"):  # either file alone remembers
        moved = {path: path.with_name(f"aside-{path.name}") for path in site.state.glob(f"{lost}*")}
        for path, aside in moved.items():
            path.rename(aside)
        assert asked(0, "clock", "status", *config)["behind_s"] == pytest.approx(AHEAD, abs=600)
        for path, aside in moved.items():
            aside.rename(path)


def test_a_sync_goes_by_the_trusted_time(site: Site, tmp_path: Path) -> None:
    config = ("--config", str(site.config))
    root, mirror = site.authority.path / "root.json", site.authority.public.as_uri()
    site.configure(replay(tmp_path, "x"), f'[sync]\nmirrors = ["{mirror}"]\nroot = "{root}"\n')
    asked(0, "sync", "--once", *config)
    last = last_sync(site.state)
    assert last is not None
    assert last.at >= site.now  # and not the machine's clock
    held = asked(0, "list", "status", *config)
    assert (held["synced"], held["synced_from"]) == ("0 min ago", mirror)


def test_behind_for_too_long_nobody_enters(site: Site, board: RelayBoard, tmp_path: Path) -> None:
    config = ("--config", str(site.config))
    site.configure(replay(tmp_path, site.issue(1)), lcus(board), KIOSK, '[clock]\nuntrusted_for = "0s"\n')
    with running(site) as daemon:
        eventually(lambda: site.reasons() == ["clock_untrusted"], "a refusal")
        page = json.loads(fetch(daemon, "state"))
        assert page["clock"]["standing"] == "untrusted"
        assert 'gate_decisions_total{reason="clock_untrusted"} 1.0' in fetch(daemon, "metrics")
    assert board.openings == 0
    assert "see `gate clock status`" in daemon.said()
    assert asked(1, "clock", "status", *config)["standing"] == "untrusted"
    assert asked(1, "list", "status", *config)["clock"] == "untrusted"
    assert asked(1, "verify", site.issue(1), *config)["reason"] == "clock_untrusted"
    assert asked(0, "verify", site.issue(1), *config, "--at", str(site.now))["reason"] == "admitted"


def test_after_a_clock_that_was_ahead_the_technician_resets_and_the_journal_knows(
    site: Site, board: RelayBoard, tmp_path: Path
) -> None:
    site.configure(replay(tmp_path, "a menu"), lcus(board))
    config = ("--config", str(site.config))
    reset = ("clock", "reset", "--yes", *config)
    with running(site):
        eventually(lambda: len(site.reasons()) == 1, "a decision")
        assert "in use by another gate" in gate(*reset).stderr
    assert "set it" in gate(*reset).stderr  # the list was signed: it is the clock that is wrong
    for path in site.state.glob("list.db*"):
        path.unlink()
    (tmp_path / "now").mkdir()
    now = Site(tmp_path / "now", PEOPLE)
    now.state = site.state
    now.load_list()
    assert asked(0, "clock", "status", *config)["standing"] == "behind"  # the journal alone
    told = gate("clock", "status", *config).stdout
    assert re.search(r"^standing +behind$", told, re.MULTILINE)
    assert "then `gate clock reset`" in told
    unsaid = run_gate("clock", "reset", *config, given="n\n")
    assert unsaid.returncode == 130
    done = gate(*reset)
    assert (done.returncode, done.stderr) == (0, "")
    assert "went back by 200 d" in done.stdout
    assert asked(0, "clock", "status", *config)["standing"] == "trusted"
    assert gate(*reset).returncode == 1
    now.configure(replay(tmp_path, now.issue(1)), lcus(board))
    with running(now):
        eventually(lambda: now.reasons()[-1] == "admitted", "an entry")
    assert now.rows("event = 'clock'")[-1]["detail"].startswith("reset from ")
    assert gate("journal", "verify", *config).returncode == 0
