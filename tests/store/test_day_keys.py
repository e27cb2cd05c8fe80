"""A day's key dies when its day does: by the clock, in every file of the device."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.store.admission import Admission, Presented
from gate.store.database import BUSY_TIMEOUT_MS
from gate.store.list_reader import StatusList
from gate.testing.builders import NOW, claims, load, policy

SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
DAY = 86_400


@pytest.fixture
def admission(tmp_path: Path) -> Iterator[Admission]:
    load(tmp_path, {7: Listing.GREEN})
    status = StatusList(tmp_path)
    status.refresh()
    opened = Admission(tmp_path, status, policy())
    yield opened
    status.close()


def key_of_the_day(state: Path) -> bytes:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        (key,) = connection.execute("SELECT key FROM secret WHERE name LIKE 'day-%'").fetchone()
    assert isinstance(key, bytes)
    return key


def holding(state: Path, key: bytes) -> list[str]:
    return [path.name for path in state.rglob("*") if path.is_file() and key in path.read_bytes()]


def test_it_dies_by_the_clock_in_every_file(tmp_path: Path, admission: Admission) -> None:
    admission.admit(claims(7), SHOWN, NOW)
    key = key_of_the_day(tmp_path)
    admission.destroy_keys(NOW + 60)
    assert holding(tmp_path, key)  # its day is not over
    admission.destroy_keys(NOW + DAY)  # nobody came
    assert holding(tmp_path, key) == []
    admission.close()


def test_it_dies_when_somebody_comes_first(tmp_path: Path, admission: Admission) -> None:
    admission.admit(claims(7), SHOWN, NOW)
    key = key_of_the_day(tmp_path)
    admission.admit(claims(7), SHOWN, NOW + DAY)
    admission.destroy_keys(NOW + DAY)
    assert holding(tmp_path, key) == []
    admission.close()


def test_a_reader_that_holds_the_wal_delays_it_and_nobody_waits(tmp_path: Path, admission: Admission) -> None:
    admission.admit(claims(7), SHOWN, NOW)
    key = key_of_the_day(tmp_path)
    with closing(sqlite3.connect(tmp_path / "lane.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()
        admission.destroy_keys(NOW + DAY)
        assert holding(tmp_path, key) != []
        reader.execute("COMMIT")
    admission.destroy_keys(NOW + DAY)
    assert holding(tmp_path, key) == []
    (patience,) = admission._file.connection.execute("PRAGMA busy_timeout").fetchone()
    assert patience == BUSY_TIMEOUT_MS  # every other statement waits for a reader
    admission.close()


def test_a_crash_between_does_not_leave_it_in_the_wal(tmp_path: Path, admission: Admission) -> None:
    admission.admit(claims(7), SHOWN, NOW)
    key = key_of_the_day(tmp_path)
    child = os.fork()
    if not child:
        admission.admit(claims(7), SHOWN, NOW + DAY)  # destroyed, and not cut from the WAL
        os._exit(0)
    os.waitpid(child, 0)
    assert holding(tmp_path, key)
    admission.close()
    assert holding(tmp_path, key) == []
