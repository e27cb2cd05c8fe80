"""A lane.db that is not the one that was left here is a loss: said, locked down, and no use is forgotten."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.lane.modes import Mode
from gate.core.model import Claims, Direction, Listing
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.admission import Admission, Presented
from gate.store.clock_reset import reset_floor
from gate.store.device_key import load_or_make
from gate.store.lane_file import examine, last_time
from gate.store.list_reader import StatusList
from gate.store.standing_orders import StandingOrders
from gate.testing.builders import NOW, load, policy
from gate.testing.builders import claims as any_claims
from tests.dying import dies_at_line
from tests.store.losses import COLUMNS, DATABASE, LATER_OF_CLOCK, LOSSES, damaged_page, emptied, removed

LOCKED = frozenset({Mode.LOCKED_DOWN})


def claims(idx: int, presented_at: int | None = None) -> Claims:
    return any_claims(idx, token=f"token-{idx}".encode(), presented_at=presented_at)


class Device:
    """A lane's store that can be killed, tampered with and started again."""

    def __init__(self, state: Path, **rules: Any) -> None:
        self.state = state
        self.policy = replace(policy(reuse_after=600.0), **rules)
        self.at = float(NOW)
        self.open()

    def open(self) -> None:
        self.status = StatusList(self.state)
        self.status.refresh()
        self.admission = Admission(self.state, self.status, self.policy)
        self.running = True
        self.admission.close_interrupted(self.at)
        self.admission.note(JournalEvent.GATE, self.at, "started")

    def kill(self, *, before_end: bool = False) -> None:
        """What kill -9 leaves: the files as they are, the WAL not brought in.  `before_end`: right after an answer,
        before the lane's follow-up."""
        if not before_end:
            self.admission.keep_end()
        aside = self.state.with_name(f"{self.state.name}.killed")
        shutil.copytree(self.state, aside)
        self.stop()
        shutil.rmtree(self.state)
        aside.rename(self.state)

    def stop(self) -> None:
        if self.running:
            self.running = False
            self.admission.close()
            self.status.close()

    def show(self, pass_: Claims) -> Reason:
        self.at += 1
        shown = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
        return self.admission.admit(pass_, shown, self.at).decision.reason

    def rows(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.state / "lane.db")) as connection:
            return connection.execute("SELECT event, detail FROM journal ORDER BY seq").fetchall()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Device]]:
    devices: list[Device] = []

    def device(name: str = "one", **rules: Any) -> Device:
        (tmp_path / name).mkdir()
        load(tmp_path / name, dict.fromkeys(range(7, 200), Listing.GREEN))
        devices.append(Device(tmp_path / name, **rules))
        return devices[-1]

    yield device
    for one in devices:
        one.stop()


def used(device: Device) -> None:
    """Somebody entered, a checkpoint, somebody else; then the power went."""
    assert device.show(claims(7)) is Reason.ADMITTED
    device.admission.sign_journal("ala-1", device.at)
    device.admission.tidy(device.at)
    assert device.show(claims(8)) is Reason.ADMITTED
    device.kill()


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES.keys())
def test_a_loss_is_recorded_locks_down_and_forgets_no_use(
    make: Callable[..., Device], lose: Callable[[Path], object]
) -> None:
    device = make()
    used(device)
    lose(device.state)
    assert examine(device.state) is not None, "the doctor knows it before the next start"
    device.open()
    assert device.admission.loss is not None
    assert device.admission.loss.confirmed is None
    assert device.admission.standing().orders == LOCKED
    rows = device.rows()
    (told,) = [detail for event, detail in rows if event == "loss"]
    assert "locked down until staff confirm" in told
    assert [event for event, _ in rows][-2:] in (["loss", "gate"], ["passage", "gate"])
    assert device.show(claims(7)) in (Reason.TOO_SOON, Reason.ALREADY_USED)
    assert device.show(claims(8)) in (Reason.TOO_SOON, Reason.ALREADY_USED)
    # Again, with nothing lost: the loss stands until staff confirm, and is said once.
    device.kill()
    device.open()
    assert device.admission.standing().orders == LOCKED
    assert [event for event, _ in device.rows()].count("loss") == 1
    device.admission.store_orders(StandingOrders(), device.at)
    device.kill()
    device.open()
    assert device.admission.standing() == StandingOrders()
    assert device.admission.loss is not None
    assert device.admission.loss.confirmed is not None
    device.at += 700
    assert device.show(claims(7)) is Reason.ADMITTED


def test_a_clock_that_is_set_back_bounds_the_lost_uses_at_once(make: Callable[..., Device]) -> None:
    device = make()
    used(device)
    removed(*DATABASE)(device.state)
    device.open()
    device.at -= 5000
    device.admission.keep_time(Kept(device.at, steady=device.at), device.at, "set back")
    assert device.show(claims(9)) is Reason.TOO_SOON
    device.at += 601
    assert device.show(claims(9)) is Reason.ADMITTED


