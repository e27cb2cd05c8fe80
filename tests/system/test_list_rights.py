"""Sync and lane under users of their own, and commands that root types: whose the files are, and who reads them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.store.apply_list import apply
from gate.store.last_sync import Synced, last_sync
from gate.store.list_file import ListFile
from gate.store.list_reader import OutdatedError, StatusList
from gate.store.places import Places
from gate.testing.builders import NOW, publication, rules_json, trust_json
from tests.system.rig import Site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users"),
    pytest.mark.timeout(180),
]

LANE, SYNC, STRANGER = 42001, 42002, 42003  # users without an entry
GROUP = 42001  # of the lane; what the sync makes is of it, by the setgid bit of its folder
ROOT = Path(__file__).parents[2]
PEOPLE = {7: Listing.GREEN, 8: Listing.RED}


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every user reaches; pytest's own are root's alone."""
    place = Path(tempfile.mkdtemp(prefix="gate-test-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(autouse=True)
def warm(tmp_path: Path) -> None:
    """Whatever is imported late is imported: the tests' Python may be root's alone."""
    apply(publication(PEOPLE), tmp_path, Synced(NOW, "file:///media/usb"))
    last_sync(tmp_path)
    status = StatusList(tmp_path)
    status.refresh()
    status.consult(7)
    status.close()


@pytest.fixture
def places(folder: Path) -> Places:
    """As the units have them."""
    state, lists = folder / "state", folder / "state" / "lists"
    state.mkdir(mode=0o750)
    lists.mkdir()
    os.chown(state, LANE, GROUP)
    os.chown(lists, SYNC, GROUP)
    state.chmod(0o751)  # the sync passes through it
    lists.chmod(0o2750)
    return Places(state, lists)


def as_user(user: int, group: int, work: Callable[[], object]) -> None:
    """In a process that has the rights of that user, and a umask that takes the group's away."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            os.umask(0o077)
            work()
            status = 0
        except BaseException as error:  # noqa: BLE001 - the parent is told
            print(repr(error), file=sys.stderr)
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _reaches(program: str) -> bool:
    """Whether a user without rights of their own can run it."""
    try:
        command = [program, "-c", "import gate.cli.main"]
        done = subprocess.run(command, user=STRANGER, group=STRANGER, extra_groups=[], env=ENVIRONMENT, check=False)
    except OSError:
        return False
    return done.returncode == 0


_PACKAGES = (path for path in sys.path if path.endswith("site-packages"))
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), *_PACKAGES))}
_SYSTEM = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"  # where the tests' own is root's alone


@cache
def python() -> str:
    for program in (sys.executable, _SYSTEM):
        if _reaches(program):
            return program
    pytest.skip("no Python that other users can run")


def gate(*words: object, user: int = 0) -> subprocess.CompletedProcess[str]:
    command = [python(), "-m", "gate", *(str(word) for word in words)]
    return subprocess.run(
        command, user=user, group=user, extra_groups=[], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


@contextmanager
def lane(config: Path) -> Iterator["subprocess.Popen[str]"]:
    """A `gate run` by root, ready."""
    command = [python(), "-m", "gate", "run", "--config", str(config)]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = ""
            while "event=ready" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def owners(folder: Path) -> set[tuple[int, int]]:
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in (folder, *folder.rglob("*"))}


def test_a_lane_reads_with_the_right_to_read_and_nothing_more(places: Places) -> None:
    as_user(SYNC, SYNC, lambda: apply(publication(PEOPLE), places, Synced(NOW, "file:///media/usb")))
    files = {path.name: (path.stat().st_mode & 0o777, path.stat().st_gid) for path in places.list_dir.iterdir()}
    assert files == {"list.db": (0o640, GROUP), "last-sync": (0o640, GROUP)}

    read, write = os.pipe()
    back, on = os.pipe()

    def lane() -> None:
        status = StatusList(places)
        status.refresh()
        assert [status.consult(7), status.consult(8)] == [Listing.GREEN, Listing.RED]
        assert last_sync(places) == Synced(NOW, "file:///media/usb")
        with pytest.raises(PermissionError):
            (places.list_dir / "mine").touch()
        os.write(write, b"1")
        os.read(back, 1)
        with pytest.raises(OutdatedError):  # the very next look, with nothing but the file to tell
            status.consult(8)
        status.refresh()
        assert status.consult(8) is Listing.BLUE
        status.close()

    child = os.fork()
    if child == 0:
        try:
            as_user(LANE, GROUP, lane)
        except BaseException:  # noqa: BLE001 - an exit code tells
            os._exit(1)
        os._exit(0)
    assert os.read(read, 1) == b"1"
    as_user(SYNC, SYNC, lambda: apply(publication(PEOPLE | {8: Listing.BLUE}, version=2), places))
    os.write(on, b"1")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for end in (read, write, back, on):
        os.close(end)
    assert sorted(path.name for path in places.list_dir.iterdir()) == ["last-sync", "list.db"]


def test_others_read_nothing(places: Places) -> None:
    as_user(SYNC, SYNC, lambda: apply(publication(PEOPLE), places))

    with pytest.raises(AssertionError):
        as_user(STRANGER, STRANGER, places.list_db.read_bytes)


@pytest.fixture
def site(folder: Path) -> Site:
    made = Site(folder, PEOPLE)
    os.chown(made.state.parent, 0, 0)
    return made


def tables(site: Site, lists: Path) -> str:
    text = site.config.read_text().replace("[venue]", f'list_dir = "{lists}"\n[venue]')
    mirror, root = site.authority.public.as_uri(), site.root
    return text + f'[sync]\nmirrors = ["{mirror}"]\nroot = "{root}"\n[[reader]]\ndriver = "fake"\n'


def installed(site: Site, places: Places) -> Path:
    site.configure()
    site.config.write_text(tables(site, places.list_dir))
    for path in (site.authority.path, *site.authority.public.rglob("*"), site.root):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return site.config


@pytest.mark.parametrize("how", ["sync", "load"])
def test_root_writes_lists_as_the_user_of_the_sync(site: Site, places: Places, how: str) -> None:
    config = installed(site, places)
    words: tuple[object, ...] = ("sync", "--config", config, "--once")
    if how == "load":
        words = ("list", "load", site.authority.public, "--config", config)
    for _ in range(2):
        done = gate(*words)
        assert done.returncode == 0, done.stderr
    assert {uid for uid, _ in owners(places.list_dir)} == {SYNC}
    assert places.list_db.stat().st_mode & 0o777 == 0o640
    assert (places.list_dir / "tuf").stat().st_mode & 0o077 == 0
    as_user(LANE, GROUP, lambda: StatusList(places).refresh())
    status = gate("list", "status", "--config", config, user=STRANGER)
    assert (status.returncode, status.stderr.count("\n")) == (1, 1)
    again = gate(*words, user=LANE)
    assert again.returncode == 1
    what = f"{places.list_dir} belongs to #{SYNC}, and you may not write there"
    assert again.stderr == f"gate: {what}. Call it as `sudo -u #{SYNC} gate ...`\n"


def test_root_runs_a_lane_and_reads_its_journal_as_the_user_of_the_lane(site: Site, places: Places) -> None:
    config = installed(site, places)
    assert gate("sync", "--config", config, "--once").returncode == 0
    assert gate("list", "device-key", "--config", config).returncode == 0
    with lane(config) as process:
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert f"Uid:\t{LANE}\t{LANE}\t{LANE}" in status
    assert gate("journal", "verify", "--config", config).returncode == 0
    mine = [path for path in places.state_dir.iterdir() if path != places.list_dir]
    assert {path.name for path in mine} >= {"lane.db", "device.key", "device.pub"}
    assert {path.stat().st_uid for path in mine} == {LANE}
    assert {path.stat().st_mode & 0o077 for path in mine if path.name != "device.pub"} == {0}
    assert {uid for uid, _ in owners(places.list_dir)} == {SYNC}


def test_the_clock_is_reset_in_the_files_of_both(site: Site, places: Places) -> None:
    config = installed(site, places)
    assert gate("sync", "--config", config, "--once").returncode == 0
    with lane(config):
        pass
    ahead = site.now + 10 * 86400.0
    newer = publication(PEOPLE, version=9, as_of=int(ahead), trust=trust_json(99), rules=rules_json(99), shrunk_at=9)
    as_user(SYNC, GROUP, lambda: apply(newer, places))
    reset = gate("clock", "reset", "--yes", "--list-is-wrong", "--config", config)
    assert reset.returncode == 0, reset.stderr
    with_list = ListFile(places.list_db)
    assert with_list.head.as_of == 0
    with_list.close()
    assert {uid for uid, _ in owners(places.list_dir)} == {SYNC}
    assert {path.stat().st_uid for path in places.state_dir.iterdir() if path != places.list_dir} == {LANE}


def test_a_folder_that_is_not_there_yet_is_its_parents_owners(site: Site, places: Places) -> None:
    site.configure()
    lists = places.list_dir / "deeper"
    site.config.write_text(tables(site, lists))
    installed(site, Places(places.state_dir, lists))
    assert gate("sync", "--config", site.config, "--once").returncode == 0
    assert {uid for uid, _ in owners(lists)} == {SYNC}
    assert (lists.stat().st_mode & 0o7777, lists.stat().st_gid) == (0o2750, GROUP)


def test_what_root_left_is_named_and_doctor_says_what_to_do(site: Site, places: Places) -> None:
    config = installed(site, places)
    lock = places.list_dir / "sync.lock"
    lock.touch(mode=0o600)
    failed = gate("sync", "--config", config, "--once", user=SYNC)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"gate: {lock}: Permission denied. ")
    said = gate("doctor", "--config", config, "--json").stdout
    (line,) = [line for line in said.splitlines() if '"files"' in line]
    assert str(lock) in line
    assert f"chown -R {SYNC}: {places.list_dir}" in line
