"""The journal is a chain: whatever is done to it afterwards shows."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_event import JournalEvent
from gate.errors import StoreError, UsageError
from gate.store.database import File, immediate, open_for_writing
from gate.store.journal import Journal, JournalRow
from gate.store.journal_proof import read, verify

DEVICE_KEY = SigningKey(bytes(32))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Ten rows, checkpoints after the fifth and the tenth."""
    opened = open_for_writing(File.LANE, tmp_path)
    journal = Journal(opened)
    for number in range(1, 11):
        with immediate(opened):
            journal.append(
                JournalRow(at=number, event=JournalEvent.DECISION, reason="admitted", detail=f"Қақпа {number}")
            )
            if number % 5 == 0:
                journal.checkpoint(DEVICE_KEY, "ala-t2-07", number)
    yield opened
    opened.close()


def test_an_untouched_journal_is_whole(connection: sqlite3.Connection) -> None:
    proof = verify(connection, DEVICE_KEY.verify_key)
    assert (proof.rows, proof.checkpoints) == (10, 2)
    assert verify(connection, DEVICE_KEY.verify_key, proof.end) == proof
    assert [row["seq"] for row in read(connection, after=7)] == [8, 9, 10]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("UPDATE journal SET reason = 'expired' WHERE seq = 3", "row 3 was changed"),
        ("UPDATE journal SET detail = NULL WHERE seq = 10", "row 10 was changed"),
        ("DELETE FROM journal WHERE seq = 4", "row 4 is missing"),
        ("UPDATE journal SET seq = 11 WHERE seq = 10", "row 10 is missing"),
        ("DELETE FROM journal WHERE seq > 7", "a checkpoint names row 10: its tail was cut"),
        ("UPDATE checkpoint SET signature = zeroblob(64) WHERE seq = 5", "not signed by this device"),
        ("UPDATE checkpoint SET device = 'other' WHERE seq = 5", "not signed by this device"),
    ],
)
def test_whatever_is_done_to_it_shows(connection: sqlite3.Connection, damage: str, complaint: str) -> None:
    connection.execute(damage)
    with pytest.raises(StoreError, match=complaint):
        verify(connection, DEVICE_KEY.verify_key)


def test_a_tail_cut_with_its_checkpoints_shows_against_one_that_left(connection: sqlite3.Connection) -> None:
    carried = verify(connection, DEVICE_KEY.verify_key).end
    connection.execute("DELETE FROM journal WHERE seq > 7")
    connection.execute("DELETE FROM checkpoint WHERE seq > 7")
    verify(connection, DEVICE_KEY.verify_key)
    with pytest.raises(StoreError, match="its tail was cut"):
        verify(connection, DEVICE_KEY.verify_key, carried)


def test_a_rewritten_tail_shows_against_a_checkpoint_that_left(connection: sqlite3.Connection) -> None:
    carried = verify(connection, DEVICE_KEY.verify_key).end
    connection.execute("DELETE FROM journal WHERE seq > 9")
    connection.execute("DELETE FROM checkpoint WHERE seq > 9")
    with immediate(connection):
        Journal(connection).append(JournalRow(at=10, event=JournalEvent.DECISION, reason="expired"))
    with pytest.raises(StoreError, match="does not match the checkpoint"):
        verify(connection, DEVICE_KEY.verify_key, carried)


OLD_ROW = [1, "decision", "admitted", None, "enforce", "entry", "reader[0]", *[None] * 6, 1, "Қақпа"]


def test_rows_from_before_actors_were_recorded_keep_their_digests(tmp_path: Path) -> None:
    steps = sorted((files("gate.store") / "schema" / "lane").iterdir(), key=lambda step: step.name)
    with closing(sqlite3.connect(tmp_path / "lane.db", isolation_level=None)) as old:
        for step in steps[:3]:
            old.executescript(step.read_text())
        old.execute("PRAGMA user_version = 3")
        digest = blake2b(bytes(32) + json.dumps([1, *OLD_ROW], separators=(",", ":")).encode(), digest_size=32)
        old.execute(f"INSERT INTO journal VALUES ({', '.join('?' * 17)})", (1, *OLD_ROW, digest.digest()))
    with closing(open_for_writing(File.LANE, tmp_path)) as connection:
        assert verify(connection, None).end == f"1:{digest.hexdigest()}"
        with immediate(connection):
            Journal(connection).append(JournalRow(at=2, event=JournalEvent.MODE, detail="free on", actor="uid 1000"))
            Journal(connection).append(JournalRow(at=3, event=JournalEvent.MODE, detail="free off"))
        assert verify(connection, None).rows == 3
        assert [row["actor"] for row in read(connection)] == [None, "uid 1000", None]


@pytest.mark.parametrize(("seq", "actor"), [(11, "NULL"), (11, "'uid 0'"), (3, "'uid 0'")])
def test_who_ordered_it_cannot_be_changed(connection: sqlite3.Connection, seq: int, actor: str) -> None:
    with immediate(connection):
        Journal(connection).append(JournalRow(at=11, event=JournalEvent.MODE, detail="free on", actor="uid 1000"))
    connection.execute(f"UPDATE journal SET actor = {actor} WHERE seq = {seq}")
    with pytest.raises(StoreError, match=f"row {seq} was changed"):
        verify(connection, DEVICE_KEY.verify_key)


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    opened = open_for_writing(File.LANE, tmp_path)
    assert verify(opened, None).rows == 0
    opened.close()


def test_a_checkpoint_that_is_none_is_said(connection: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="is not a checkpoint"):
        verify(connection, None, "10-abc")


@pytest.mark.parametrize("column", ["at", "event", "detail", '"grant"'])
def test_a_value_of_another_kind_is_a_change(connection: sqlite3.Connection, column: str) -> None:
    connection.execute(f"UPDATE journal SET {column} = x'ff' WHERE seq = 2")
    with pytest.raises(StoreError, match="row 2 was changed"):
        verify(connection, None)


def test_rows_of_all_versions_name_what_happened_alike() -> None:
    """The names are part of the digests, and of what others export: more may come, none changes."""
    before = (
        "decision passage rex extended fire reset mode schedule alarm contact occupancy gate clock store journal loss"
    )
    assert {str(event) for event in JournalEvent} >= set(before.split())
