"""The journal: one chained row for each act of the lane, without persons.

A row holds outcome, reason, rule, versions, issuer, timings and a pseudonym of the holder under a key that lives
one day.  Never the QR text, idx, IIN, name or colour.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from nacl.signing import SigningKey

from gate.core.journal_chain import GENESIS, Field, checkpoint_message, link
from gate.core.journal_event import JournalEvent
from gate.core.model import Direction
from gate.store.journal_end import End


class JournalRow(NamedTuple):
    """One journal row, in the order of its columns; the journal sets `seq` and `hash`.

    `actor`: who ordered it ("uid 1000 aigul, by Aigul").  It is the last column, as `hashed` omits it when there is
    none."""

    at: int  # Unix ms
    event: JournalEvent
    reason: str | None = None
    rule: str | None = None
    mode: str | None = None
    direction: str | None = None
    reader: str | None = None
    issuer: str | None = None
    format: str | None = None
    holder: str | None = None
    list_version: int | None = None
    rules_version: int | None = None
    us: int | None = None
    grant: int | None = None
    detail: str | None = None
    actor: str | None = None


COLUMNS = ("seq", *JournalRow._fields)
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_DIRECTIONS = frozenset(Direction)
_GRANT = COLUMNS.index("grant")
RECENT = 10_000  # rows: a grant lasts seconds, so an open one is never older
_OPEN_GRANTS = """
SELECT seq, direction FROM journal AS decision WHERE seq > ? AND "grant" = seq AND NOT EXISTS
  (SELECT 1 FROM journal AS passage WHERE passage.seq > decision.seq AND passage."grant" = decision.seq)"""
_LAST = "SELECT seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1"
SELECT_ROW = f"SELECT {_NAMES}, hash FROM journal"  # noqa: S608 - our own names
_INSERT = f"INSERT INTO journal ({_NAMES}, hash) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608 - our names


class Journal:
    """The writing side of the journal.  The caller holds the transaction; there is no other writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.cursor().execute
        self.newest: End | None = None  # the end as last read or appended; None: not read yet

    def end(self) -> End:
        """Return the last row; in an empty journal, the row before the first."""
        if self.newest is None:
            self.newest = read_end(self._connection)
        return self.newest

    def invalidate(self) -> None:
        """Read the end again at the next use: to be called when a transaction was undone."""
        self.newest = None

    def append(self, row: JournalRow, *, grants: bool = False) -> int:
        """Append a row; return its seq.  `grants`: the row lets someone through, and a passage row closes it."""
        before = self.end()
        seq = before.seq + 1
        values: list[Field] = [seq, *row]
        if grants:
            values[_GRANT] = seq
        digest = link(before.digest, hashed(values))
        self._execute(_INSERT, (*values, digest))
        self.newest = End(seq, digest, row.at)
        return seq

    def open_grants(self) -> dict[int, Direction]:
        """Return the decisions that let someone through and have no passage row yet: seq -> direction."""
        rows = self._connection.execute(_OPEN_GRANTS, (self.end().seq - RECENT,))
        return {seq: Direction(way) if way in _DIRECTIONS else Direction.ENTRY for seq, way in rows}  # its digest shows

    def checkpoint(self, key: SigningKey, device: str, at: int) -> str | None:
        """Sign the end of the chain; return the text to store elsewhere, or None when nothing is new."""
        seq, digest, *_ = self.end()
        if seq == 0 or self._connection.execute("SELECT 1 FROM checkpoint WHERE seq = ?", (seq,)).fetchone():
            return None
        signature = key.sign(checkpoint_message(device, seq, digest)).signature
        self._connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", (seq, device, at, digest, signature))
        return f"{seq}:{digest.hex()}"


def read_base(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Read seq and digest of the row before the first in this file; (0, GENESIS) of a first journal."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal_base'").fetchone():
        return 0, GENESIS  # written by an earlier version
    row = connection.execute("SELECT seq, hash FROM journal_base").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


def read_end(connection: sqlite3.Connection) -> End:
    """Read the last row, as it is kept outside of the database."""
    row = connection.execute(_LAST).fetchone()
    return End(*row) if row else End(*read_base(connection))


def linked(previous: bytes, values: Sequence[Field]) -> bytes:
    """Return the digest of a row; empty where a value is of a kind that no row has."""
    try:
        return link(previous, hashed(values))
    except TypeError:
        return b""


def hashed(values: Sequence[Field]) -> Sequence[Field]:
    """Return the values that the digest covers: rows older than the column `actor` have none, and keep their
    digests."""
    return values if values[-1] is not None else values[:-1]
