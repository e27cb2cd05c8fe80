"""The journal in sealed segments: no row is lost, doubled or changed unseen, whenever the power goes."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gate.core.kept_time import Kept
from gate.core.lane.modes import Mode
from gate.core.model import Decision, Direction, Listing
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store import database, journal, lane_values, segments
from gate.store.admission import Admission, Presented
from gate.store.journal_proof import Proof, open_journal, prove, read_rows
from gate.store.list_reader import StatusList
from gate.store.segments import STAY
from gate.testing.builders import NOW, claims, load, policy
from tests.dying import dies_at_line

SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
DAY = 86_400
KEEP = 400.0 * DAY


class Device:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.at = float(NOW)
        self.open()

    def open(self) -> None:
        self.status = StatusList(self.state)
        self.status.refresh()
        self.admission = Admission(self.state, self.status, policy(reuse_after=0.0))
        self.admission.close_interrupted(self.at)

    def close(self) -> None:
        self.admission.close()
        self.status.close()

    def write(self, rows: int) -> None:
        for _ in range(rows):
            self.at += 1
            self.admission.record(Decision(Reason.NOT_LISTED), SHOWN, self.at, claims(7))

    def retire(self, keep: float = KEEP) -> None:
        while self.admission.retire_rows("ala-1", keep, self.at):
            pass

    def rows(self) -> list[dict[str, Any]]:
        with open_journal(self.state) as connection:
            return list(read_rows(self.state, connection))


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    monkeypatch.setattr(segments, "ROWS", 50)
    state = tmp_path / "state"
    state.mkdir()
    load(state, {7: Listing.GREEN})
    made = Device(state)
    yield made
    made.close()


def files(device: Device) -> list[str]:
    return sorted(path.name for path in (device.state / segments.FOLDER).iterdir())


def test_rows_move_and_stay_the_same(device: Device) -> None:
    device.write(STAY + 170)
    before = device.rows()
    device.admission.sign_journal("ala-1", device.at)
    device.retire()
    assert files(device) == ["000000000001.db", "000000000051.db", "000000000101.db"]
    assert device.rows() == before
    device.write(1)
    proof = prove(device.state)
    assert (proof.rows, proof.first, proof.lost) == (STAY + 171, 1, ())
    assert proof.checkpoints == 4  # the end of each segment, and the one before they were sealed
    with open_journal(device.state) as connection:
        assert [row["seq"] for row in read_rows(device.state, connection, after=120)] == list(range(121, STAY + 172))
    with closing(sqlite3.connect(device.state / "lane.db")) as connection:
        assert connection.execute("SELECT min(seq) FROM journal").fetchone() == (151,)
    for path in (device.state / segments.FOLDER).iterdir():
        assert path.stat().st_mode & 0o777 == 0o400


def test_a_checkpoint_where_a_segment_ends_stays_the_one_that_left(device: Device) -> None:
    device.write(50)
    left = device.admission.sign_journal("ala-1", device.at)
    device.write(STAY + 10)
    device.retire()
    assert files(device) == ["000000000001.db"]
    proof = prove(device.state, left)
    assert (proof.rows, proof.checkpoints) == (STAY + 60, 1)


def test_rows_after_a_damaged_segment_are_read(device: Device) -> None:
    device.write(STAY + 170)
    device.retire()
    damaged(device.state)
    with open_journal(device.state) as connection:
        assert [row["seq"] for row in read_rows(device.state, connection, after=100)] == list(range(101, STAY + 171))


def bytes_read_by_a_start(device: Device) -> int:
    device.close()
    before = read_so_far()
    device.open()
    return read_so_far() - before


def read_so_far() -> int:
    """Bytes that this process has read by any call, files in the page cache among them."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["rchar"])


@pytest.mark.parametrize("sealed", [True, False])
def test_a_start_reads_no_more_of_a_journal_four_times_as_long(
    device: Device, monkeypatch: pytest.MonkeyPatch, *, sealed: bool
) -> None:
    """Not sealed: as an earlier version left it, a file that is larger than a lane's ever becomes."""
    if not sealed:
        monkeypatch.setattr(database, "CHECKED_AT_START", 0)
        monkeypatch.setattr(lane_values, "NEWEST", 100)
        monkeypatch.setattr(journal, "RECENT", 100)
    device.write(200)
    if sealed:
        device.retire()
    device.admission.tidy(device.at)
    bytes_read_by_a_start(device)
    short = bytes_read_by_a_start(device)
    device.write(600)
    if sealed:
        device.retire()
    device.admission.tidy(device.at)
    bytes_read_by_a_start(device)
    assert bytes_read_by_a_start(device) <= 1.2 * short