def test_a_damaged_page_is_told_with_the_name_of_its_file(make: Callable[..., Device]) -> None:
    device = make()
    used(device)
    damaged_page(device.state)
    device.open()
    assert device.admission.loss is not None
    assert device.admission.loss.what.startswith(f"{device.state / 'lane.db'}: damaged (")


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_that_is_called_otherwise_shows_at_the_start(
    make: Callable[..., Device], table: str, column: str
) -> None:
    device = make()
    used(device)
    with closing(sqlite3.connect(device.state / "lane.db")) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME COLUMN [{column}] TO {column[:-1]}q")
    device.open()
    assert device.admission.loss is not None
    assert device.show(claims(7)) in (Reason.TOO_SOON, Reason.ALREADY_USED)


def test_the_time_of_the_last_row_is_known_without_the_database(make: Callable[..., Device]) -> None:
    device = make()
    used(device)
    (device.state / "lane.db").unlink()
    assert last_time(device.state) == device.at
    (device.state / "journal.end").unlink()
    assert last_time(device.state) is None
    (device.state / "device.key").unlink()
    assert last_time(device.state) is None


def test_the_new_journal_goes_on_from_the_last_known_row(make: Callable[..., Device]) -> None:
    device = make()
    used(device)
    removed(*DATABASE)(device.state)
    device.open()
    assert device.admission.loss is not None
    last = device.admission.loss.last or ""
    assert last.startswith("3:")  # started, and two people
    with closing(sqlite3.connect(device.state / "lane.db")) as connection:
        assert connection.execute("SELECT min(seq) FROM journal").fetchone() == (4,)


@pytest.mark.parametrize("name", [("lane.db", "lane.db-wal"), ("lane.db-wal",)])
def test_another_devices_files_are_a_loss(make: Callable[..., Device], name: tuple[str, ...]) -> None:
    device, other = make(), make("other")
    for one in (device, other):
        used(one)
    removed("lane.db-shm")(device.state)
    for file in name:
        shutil.copy(other.state / file, device.state / file)
    other.open()
    device.open()
    assert device.admission.loss is not None
    if "lane.db" in name:
        assert ": it belongs to another device; kept as " in device.admission.loss.what
    assert device.admission.standing().orders == LOCKED


def test_an_older_copy_is_a_loss(make: Callable[..., Device], tmp_path: Path) -> None:
    device = make()
    assert device.show(claims(7)) is Reason.ADMITTED
    device.stop()
    shutil.copy(device.state / "lane.db", tmp_path / "copy")
    device.open()
    assert device.show(claims(8)) is Reason.ADMITTED
    device.stop()
    shutil.copy(tmp_path / "copy", device.state / "lane.db")
    device.open()
    assert device.admission.loss is not None
    assert "rows were written" in device.admission.loss.what
    assert (device.state / "lane.db.lost-1").exists()


def test_a_first_start_is_silent_and_so_is_one_after_a_key_was_made(tmp_path: Path) -> None:
    for made in (False, True):
        state = tmp_path / f"{made}"
        if made:
            load_or_make(state)  # as a sync does for the subject index
        assert examine(state) is None
        device = Device(state)
        assert device.admission.loss is None
        assert device.admission.standing() == StandingOrders()
        device.stop()


def knows_a_use_until_the_wal_is_lost(device: Device) -> None:
    assert device.admission.loss is None
    assert device.show(claims(7)) is Reason.ALREADY_USED
    device.kill()
    removed("lane.db-wal", "lane.db-shm")(device.state)
    device.open()
    assert device.admission.loss is not None


def test_a_lane_db_of_before_gets_its_end(make: Callable[..., Device]) -> None:
    """Of an earlier version: a key and a journal, but no owner and no end."""
    device = make()
    device.show(claims(7))
    device.stop()
    with closing(sqlite3.connect(device.state / "lane.db")) as connection:
        gone = ("owner", "journal_base", "loss", "standing_terms")
        connection.executescript("".join(f"DROP TABLE {table};" for table in gone) + "PRAGMA user_version = 4;")
        for column in LATER_OF_CLOCK:
            connection.execute(f"ALTER TABLE clock DROP COLUMN {column}")
    (device.state / "journal.end").unlink()
    device.open()
    knows_a_use_until_the_wal_is_lost(device)


def test_a_kill_right_after_the_answer_is_no_loss(make: Callable[..., Device]) -> None:
    device = make()
    assert device.show(claims(7)) is Reason.ADMITTED
    device.kill(before_end=True)
    device.open()
    knows_a_use_until_the_wal_is_lost(device)


def test_a_full_house_is_assumed(make: Callable[..., Device]) -> None:
    device = make(max_inside=30)
    device.stop()
    removed(*DATABASE)(device.state)
    device.open()
    assert device.admission.inside() == 30


def test_a_bound_code_of_before_the_loss_is_refused_even_where_reuse_is_free(make: Callable[..., Device]) -> None:
    device = make()
    device.stop()
    device.policy = policy(reuse_after=0.0)
    removed(*DATABASE)(device.state)
    device.at += 120
    device.open()
    assert device.show(claims(7, presented_at=NOW)) is Reason.ALREADY_USED
    assert device.show(claims(8, presented_at=int(device.at))) is Reason.ADMITTED


