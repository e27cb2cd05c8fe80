"""What has the name of a file of the state directory, and is none, holds nobody up and ends nothing for good."""

import errno
import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gate.cli.journal import journal
from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Mode
from gate.errors import FinalStoreError, StoreError, SyncError, UsageError
from gate.store.database import unusable
from gate.store.device_key import load_or_make, load_public
from gate.store.journal_end import NAME
from gate.store.lane_file import examine
from gate.store.lane_lock import claim_lane
from gate.store.lane_store import LaneStore
from gate.store.last_sync import Synced, last_sync, record_sync
from gate.store.segments import FOLDER, oldest, segments
from gate.sync.lock import alone
from gate.sync.round import read_root
from gate.testing.builders import NOW, policy
from tests.commands.inside import invoke


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    store = LaneStore(path, policy())
    for number in range(5):
        store.note(JournalEvent.GATE, NOW + number, "started")
    store.close()
    return path


def _emptied(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


ODD: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: _emptied(path).mkdir(),
    "a full folder": lambda path: (_emptied(path) / "deeper").mkdir(parents=True),
    "a pipe": lambda path: os.mkfifo(_emptied(path)),
    "endless": lambda path: _emptied(path).symlink_to("/dev/zero"),
    "a socket": lambda path: os.mknod(_emptied(path), stat.S_IFSOCK | 0o600),
    "a link to itself": lambda path: _emptied(path).symlink_to(path.name),
    "a link to nothing": lambda path: _emptied(path).symlink_to("nowhere/file"),
    "a link to a file": lambda path: _emptied(path).symlink_to("device.pub"),
}


@pytest.mark.parametrize("make", [make for kind, make in ODD.items() if kind != "a link to a file"])
@pytest.mark.parametrize("name", ["lane.db", NAME, "device.key"])
def test_a_start_takes_it_for_a_loss_and_goes_on(state: Path, name: str, make: Callable[[Path], object]) -> None:
    make(state / name)
    assert name in str(examine(state))  # as the doctor does
    store = LaneStore(state, policy())
    store.record_loss(NOW + 10)
    assert Mode.LOCKED_DOWN in store.standing().orders
    store.close()
    LaneStore(state, policy()).close()
    assert (state / name).is_file()


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "endless", "a link to nothing", "a link to a file"])
@pytest.mark.parametrize("name", ["lane.db-shm", "lane.db-journal"])
def test_what_sqlite_makes_again_costs_nothing(state: Path, name: str, kind: str) -> None:
    for _ in range(2):
        ODD[kind](state / name)
        store = LaneStore(state, policy())
        assert store.loss is None
        store.note(JournalEvent.GATE, NOW + 10, "started")
        store.close()


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a link to nothing", "a link to a file"])
def test_a_wal_that_is_no_file_is_a_loss(state: Path, kind: str) -> None:
    ODD[kind](state / "lane.db-wal")
    assert "it is no file" in str(examine(state))
    store = LaneStore(state, policy())
    assert Mode.LOCKED_DOWN in store.standing().orders
    store.close()


@pytest.mark.parametrize("kind", ODD)
def test_a_lock_that_is_no_file_keeps_nobody_out(state: Path, kind: str) -> None:
    for name in ("lane.lock", "sync.lock"):
        ODD[kind](state / name)
    os.close(claim_lane(state))
    with alone(state):
        assert all((state / name).is_file() for name in ("lane.lock", "sync.lock"))


def test_a_file_system_without_locks_is_no_other_gate(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="No locks available") as refused:
        LaneStore(state, policy())
    assert not isinstance(refused.value, FinalStoreError)  # it is waited for
    with pytest.raises(StoreError, match="No locks available"), alone(state):
        pass


def test_a_disk_that_does_not_say_what_lies_there_refuses_and_ends_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, *_: object, **__: object) -> os.stat_result:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    store = LaneStore(state, policy())
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        asks: list[Callable[[], object]] = [
            lambda: store.heal(NOW + 10),
            lambda: store.note(JournalEvent.GATE, NOW + 10, "started"),
        ]
        for asked in asks:
            with pytest.raises(StoreError, match="Input/output error"):
                asked()
    assert not store.heal(NOW + 20)
    store.note(JournalEvent.GATE, NOW + 20, "started")
    store.close()


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "endless"])
def test_a_device_key_that_is_no_file_is_said(state: Path, kind: str) -> None:
    ODD[kind](state / "device.key")
    with pytest.raises(StoreError, match=r"device\.key"):
        load_or_make(state)


