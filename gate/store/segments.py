"""Sealed segments of the journal: rows leave lane.db for files of their own, which never change.

So lane.db stays small, and a start takes no longer after years.  A segment is written, flushed to the disk and
renamed before its rows are deleted: after a crash in between they are in both, and are sealed once more.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.journal_chain import checkpoint_message
from gate.errors import DamagedError
from gate.store.database import unusable
from gate.store.durable import create, make_own_directory, put_in_place
from gate.store.journal import SELECT_ROW, linked, read_base
from gate.store.milliseconds import ms

FOLDER = "journal"
ROWS = 10_000  # of a segment: sealing takes 0.15 s here, during which the lane's only writer is busy
AGE = 30 * 86_400.0  # seconds after which rows are sealed, however few: a segment is deleted whole
STAY = 100  # rows that stay in lane.db: the last minutes, for grants that are open and the kept time
_SEALED = 0o400
_SCHEMA = """
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, at INTEGER, event TEXT, reason TEXT, rule TEXT, mode TEXT, direction TEXT, reader TEXT,
  issuer TEXT, format TEXT, holder TEXT, list_version INTEGER, rules_version INTEGER, us INTEGER, "grant" INTEGER,
  detail TEXT, actor TEXT, hash BLOB);
CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, device TEXT, at INTEGER, hash BLOB, signature BLOB);
CREATE TABLE segment (first INTEGER, before BLOB, last INTEGER, first_at INTEGER, last_at INTEGER);
PRAGMA user_version = 1;
"""  # as lane.db has them; `before`: digest of the row before the first


@dataclass(frozen=True, slots=True)
class JournalSegment:
    """A sealed file and its own header."""

    path: Path
    first: int
    before: bytes
    last: int
    last_at: int  # Unix ms


def segments(state_dir: Path) -> list[Path]:
    """Return the sealed files, oldest first."""
    return sorted(path for path in (state_dir / FOLDER).glob("[0-9]*.db") if path.stem.isdecimal())


@contextmanager
def opened(path: Path) -> Iterator[tuple[JournalSegment, sqlite3.Connection]]:
    """Open a sealed file for the block.  Raises StoreError."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            row = connection.execute("SELECT first, before, last, last_at FROM segment").fetchone()
            if row is None:
                raise DamagedError(f"{path}: damaged (it has no description)", hint="Keep it as evidence")
            yield JournalSegment(path, *row), connection
    except (sqlite3.Error, UnicodeError, OSError) as error:
        raise unusable(path, error) from error


def last_to_seal(connection: sqlite3.Connection, at: float, open_grant: int | None) -> int | None:
    """Return seq of the last row that is to leave lane.db now, or None.  `at`: Unix s; `open_grant`: the oldest
    that is open, if any."""
    base, _ = read_base(connection)
    (end,) = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
    clock = connection.execute("SELECT seq FROM clock").fetchone()  # the rows after it carry the later time
    limits = [end - STAY, *([clock[0]] if clock else []), *([open_grant - 1] if open_grant else [])]
    limit: int = min(limits)
    if limit - base >= ROWS:
        return base + ROWS
    first = connection.execute("SELECT at FROM journal WHERE seq = ?", (base + 1,)).fetchone()
    return limit if first and limit > base and first[0] < (at - AGE) * 1000 else None


def seal(connection: sqlite3.Connection, last: int, key: SigningKey, device: str, at: float) -> int | None:
    """Write the rows up to `last` to a segment, signed at its end; it is on the disk on return.  Return the first
    row whose digest is wrong, which is kept as it is.  Raises OSError, sqlite3.Error."""
    base, digest = read_base(connection)
    folder = Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent / FOLDER
    make_own_directory(folder, 0o700)
    rows = connection.execute(f"{SELECT_ROW} WHERE seq > ? AND seq <= ? ORDER BY seq", (base, last)).fetchall()
    within = "SELECT seq, device, at, hash, signature FROM checkpoint WHERE seq > ? AND seq <= ?"
    signed = {row[0]: row for row in connection.execute(within, (base, last))}
    broken, before, chained = None, digest, digest
    for *values, written in rows:
        chained = linked(chained, values)
        if chained != written:
            broken, chained = broken or values[0], written
    signature = key.sign(checkpoint_message(device, last, chained)).signature
    signed.setdefault(last, (last, device, ms(at), chained, signature))
    path = folder / f"{base + 1:012}.db"
    staged = path.with_name(f"{path.name}.new")
    os.close(create(staged, 0o600))
    with closing(sqlite3.connect(staged, isolation_level=None)) as segment:
        segment.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN; {_SCHEMA}")
        segment.executemany(f"INSERT INTO journal VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - marks
        segment.executemany("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", signed.values())
        segment.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?)", (base + 1, before, last, rows[0][1], rows[-1][1]))
        segment.execute("COMMIT")
    descriptor = os.open(staged, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, _SEALED)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    put_in_place(staged, path)
    return broken


def release(connection: sqlite3.Connection, last: int) -> None:
    """Delete the rows that were sealed, inside the caller's write transaction."""
    (digest,) = connection.execute("SELECT hash FROM journal WHERE seq = ?", (last,)).fetchone()
    connection.execute("DELETE FROM journal WHERE seq <= ?", (last,))
    connection.execute("DELETE FROM checkpoint WHERE seq <= ?", (last,))
    connection.execute("INSERT OR REPLACE INTO journal_base VALUES (1, ?, ?)", (last, digest))


def oldest(state_dir: Path) -> JournalSegment | None:
    """Return the oldest segment.  A damaged one is skipped, and stays as evidence.  Raises StoreError while the
    disk refuses."""
    for path in segments(state_dir):
        with suppress(DamagedError), opened(path) as (segment, _):
            return segment
    return None