@pytest.mark.parametrize("lost", ["missing", "empty, its WAL there", "the WAL missing", "missing, and the end too"])
def test_no_crash_within_the_healing_forgets_the_loss(make: Callable[..., Device], tmp_path: Path, lost: str) -> None:
    device = make()
    used(device)
    LOSSES[lost](device.state)
    shutil.copytree(device.state, tmp_path / "lost")
    line, step = 1, 11
    while dies_at_line(line, device.open):
        device.open()
        assert device.admission.standing().orders == LOCKED, f"died at line {line}"
        assert device.admission.loss is not None
        assert [event for event, _ in device.rows()].count("loss") == 1
        assert device.show(claims(7)) in (Reason.TOO_SOON, Reason.ALREADY_USED)
        device.stop()
        shutil.rmtree(device.state)
        shutil.copytree(tmp_path / "lost", device.state)
        line += step
    assert line > 20 * step


@pytest.mark.parametrize("names", [("lane.db",), ("lane.db-wal",), DATABASE])
def test_unlinked_under_the_running_lane_it_is_put_back_whole(
    make: Callable[..., Device], names: tuple[str, ...]
) -> None:
    device = make()
    assert device.show(claims(7)) is Reason.ADMITTED
    for suffix in ("", "-journal", "-wal", "-shm"):  # of an attempt that a power cut ended
        (device.state / f"lane.db.new{suffix}").write_bytes(b"half")
    removed(*names)(device.state)
    with pytest.raises(StoreError, match="removed or replaced"):
        device.show(claims(8))
    assert device.admission.heal(device.at)
    assert not device.admission.heal(device.at)
    assert device.show(claims(8)) is Reason.ADMITTED
    assert device.show(claims(7)) is Reason.ALREADY_USED
    device.kill()
    device.open()
    assert device.admission.loss is None
    assert device.show(claims(8)) is Reason.ALREADY_USED
    assert "written again from memory" in " ".join(detail or "" for _, detail in device.rows())


def test_damage_that_the_running_lane_meets_is_a_loss(make: Callable[..., Device]) -> None:
    device = make()
    assert device.show(claims(7)) is Reason.ADMITTED
    device.stop()
    with closing(sqlite3.connect(device.state / "lane.db")) as connection:
        uses = ((os.urandom(16), os.urandom(16), NOW + 9e5, NOW + 9e5, 1) for _ in range(90_000))
        connection.executemany("INSERT INTO redemption VALUES (?, ?, ?, ?, ?)", uses)
        connection.commit()
    device.open()
    size = (device.state / "lane.db").stat().st_size
    assert size > 4 << 20  # more than SQLite keeps in memory
    with (device.state / "lane.db").open("r+b") as file:
        file.seek(64 << 10)
        file.write(b"garbage " * ((size - (64 << 10)) // 8))
    with pytest.raises(StoreError, match="damaged"):
        [device.show(claims(idx)) for idx in range(7, 200)]
    assert device.admission.heal(device.at)
    assert device.admission.loss is not None
    assert device.admission.standing().orders == LOCKED
    assert device.show(claims(7)) is Reason.TOO_SOON


def test_a_file_cut_under_the_running_lane_is_noticed(make: Callable[..., Device]) -> None:
    device = make()
    assert device.show(claims(7)) is Reason.ADMITTED
    emptied("lane.db")(device.state)
    with pytest.raises(StoreError, match="removed or replaced"):
        device.show(claims(8))
    assert device.admission.heal(device.at)
    assert not device.admission.heal(device.at)
    assert device.show(claims(7)) in (Reason.ALREADY_USED, Reason.TOO_SOON)


def test_nobody_else_reads_the_state(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        state = tmp_path / "state"
        device = Device(state)
        device.show(claims(7))
        files = {path.name: path.stat().st_mode & 0o777 for path in state.iterdir()}
        device.stop()
    finally:
        os.umask(before)
    assert state.stat().st_mode & 0o777 == 0o700
    assert files.pop("device.pub") == 0o644
    assert set(files.values()) == {0o600}, files


def test_what_others_could_read_is_the_gates_alone_after_a_start(make: Callable[..., Device]) -> None:
    device = make()
    device.show(claims(7))
    device.kill()
    for path in device.state.glob("lane.db*"):
        path.chmod(0o644)
    device.open()
    rights = {path.name: path.stat().st_mode & 0o777 for path in device.state.glob("lane.db*")}
    assert rights == {"lane.db": 0o600, "lane.db-wal": 0o600, "lane.db-shm": 0o600}


def test_a_clock_reset_begins_no_journal_in_place_of_a_lost_one(make: Callable[..., Device]) -> None:
    device = make()
    device.at += 1e6
    device.show(claims(7))
    device.stop()
    removed(*DATABASE)(device.state)
    with pytest.raises(StoreError, match=r"the clock is not behind|the journal was lost"):
        reset_floor(device.state, NOW + 100.0)
    device.open()
    assert device.admission.loss is not None
