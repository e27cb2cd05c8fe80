"""Junk before a reader costs a row a second, and no refusal goes uncounted."""

import itertools
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.lane.modes import Mode
from gate.core.model import Decision, Direction, Listing
from gate.core.reason import Reason
from gate.store.admission import Admission, Counted, Presented, Recorded
from gate.store.repeats import RepeatKind, Repeats
from gate.testing.builders import NOW, claims, load
from tests.store.opening import opened

JUNK = (Reason.MALFORMED, Reason.UNREADABLE, Reason.UNKNOWN_ISSUER, Reason.BAD_SIGNATURE)
SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)


@pytest.fixture
def admission(tmp_path: Path) -> Iterator[Admission]:
    load(tmp_path, {7: Listing.GREEN})
    with opened(tmp_path) as admission:
        yield admission


def rows(state: Path) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        return connection.execute("SELECT reason, detail FROM journal WHERE event = 'decision' ORDER BY seq").fetchall()


def told(rows: list[tuple[str, str | None]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for reason, detail in rows:
        found = re.fullmatch(r"(\d+) times", detail or "")
        counts[reason] += int(found[1]) if found else 1
    return counts


def test_a_reader_that_shows_junk_without_end_costs_a_row_a_second(tmp_path: Path, admission: Admission) -> None:
    shown: Counter[str] = Counter()
    for frame in range(600):  # a minute at ten a second
        reason = JUNK[frame % 4]
        shown[reason.value] += 1
        admission.record(Decision(reason), SHOWN, NOW + frame / 10)
    assert len(rows(tmp_path)) <= 60
    admission.write_counts(NOW + 61, every=True)
    assert told(rows(tmp_path)) == shown


def test_the_first_has_its_row_at_once_and_the_rest_follow(tmp_path: Path, admission: Admission) -> None:
    assert isinstance(admission.record(Decision(Reason.MALFORMED, detail="no CBOR"), SHOWN, NOW), Recorded)
    assert isinstance(admission.record(Decision(Reason.MALFORMED), SHOWN, NOW + 0.4), Counted)
    admission.write_counts(NOW + 0.9)
    assert rows(tmp_path) == [("malformed", "no CBOR")]
    admission.write_counts(NOW + 1.1)
    assert rows(tmp_path) == [("malformed", "no CBOR"), ("malformed", None)]
    assert isinstance(admission.record(Decision(Reason.MALFORMED), SHOWN, NOW + 3), Recorded)


def test_a_person_and_whoever_is_let_through_has_a_row_of_their_own(tmp_path: Path, admission: Admission) -> None:
    free = Presented("reader[0]", Direction.ENTRY, Mode.FREE, 1)
    for number in range(5):
        admission.record(Decision(Reason.LANE_BUSY), SHOWN, NOW, claims(7))
        admission.record(Decision(Reason.STAFF_ADMITTED), SHOWN, NOW, actor="aigul")
        admission.record(Decision(Reason.MALFORMED), free, NOW)
        admission.admit(claims(7, token=f"{number}".encode()), SHOWN, NOW)
    assert len(rows(tmp_path)) == 20


def test_a_failing_disk_loses_no_count(tmp_path: Path, admission: Admission) -> None:
    admission.record(Decision(Reason.MALFORMED), SHOWN, NOW)
    admission.record(Decision(Reason.MALFORMED), SHOWN, NOW)
    with closing(sqlite3.connect(tmp_path / "lane.db", isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END")
        with pytest.raises(Exception, match="no room"):
            admission.write_counts(NOW + 2)
        other.execute("DROP TRIGGER full")
    admission.write_counts(NOW + 2)
    assert told(rows(tmp_path)) == {"malformed": 2}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(JUNK), st.floats(0, 3))))
def test_every_refusal_is_counted_once_and_rows_keep_their_pace(shown: list[tuple[str, Reason, float]]) -> None:
    repeats, at = Repeats(), 0.0
    written: list[tuple[str, RepeatKind, int, float]] = []
    for reader, reason, pause in shown:
        at += pause
        kind = RepeatKind(reason, Direction.ENTRY, Mode.ENFORCE)
        if row := repeats.add(reader, kind, at):
            written.append((reader, *row, at))
            repeats.written(reader, row[0], at)
    for reader in "ab":
        times = [time for by, _, _, time in written if by == reader]
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(times))
    for reader, kind, many in repeats.due(at, every=True):
        written.append((reader, kind, many, at))
    counted: Counter[tuple[str, Reason]] = Counter()
    for reader, kind, many, _ in written:
        counted[reader, kind.reason] += many
    assert counted == Counter((reader, reason) for reader, reason, _ in shown)
