"""Whatever becomes of the lane, the barrier ends locked: killed in a release, and by a played turnstile."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from drivers.barriers import serial_frames
from gate.cli.safe_outputs import make_safe
from gate.core.model import Listing
from gate.ports.driver import DriverConfig, DriverSpec
from gate.registry import Fitted
from gate.testing.relay_board import OFF, ON, RelayBoard
from tests.commands.process import run_gate
from tests.contract.serial_boards import DigiconBoard
from tests.system.rig import Daemon, Site, eventually, lcus, replay, running

DIGICON = '[barrier]\ndriver = "serial_frames"\nprofile = "digicon-tx1500"\nport = "{}"\n'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, {1: Listing.GREEN, 2: Listing.GREEN})
    site.load_list()
    return site


def gate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments)


def patient(folder: Path, *texts: str) -> str:
    """A second person comes after a while, should the first have found a barrier that was not there yet."""
    file = folder / "codes.txt"
    file.write_text("".join(f"{json.dumps({'text': text, 'after': 2.0 * late})}\n" for late, text in enumerate(texts)))
    return f'[[reader]]\ndriver = "replay"\nfile = "{file}"\n'


def stopped_in_a_release(site: Site, board: RelayBoard, number: signal.Signals) -> int:
    """How a daemon ended that was sent this signal while it held the door open."""
    daemon = Daemon(site)
    try:
        eventually(lambda: board.openings == 1, "the release")
    except AssertionError:
        daemon.stop()
        raise
    return daemon.stop(number)


def test_killed_in_the_middle_of_a_release_off_is_sent(site: Site, tmp_path: Path) -> None:
    """SIGKILL, and then what systemd runs (ExecStopPost)."""
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(patient(tmp_path, site.issue(1), site.issue(2)), lcus(board, "9s"), hold="9s")
        assert stopped_in_a_release(site, board, signal.SIGKILL) == -signal.SIGKILL
        assert board.frames[-1] == ON  # nobody has locked it
        done = gate("safe-outputs", "--config", site.config)
        assert (done.returncode, done.stderr) == (0, "")
        eventually(lambda: board.frames[-1] == OFF, "the order to lock")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_in_the_middle_of_a_release_it_locks_by_itself(
    site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(patient(tmp_path, site.issue(1), site.issue(2)), lcus(board, "9s"), hold="9s")
        assert stopped_in_a_release(site, board, number) == 0
        eventually(lambda: board.frames[-1] == OFF, "the order to lock")


def test_unplugged_in_the_middle_of_a_release_and_back_off_is_the_first_it_hears(site: Site, tmp_path: Path) -> None:
    """A board with a supply of its own, whose relay is on still."""
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(patient(tmp_path, site.issue(1)), lcus(board, "9s"), hold="9s")
        with running(site) as daemon:
            eventually(lambda: board.openings == 1, "the release")
            board.unplug()
            eventually(lambda: "is lost" in daemon.said(), "the loss to be told")
            before = len(board.frames)
            board.plug_in()
            eventually(lambda: len(board.frames) > before, "the board to be found again")
            assert set(board.frames[before:]) == {OFF}


def test_a_running_lane_keeps_its_devices(site: Site, tmp_path: Path) -> None:
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(replay(tmp_path, site.issue(1)), lcus(board))
        with running(site):
            done = gate("safe-outputs", "--config", site.config)
            assert done.returncode == 1
            assert "in use by another program" in done.stderr


def test_a_defect_in_one_driver_does_not_keep_the_door_from_its_lock(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(_: DriverConfig) -> AsyncIterator[None]:
        raise LookupError("defect")
        yield

    lamp = Fitted("feedback[0]", DriverSpec("broken", DriverConfig, broken, ""), DriverConfig(driver="broken"))
    with RelayBoard(tmp_path / "relay") as board:
        settings = {"driver": "serial_frames", "profile": "lcus", "port": str(board.link), "pulse": "1s"}
        door = Fitted("barrier", serial_frames.DRIVER, serial_frames.DRIVER.config.model_validate(settings))
        problems = asyncio.run(make_safe([lamp, door]))
        assert "LookupError" in problems[0]
        assert len(problems) == 1
        eventually(lambda: board.frames == [OFF, OFF], "the order to lock")


def test_a_turnstile_that_is_busy_is_told_to_lock_again(tmp_path: Path) -> None:
    board = DigiconBoard(tmp_path)
    board.release(None)
    board.refuses = 2
    settings = {"driver": "serial_frames", "profile": "digicon-tx1500", "port": str(board.port)}
    door = Fitted("barrier", serial_frames.DRIVER, serial_frames.DRIVER.config.model_validate(settings))
    assert asyncio.run(make_safe([door])) == []
    assert board.locked()
    board.close()


def test_a_device_that_is_gone_is_said(site: Site, tmp_path: Path) -> None:
    site.configure(replay(tmp_path, site.issue(1)), DIGICON.format(tmp_path / "nowhere"))
    done = gate("safe-outputs", "--config", site.config)
    assert done.returncode == 1
    assert "is not there" in done.stderr


class Sim:
    """`gate lane-sim` as its own process."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def words(self) -> list[str]:
        return [json.loads(line)["event"] for line in self._log.read_text().splitlines()]

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def simulated(link: Path, *options: str) -> Iterator[Sim]:
    log = link.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "gate", "lane-sim", "--json", "--link", str(link), *options],
            stdin=subprocess.PIPE,
            stdout=file,
            text=True,
        )
    try:
        eventually(link.is_symlink, "the turnstile's port")
        yield Sim(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        if process.stdin is not None:
            process.stdin.close()
    assert not link.is_symlink()


def passages(site: Site) -> list[str]:
    return [row["detail"] for row in site.rows("event = 'passage'")]


def test_a_turnstile_that_reports_who_passed(site: Site, tmp_path: Path) -> None:
    with simulated(tmp_path / "port", "--walk", "0.3") as sim:
        site.configure(replay(tmp_path, site.issue(1), site.issue(2)), DIGICON.format(tmp_path / "port"))
        with running(site):
            eventually(lambda: passages(site) == ["passed", "passed"], "two people to go through")
    assert [word for word in sim.words if word.startswith(("released", "passed"))] == [
        "released entry",
        "passed entry",
    ] * 2


def test_who_does_not_go_through_may_come_again(site: Site, tmp_path: Path) -> None:
    with simulated(tmp_path / "port", "--by-hand") as sim:
        site.configure(replay(tmp_path, site.issue(1)), DIGICON.format(tmp_path / "port"), passage_timeout="500ms")
        with running(site):
            eventually(lambda: passages(site) == ["not_passed"], "the use to be given back")
        with running(site):
            eventually(lambda: sim.words.count("released entry") == 2, "the second release")
            sim.tell("pass entry")
            eventually(lambda: passages(site) == ["not_passed", "passed"], "the passage")
    assert site.reasons() == ["admitted", "admitted"]


def test_an_unplugged_turnstile_is_a_state_that_heals(site: Site, tmp_path: Path) -> None:
    with simulated(tmp_path / "port", "--by-hand") as sim:
        site.configure(replay(tmp_path, site.issue(1)), DIGICON.format(tmp_path / "port"))
        with running(site) as daemon:
            eventually(lambda: "locked" in sim.words, "the turnstile to be found")
            before = sim.words.count("locked")
            sim.tell("unplug")
            eventually(lambda: "is lost" in daemon.said(), "the loss to be told")
            status = json.loads(gate("lane", "status", "--json", "--config", site.config).stdout)
            assert status["phase"] == "out_of_service" or status["missing"] == ["barrier"]
            sim.tell("plug")
            eventually(lambda: sim.words.count("locked") > before, "the turnstile to be found again")
            limit = time.monotonic() + 20
            while json.loads(gate("lane", "status", "--json", "--config", site.config).stdout)["missing"]:
                assert time.monotonic() < limit


def test_staff_close_the_lane_from_the_command_line(site: Site, tmp_path: Path) -> None:
    with simulated(tmp_path / "port", "--by-hand") as sim:
        site.configure(replay(tmp_path, site.issue(1)), DIGICON.format(tmp_path / "port"), passage_timeout="300ms")
        with running(site):
            eventually(lambda: passages(site) == ["not_passed"], "nobody to pass")
            assert "locked_down" in gate("lane", "lockdown", "on", "--config", site.config).stdout
            done = gate("lane", "admit", "--config", site.config)
            assert (done.returncode, "locked_down" in done.stderr) == (1, True)
        with running(site):  # an order stands over a restart
            eventually(
                lambda: "phase locked_down" in gate("lane", "status", "--config", site.config).stdout,
                "the order to be remembered",
            )
            gate("lane", "lockdown", "off", "--config", site.config)
            assert "staff_admitted" in gate("lane", "admit", "exit", "--config", site.config).stdout
            eventually(lambda: "released exit" in sim.words, "the way out")
    done = gate("lane", "status", "--config", site.config)
    assert (done.returncode, "no lane answers" in done.stderr) == (1, True)


def test_a_turnstile_that_waits_too_long_is_locked_before_the_use_is_given_back(site: Site, tmp_path: Path) -> None:
    """By the profile's own time (here 50 ms) it has been locked for long; it is told all the same."""
    profile = (Path(__file__).parents[2] / "drivers/barriers/profiles/digicon-tx1500.toml").read_text()
    (tmp_path / "short.toml").write_text(profile.replace('"8s"', '"50ms"'))
    with simulated(tmp_path / "port", "--by-hand") as sim:
        barrier = DIGICON.format(tmp_path / "port").replace("digicon-tx1500", str(tmp_path / "short.toml"))
        site.configure(replay(tmp_path, site.issue(1)), barrier, passage_timeout="1s")
        with running(site):
            eventually(lambda: passages(site) == ["not_passed"], "the use to be given back")
            assert sim.words[-1] == "locked"