def test_a_few_old_rows_are_sealed_by_age_and_deleted_when_they_were_kept(device: Device) -> None:
    device.write(STAY + 20)
    device.retire()
    assert not (device.state / segments.FOLDER).exists()
    device.at += 31 * DAY
    device.write(1)
    device.retire()
    assert files(device) == ["000000000001.db"]
    device.at += 368 * DAY
    device.retire()
    assert files(device) == ["000000000001.db"]
    device.at += 2 * DAY
    device.retire()
    assert files(device) == []
    proof = prove(device.state)
    assert proof.first == 22
    assert device.rows()[-1]["detail"] == "rows up to 21 are deleted: kept for 400 days"


def test_a_clock_that_is_ahead_takes_one_segment_an_hour(device: Device) -> None:
    device.write(STAY + 250)
    device.retire()
    at, device.at = device.at, device.at + 1000 * DAY
    device.admission.keep_time(Kept(device.at, steady=at), device.at)  # it may be taken back: nothing is too old
    before = files(device)
    device.retire()
    assert files(device) == before
    device.admission.keep_time(Kept(device.at, steady=device.at), device.at)
    for _ in range(9):
        device.retire()
    assert len(files(device)) == 5  # of six


def test_an_open_grant_and_the_kept_time_stay(device: Device) -> None:
    admitted = device.admission.admit(claims(7), SHOWN, device.at)
    device.write(STAY + 200)
    device.retire()
    assert not (device.state / segments.FOLDER).exists()
    assert admitted.seq == 1


def edited(state: Path) -> None:
    path = state / segments.FOLDER / "000000000051.db"
    path.chmod(0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE journal SET reason = 'admitted' WHERE seq = 60")
        connection.commit()


def damaged(state: Path) -> None:
    path = state / segments.FOLDER / "000000000051.db"
    path.chmod(0o600)
    path.write_bytes(b"\xff" * 9000)


def without(name: str) -> Callable[[Path], None]:
    return lambda state: (state / segments.FOLDER / name).unlink()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (edited, "row 60 was changed"),
        (damaged, "damaged"),
        (without("000000000051.db"), "row 51 is missing"),
        (without("000000000001.db"), "rows 1 to 50 are missing"),
        (without("000000000101.db"), "row 101 is missing"),
    ],
)
def test_whatever_is_done_to_a_segment_shows(device: Device, harm: Callable[[Path], None], complaint: str) -> None:
    device.write(STAY + 170)
    device.retire()
    prove(device.state)
    harm(device.state)
    with pytest.raises(StoreError, match=complaint):
        prove(device.state)


def test_rows_edited_before_they_are_sealed_are_told_and_kept(device: Device) -> None:
    device.write(STAY + 60)
    with closing(sqlite3.connect(device.state / "lane.db", isolation_level=None)) as connection:
        connection.execute("UPDATE journal SET reason = 'admitted' WHERE seq = 9")
    device.retire()
    assert "row 9 was changed" in device.rows()[-1]["detail"]
    with pytest.raises(StoreError, match="row 9 was changed"):
        prove(device.state)


def test_a_loss_after_segments_is_told_by_the_proof(device: Device) -> None:
    device.write(STAY + 60)
    device.retire()
    device.close()
    for path in device.state.glob("lane.db*"):
        path.unlink()
    device.open()
    assert device.admission.loss is not None
    proof = prove(device.state)
    assert proof.lost == ((51, STAY + 60),)
    device.close()
    for path in [*device.state.glob("lane.db*"), device.state / "journal.end"]:
        path.unlink()
    device.open()
    assert device.admission.loss is not None


def test_a_kill_anywhere_loses_and_doubles_no_row(device: Device, tmp_path: Path) -> None:
    device.write(STAY + 120)
    before = device.rows()
    device.close()
    shutil.copytree(device.state, tmp_path / "before")

    def work() -> None:
        device.open()
        device.retire()

    line, step = 1, 29
    while dies_at_line(line, work):
        device.open()
        assert device.admission.loss is None, f"died at line {line}"
        assert device.rows() == before, f"died at line {line}"
        device.retire()
        assert device.rows() == before, f"died at line {line}"
        assert prove(device.state) == Proof(len(before), 2, prove(device.state).end)
        device.close()
        shutil.rmtree(device.state)
        shutil.copytree(tmp_path / "before", device.state)
        line += step
    assert line > 20 * step
    device.open()
