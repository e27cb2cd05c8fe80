"""Who may do what on a device: the users and folders as shipped, in a root of its own, with real uids."""

import json
import os
import re
import site
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from gate.core.model import Listing
from gate.worker.confine import unenforced
from tests.system.rig import Site, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")

UNITS = Path(__file__).parents[2] / "systemd"
SOURCES = Path(__file__).parents[2]
IIN = "900101300007"
OTHER = 4242  # a local user without any group


@dataclass(frozen=True, slots=True)
class User:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


class Machine:
    """A root directory with the shipped users and folders, and an authority beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "etc/gate").mkdir(parents=True)
        for name in ("var/lib", "run"):
            (root / name).mkdir(parents=True)
        _run("systemd-sysusers", f"--root={root}", str(UNITS / "gate.sysusers"))
        self.heal()
        users = {row[0]: int(row[2]) for row in _rows(root / "etc/passwd")}
        groups = {row[0]: (int(row[2]), row[3].split(",")) for row in _rows(root / "etc/group")}
        of = {user: tuple(gid for gid, members in groups.values() if user in members) for user in users}
        self.lane = User(users["gate"], groups["gate"][0], of["gate"])
        self.sync = User(users["gate-sync"], groups["gate"][0], of["gate-sync"])  # Group=gate in its unit
        self.staff = User(OTHER, OTHER, (groups["gate-staff"][0],))
        self.stranger = User(OTHER, OTHER)
        self.state = root / "var/lib/gate"
        self.lists = self.state / "lists"
        self.run_dir = root / "run/gate"

    def heal(self) -> None:
        _run("systemd-tmpfiles", f"--root={self.root}", "--create", str(UNITS / "gate.tmpfiles"))

    def start(self, user: User, *arguments: str, **pipes: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [interpreter(), *arguments],
            user=user.uid,
            group=user.gid,
            extra_groups=user.groups,
            umask=0o077,  # as in the units
            cwd=SOURCES,
            env={"PATH": "/usr/bin", "PYTHONPATH": f"{SOURCES}:{site.getsitepackages()[0]}"},
            text=True,
            **pipes,
        )

    def python(self, user: User, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(user, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def gate(self, user: User, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python(user, "-m", "gate", *arguments)

    def may(self, user: User, mode: str, path: Path) -> bool:
        """Whether this user can open the file: "r" to read, "r+" to write, "x" to make it."""
        done = self.python(user, "-c", f"open({str(path)!r}, {mode!r})")
        assert done.returncode == 0 or "PermissionError" in done.stderr, done.stderr
        return done.returncode == 0


@cache
def interpreter() -> str:
    """This Python, or the system's of the same version where this one lies in somebody's home."""
    closed = [folder for folder in Path(sys.executable).resolve().parents if not folder.stat().st_mode & stat.S_IXOTH]
    other = f"/usr/bin/python3.{sys.version_info.minor}"
    if closed and not Path(other).exists():
        pytest.skip(f"other users cannot run {sys.executable}: {closed[0]} is closed to them")
    return other if closed else sys.executable


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def _rows(path: Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text().splitlines()]


@pytest.fixture
def machine() -> Iterator[Machine]:
    with TemporaryDirectory(prefix="gate-rights-", dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        yield Machine(Path(place))


@pytest.fixture
def nation(machine: Machine) -> Site:
    folder = machine.root / "srv"
    folder.mkdir()
    made = Site(folder, {1: Listing.GREEN})
    made.state = machine.state
    codes = f'[[reader]]\ndriver = "fake"\ntexts = ["{made.issue(1)}"]\n[barrier]\ndriver = "fake"\npulse = "50ms"\n'
    page = '[kiosk]\nlisten = "127.0.0.1:0"\n'
    made.configure(codes, page, f'[sync]\nmirrors = ["{made.authority.public.as_uri()}"]\nroot = "{made.root}"\n')
    text = made.config.read_text()
    paths = f'list_dir = "{machine.lists}"\nrun_dir = "{machine.run_dir}"\n'
    made.config = machine.root / "etc/gate/gate.toml"
    made.config.write_text(text.replace("[venue]", f"{paths}[venue]", 1))
    machine.heal()
    return made


@pytest.fixture
def lane(machine: Machine, nation: Site) -> Iterator["subprocess.Popen[str]"]:
    """`gate run` as its user, once a list is there."""
    loaded = machine.gate(machine.sync, "sync", "--once", "--config", str(nation.config))
    assert loaded.returncode == 0, loaded.stderr
    with (machine.root / "lane.log").open("w") as log:
        process = machine.start(machine.lane, "-m", "gate", "run", "--config", str(nation.config), stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def said(machine: Machine) -> str:
    return (machine.root / "lane.log").read_text()


def test_the_lane_decides_by_lists_that_it_may_only_read(machine: Machine, lane: "subprocess.Popen[str]") -> None:
    eventually(lambda: "reason=admitted" in said(machine) or lane.poll() is not None, "a decision")
    assert lane.poll() is None, said(machine)
    held = [path for path in machine.lists.rglob("*") if path.is_file()]
    assert held
    assert [path for path in held if machine.may(machine.lane, "r+", path)] == []
    assert not machine.may(machine.lane, "x", machine.lists / "new")


def test_the_sync_reaches_nothing_of_the_lanes(machine: Machine, lane: "subprocess.Popen[str]") -> None:
    eventually(lambda: "reason=admitted" in said(machine) or lane.poll() is not None, "a decision")
    own = [path for path in machine.state.rglob("*") if path.is_file() and machine.lists not in path.parents]
    assert {"lane.db", "device.key"} <= {path.name for path in own}
    for path in own:
        assert not machine.may(machine.sync, "r+", path), path
        if path.name != "device.pub":
            assert not machine.may(machine.sync, "r", path), path
    assert not machine.may(machine.sync, "x", machine.state / "new")
    assert not machine.may(machine.sync, "r+", machine.root / "etc/gate/gate.toml")


def test_a_local_user_reaches_nothing(machine: Machine, lane: "subprocess.Popen[str]") -> None:
    eventually(lambda: "reason=admitted" in said(machine) or lane.poll() is not None, "a decision")
    for path in (*machine.state.rglob("*"), machine.root / "etc/gate/gate.toml"):
        assert path.is_dir() or not machine.may(machine.stranger, "r", path), path


def test_what_a_command_left_to_root_is_given_back(machine: Machine) -> None:
    """Both users work again after `sudo gate sync --once`, `sudo gate list load` and the like."""
    for path in (machine.state / "lane.db", machine.state / "device.key", machine.lists / "list.db"):
        path.touch(mode=0o666)
    (machine.lists / "tuf").mkdir(mode=0o777)
    (machine.state / "journal").mkdir(mode=0o777)
    machine.heal()
    for path, user, mode in (
        (machine.state / "lane.db", machine.lane, "600"),
        (machine.state / "device.key", machine.lane, "600"),
        (machine.state / "journal", machine.lane, "700"),
        (machine.lists / "list.db", machine.sync, "640"),
        (machine.lists / "tuf", machine.sync, "2750"),
    ):
        status = path.stat()
        assert (status.st_uid, status.st_gid, f"{status.st_mode & 0o7777:o}") == (user.uid, user.gid, mode), path


def test_the_page_makes_no_process_and_writes_no_file(machine: Machine, lane: "subprocess.Popen[str]") -> None:
    eventually(lambda: "the page answers" in said(machine) or lane.poll() is not None, "the page")
    (page,) = (
        pid
        for pid in Path(f"/proc/{lane.pid}/task/{lane.pid}/children").read_text().split()
        if "page_process" in Path(f"/proc/{pid}/cmdline").read_text()
    )
    limits = Path(f"/proc/{page}/limits").read_text()
    for name in ("Max processes", "Max file size", "Max core file size"):
        assert re.search(rf"^{name} +0 +0 ", limits, re.MULTILINE), name
    assert int(Path(f"/proc/{page}/oom_score_adj").read_text()) > 0
    # As this user, and not as root, it can start no program to look for a library once it has bounded itself.
    assert ("Seccomp:\t2" in Path(f"/proc/{page}/status").read_text()) is (not unenforced())
    assert ("keeps rights" in said(machine)) is bool(unenforced())
    (url,) = re.findall(r"url=(http\S+)", said(machine))
    assert httpx.get(f"{url}metrics", trust_env=False).status_code == 200


def test_the_subject_index_comes_without_the_device_key(machine: Machine, nation: Site) -> None:
    """Staff's look-up opens what the sync took sealed."""
    text = nation.config.read_text()
    nation.config.write_text(text + "[staff]\niin_check = true\n")
    key = machine.gate(machine.lane, "list", "device-key", "--config", str(nation.config))
    assert key.returncode == 0, key.stderr
    table = nation.folder / "people.csv"
    table.write_text(f"person,status\n{IIN},green\n")
    with table.open("rb") as stream:
        nation.authority.import_csv(stream)
    nation.authority.add_device("test-1", key.stdout.split()[-1])
    nation.publish()
    assert not machine.may(machine.sync, "r", machine.state / "device.key")
    taken = machine.gate(machine.sync, "sync", "--once", "--config", str(nation.config))
    assert taken.returncode == 0, taken.stderr
    with machine.start(
        machine.lane,
        *("-m", "gate", "list", "find", "--config", str(nation.config)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        out, err = process.communicate(f"{IIN}\n", timeout=60)
    assert process.returncode == 0, err
    assert "green" in out


def test_staff_may_order_and_neither_sync_nor_strangers(machine: Machine, lane: "subprocess.Popen[str]") -> None:
    eventually(lambda: "event=ready" in said(machine) or lane.poll() is not None, "the lane")
    control = machine.run_dir / "control.sock"
    eventually(control.exists, "the socket")
    status = control.stat()
    assert (status.st_uid, status.st_gid) == (machine.lane.uid, machine.staff.groups[0])
    assert f"{status.st_mode & 0o777:o}" == "660"
    knock = f"import socket; socket.socket(socket.AF_UNIX).connect({str(control)!r})"
    for user, may in ((machine.lane, True), (machine.staff, True), (machine.sync, False), (machine.stranger, False)):
        done = machine.python(user, "-c", knock)
        assert (done.returncode == 0) is may, user
        assert may or "PermissionError" in done.stderr
    order = ("lane", "lockdown", "on", "--by", "Aliya", "--state-dir", str(machine.run_dir))
    for user, may in ((machine.sync, False), (machine.stranger, False), (machine.staff, True)):
        done = machine.gate(user, *order)
        assert (done.returncode == 0) is may, done.stderr


def test_the_doctor_of_root_opens_devices_with_the_rights_of_the_lane(machine: Machine, nation: Site) -> None:
    """What root may open, the lane may not: that is the fault to find."""
    pictures = machine.root / "srv/pictures"
    pictures.mkdir(mode=0o700)
    nation.config.write_text(f'{nation.config.read_text()}[[reader]]\ndriver = "camera"\ndevice = "{pictures}"\n')

    def camera() -> str:
        done = machine.gate(User(0, 0), "doctor", "--config", str(nation.config), "--json")
        rows = [json.loads(row) for row in done.stdout.splitlines()]
        assert [row["state"] for row in rows if row["check"] == "files"] == ["pass"]  # root left nothing behind
        return next(str(row["found"]) for row in rows if row["check"] == "reader[1]")

    assert "cannot be read (Permission denied)" in camera()
    pictures.chmod(0o755)
    assert "no picture was seen" in camera()