@pytest.mark.parametrize("make", [make for kind, make in ODD.items() if kind != "a link to a file"])
def test_what_the_sync_writes_is_read_by_nobody_and_written_again(state: Path, make: Callable[[Path], object]) -> None:
    lists = state / "lists"
    lists.mkdir()
    make(lists / "last-sync")
    assert last_sync(state) is None
    record_sync(Synced(float(NOW), "file:///media/usb"), state)
    assert last_sync(state) == Synced(float(NOW), "file:///media/usb")
    make(state / "device.pub")
    public = load_or_make(state).verify_key
    assert load_public(state) == public
    root = state / "root.json"
    make(root)
    with pytest.raises(SyncError, match=r"root\.json"):
        read_root(root)


@pytest.mark.parametrize(("name", "follows"), [("lane.db", True), ("list.db", False), ("device.key", False)])
def test_of_a_full_disk_is_said_what_follows_for_the_file(tmp_path: Path, name: str, *, follows: bool) -> None:
    hint = unusable(tmp_path / name, OSError(errno.ENOSPC, "No space left on device")).hint
    assert hint.startswith("Free space on its disk")
    assert ("nobody enters" in hint) is follows


def test_an_error_names_the_file_that_failed_once(tmp_path: Path) -> None:
    path = tmp_path / "lane.db"
    told = {
        name: unusable(path, OSError(errno.EIO, "Input/output error", name)).what
        for name in (None, str(path), "/proc/locks")
    }
    assert told == {
        None: f"{path}: Input/output error",
        str(path): f"{path}: Input/output error",
        "/proc/locks": f"{path}: /proc/locks: Input/output error",
    }


def test_a_segment_that_is_damaged_does_not_keep_the_others(state: Path) -> None:
    (state / FOLDER).mkdir()
    (state / FOLDER / "000000000001.db").write_bytes(b"garbage " * 64)
    (state / FOLDER / "1 copy.db").touch()
    assert [path.name for path in segments(state)] == ["000000000001.db"]
    assert oldest(state) is None


CHANGES = ["detail = x'ff'", "at = 9223372036854775807", "at = 'abc'", "hash = 'abc'", "event = x'ff'"]


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_were_changed_can_still_be_read(state: Path, change: str) -> None:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        connection.execute(f"UPDATE journal SET {change} WHERE seq = 3")
        connection.commit()
    for command in (["tail"], ["tail", "--json"], ["export"], ["export", "--format", "jsonl"]):
        told = invoke(journal, [*command, "--state-dir", str(state)], catch_exceptions=False)
        assert told.exit_code == 0
        assert len(told.output.splitlines()) == 5 + (command == ["export"])
    assert json.loads(told.output.splitlines()[2])["seq"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "-n", "9" * 20],
        ["tail", "-n", "-1"],
        ["export", "--after", "9" * 20],
        ["verify", "--checkpoint", "²:" + "0" * 64],
    ],
)
def test_numbers_that_are_none_are_refused(state: Path, arguments: list[str]) -> None:
    told = invoke(journal, [*arguments, "--state-dir", str(state)])
    assert isinstance(told.exception, SystemExit | UsageError)
    assert told.exit_code


def test_another_database_is_no_journal(state: Path) -> None:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        connection.execute("DROP TABLE journal")
        connection.commit()
    for command in ("tail", "verify", "export"):
        told = invoke(journal, [command, "--state-dir", str(state)])
        assert isinstance(told.exception, StoreError)


@pytest.mark.parametrize("name", ["device.key", "lane.db", "lane.db-wal", NAME])
def test_what_a_link_leads_to_keeps_its_rights(state: Path, name: str) -> None:
    """It may be a device that everybody needs, and the gate may be root."""
    target = state.parent / "target"
    target.write_bytes(b"")
    target.chmod(0o644)
    _emptied(state / name).symlink_to(target)
    with suppress(StoreError):
        LaneStore(state, policy()).close()
    with suppress(StoreError):
        load_or_make(state)
    assert target.stat().st_mode & 0o777 == 0o644
