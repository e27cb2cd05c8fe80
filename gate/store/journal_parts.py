"""A journal as the SQLite files that hold it: sealed segments and lane.db, or what `gate journal export` wrote.

Figures are counted part by part, so memory does not grow with the journal.  lane.db is read in one transaction: a
lane that goes on writing, or seals rows meanwhile, changes nothing of what is counted.
"""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gate.errors import DamagedError, StoreError
from gate.store.journal import COLUMNS, read_base
from gate.store.journal_export import INTEGERS
from gate.store.journal_proof import open_journal
from gate.store.segments import opened, segments

SLACK = 3_600_000  # ms by which a row may be older than the one before it: a state's row, a clock that was reset
_BATCH = 5_000  # rows at once into a temporary file: 2 MB
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_TABLE = f"CREATE TABLE journal ({_NAMES}, hash)"
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class JournalPart:
    """One file of a journal, open.  `first_at`, `last_at`: Unix ms of its first and last row; None: not known."""

    connection: sqlite3.Connection
    first_at: int | None = None
    last_at: int | None = None

    def overlaps(self, ranges: Sequence[tuple[int, int]]) -> bool:
        """Return whether it may hold rows of one of these times (Unix ms, the end exclusive)."""
        if self.first_at is None or self.last_at is None or self.first_at > self.last_at:
            return True
        return any(self.first_at - SLACK < end and self.last_at + SLACK >= begin for begin, end in ranges)

    def column(self, name: str) -> str:
        """Return the column to ask for: an earlier version's file lacks the newest."""
        there = {row[1] for row in self.connection.execute("PRAGMA table_info(journal)")}
        return f'"{name}"' if name in there else "NULL"


class JournalParts:
    """The parts of one journal, in order; `parts` may be asked more than once."""

    def __init__(self, make: Callable[[], Iterator[JournalPart]], count: int) -> None:
        self._make, self.count = make, count

    def __iter__(self) -> Iterator[JournalPart]:
        return self._make()


@contextmanager
def parts_of_lane(state_dir: Path) -> Iterator[JournalParts]:
    """Yield the parts of a device's own journal as it is now.  Raises StoreError."""
    with open_journal(state_dir, check=False) as connection:
        base, _ = read_base(connection)
        sealed = [path for path in segments(state_dir) if int(path.stem) <= base]

        def make() -> Iterator[JournalPart]:
            for path in sealed:
                yield from _sealed(path, base)
            yield JournalPart(connection)

        yield JournalParts(make, len(sealed) + 1)


@contextmanager
def parts_of_export(file: Path) -> Iterator[JournalParts]:
    """Yield the one part of an export: SQLite, CSV or JSON lines.  Raises StoreError."""
    try:
        with file.open("rb") as opened_file:
            head = opened_file.read(len(_SQLITE))
        with closing(_exported(file, head)) as connection:
            yield JournalParts(lambda: iter([JournalPart(connection)]), 1)
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise StoreError(f"{file}: cannot be read ({error})", hint=_NOT_AN_EXPORT) from error


_NOT_AN_EXPORT = "Name what `gate journal export` or `gate report --json` wrote"


def _sealed(path: Path, base: int) -> Iterator[JournalPart]:
    """Yield a segment; none where it was deleted meanwhile, or repeats rows that lane.db still holds."""
    try:
        with opened(path) as (segment, connection):
            if segment.last <= base:
                (first_at,) = connection.execute("SELECT first_at FROM segment").fetchone()
                yield JournalPart(connection, first_at, segment.last_at)
    except DamagedError:
        if path.exists():
            raise


def _exported(file: Path, head: bytes) -> sqlite3.Connection:
    if head == _SQLITE:
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    connection = sqlite3.connect("")  # a temporary file that SQLite deletes; small ones stay in memory
    try:
        connection.execute(_TABLE)
        insert = f"INSERT INTO journal VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608 - marks
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = _rows(lines, is_json=head.lstrip().startswith(b"{"), file=file)
            while batch := list(islice(rows, _BATCH)):
                connection.executemany(insert, batch)
        connection.execute("CREATE INDEX by_time ON journal (at)")
    except BaseException:
        connection.close()
        raise
    return connection


def _rows(lines: Iterable[str], *, is_json: bool, file: Path) -> Iterator[list[Any]]:
    names = (*COLUMNS, "hash")
    number = 0
    try:
        for row in map(json.loads, lines) if is_json else csv.DictReader(lines):
            yield [_value(name, row[name] if name in ("seq", "at", "event") else row.get(name)) for name in names]
            number += 1
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise StoreError(f"{file}: row {number + 1} is no row of a journal ({error})", hint=_NOT_AN_EXPORT) from error


def _value(name: str, value: object) -> object:
    if value is None or value == "":
        return None
    return int(str(value)) if name in INTEGERS else str(value)
