"""What lane.db itself holds of a lost journal: the row, the times, and when staff confirmed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gate.core.lane.modes import Mode
from gate.store.database import File, immediate, open_for_writing
from gate.store.journal import Journal
from gate.store.journal_end import End
from gate.store.loss import LATE, Loss, begin_after, confirm, read_loss, record
from gate.store.occupancy import Inside
from gate.store.pseudonyms import Secrets
from gate.store.standing_orders import read_standing
from gate.testing.builders import NOW, policy

END = End(7, b"digest of seven".ljust(32), at=(NOW - 500) * 1000)
HOUSE = replace(policy(), max_inside=40)


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_writing(File.LANE, tmp_path)) as connection:
        yield connection


def recorded(lane: sqlite3.Connection) -> Inside:
    """As the first transaction of a lane does."""
    journal, secrets = Journal(lane), Secrets(lane)
    inside = Inside(lane, secrets, HOUSE)
    with immediate(lane):
        secrets.prepare()
        record(lane, journal, inside, HOUSE, NOW)
    return inside


@pytest.mark.parametrize("end", [END, None])
def test_the_loss_is_the_first_row_and_known_with_its_times(lane: sqlite3.Connection, end: End | None) -> None:
    with immediate(lane):
        begin_after(lane, "gone", end, fresh=True)
    last, used_at = (str(end), NOW - 500 + LATE) if end else (None, None)
    assert read_loss(lane) == Loss("gone", last, used_at)
    assert read_standing(lane).orders == {Mode.LOCKED_DOWN}
    inside = recorded(lane)
    known = f"; its last known row is {end}" if end else ""
    rows = lane.execute("SELECT seq, at, event, detail FROM journal").fetchall()
    first = 8 if end else 1
    assert rows == [(first, NOW * 1000, "loss", f"gone{known}; locked down until staff confirm")]
    assert read_loss(lane) == Loss("gone", last, used_at or NOW, NOW)
    assert inside.count() == 40
    with immediate(lane):
        confirm(lane, NOW + 60)
    assert read_loss(lane) == Loss("gone", last, used_at or NOW, NOW, NOW + 60)
    recorded(lane)
    assert len(lane.execute("SELECT seq FROM journal").fetchall()) == 1


def test_what_a_transaction_wrote_before_it_failed_is_undone(lane: sqlite3.Connection) -> None:
    def fail() -> None:
        with immediate(lane):
            begin_after(lane, "gone", None, fresh=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not lane.in_transaction
    assert read_loss(lane) is None
