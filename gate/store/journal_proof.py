"""The journal over its sealed segments and lane.db: reading, and proof that it is whole."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from gate.core.journal_chain import GENESIS, checkpoint_message, link_bytes
from gate.core.journal_event import JournalEvent
from gate.errors import BrokenJournalError, StoreError, UsageError
from gate.store import device_key
from gate.store.database import File, open_for_reading, unusable
from gate.store.journal import COLUMNS, linked, read_base
from gate.store.journal_end import EndFile
from gate.store.segments import opened, segments

FORGOTTEN = re.compile(r"rows up to (\d+) are deleted")
_ABOUT = ("event", "detail")
_CHAINED = ", ".join(f'"{name}"' for name in COLUMNS[:-1])


@contextmanager
def open_journal(state_dir: Path, *, check: bool = True) -> Iterator[sqlite3.Connection]:
    """Yield lane.db as it is now, for the length of the block: rows sealed meanwhile stay.  `check`: read all of it
    for damage first.  Raises StoreError."""
    connection = open_for_reading(File.LANE, state_dir, check=check)
    if connection is None:
        raise StoreError(
            f"{state_dir} holds no journal", hint="It begins with the first `gate run`; check the directory"
        )
    with closing(connection):
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM journal LIMIT 1").fetchone()
            yield connection
        except (sqlite3.Error, UnicodeError) as error:
            raise unusable(File.LANE.within(state_dir), error) from error


def last_row(connection: sqlite3.Connection) -> int:
    """Return seq of the journal's last row."""
    (last,) = connection.execute("SELECT max(seq) FROM journal").fetchone()
    return last or read_base(connection)[0]


def read_rows(state_dir: Path, connection: sqlite3.Connection, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of the segments and of `connection`, which is lane.db, in order, with their `hash`.  Raises
    StoreError."""
    if after < read_base(connection)[0]:
        files = segments(state_dir)
        begins = [int(path.stem) for path in files]
        for path, following in zip_longest(files, begins[1:]):
            if following is None or following > after + 1:
                with opened(path) as (_, segment):
                    for row in read(segment, after=after):
                        after = row["seq"]
                        yield row
    yield from read(connection, after=after)


def read(connection: sqlite3.Connection, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of one file as dictionaries, in order."""
    for values in connection.execute(f"{_select(connection)} WHERE seq > ? ORDER BY seq", (after,)):
        yield dict(zip((*COLUMNS, "hash"), values, strict=True))


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of a proof."""

    rows: int  # seq of the last one
    checkpoints: int
    end: str  # "seq:digest", to compare with one that left the device
    first: int = 1  # seq of the first row that is kept
    lost: tuple[tuple[int, int], ...] = ()  # first and last seq of each gap that a journal row records as lost


def verify(connection: sqlite3.Connection, key: VerifyKey | None, known: str | None = None) -> Proof:
    """Walk the chain of lane.db alone, from its first row, and check every signed checkpoint.

    `known`: a checkpoint "seq:digest" that left the device earlier, to detect a cut tail.  Raises StoreError naming
    the first row that has changed."""
    walk = _Walk(key, known)
    walk.take(connection, *read_base(connection))
    return walk.proof()


def prove(state_dir: Path, known: str | None = None, *, within: tuple[int, int] | None = None) -> Proof:
    """Prove all segments too, with the device's own key, up to the end that is kept outside of lane.db.

    `within`: only the files with rows of this time (Unix ms, the end exclusive), each up to its signed end."""
    key = device_key.load(state_dir)
    end = EndFile(state_dir, key).read() if key else None  # before the rows: more may follow
    walk = _Walk(key.verify_key if key else None, known)
    with open_journal(state_dir, check=within is None) as connection:
        sealed = segments(state_dir)
        for path in sealed if within is None else _overlapping(sealed, within):
            with opened(path) as (segment, rows):
                walk.take(rows, segment.first - 1, segment.before)
        if within is None or _begins_before(connection, within[1]):
            walk.take(connection, *read_base(connection))
        else:
            return walk.proof()
    proof = walk.proof()
    is_forgotten = within is not None or (1, proof.first - 1) in proof.lost or walk.forgotten >= proof.first - 1
    if proof.first > 1 and not is_forgotten:
        raise _broken(f"rows 1 to {proof.first - 1} are missing, and no row says that they were kept long enough", 1)
    if end and not end.lost and end.seq > proof.rows:
        raise _broken(f"the journal ends at row {proof.rows}, but journal.end names row {end.seq}", proof.rows + 1)
    return proof


def _overlapping(paths: Sequence[Path], within: tuple[int, int]) -> Sequence[Path]:
    """Return the segments from the first to the last with rows of this time."""
    ends = []
    for path in paths:
        with opened(path) as (_, segment):
            ends.append(segment.execute("SELECT first_at, last_at FROM segment").fetchone())
    held = [number for number, (first, last) in enumerate(ends) if last >= within[0] and first < within[1]]
    return paths[held[0] : held[-1] + 1] if held else ()


def _begins_before(connection: sqlite3.Connection, at: int) -> bool:
    first = connection.execute("SELECT at FROM journal ORDER BY seq LIMIT 1").fetchone()
    return first is None or first[0] < at


@dataclass(slots=True)
class _Walk:
    key: VerifyKey | None
    known: str | None
    seq: int = 0
    digest: bytes = GENESIS
    first: int | None = None
    checked: int = 0
    forgotten: int = 0
    lost: list[tuple[int, int]] = field(default_factory=list)
    signed: dict[int, Any] = field(default_factory=dict)

    def take(self, connection: sqlite3.Connection, base: int, before: bytes) -> None:
        """Continue with the rows of a file; rows taken already are skipped."""
        expected = _parse_known(self.known)
        query = "SELECT seq, device, hash, signature FROM checkpoint WHERE seq > ?"
        self.signed.update({row[0]: row[1:] for row in connection.execute(query, (self.seq,))})
        for seq, event, detail, fields, written in _chained(connection, self.seq):
            if seq != self.seq + 1:
                self._leap(seq, event, base, before)
            self.first = self.first or seq
            digest = link_bytes(self.digest, fields) if fields.isascii() else b""
            if digest != written:  # what SQLite writes as JSON has escapes for ASCII only
                digest = linked(self.digest, _values(connection, seq))
            self.seq, self.digest = seq, digest
            if self.digest != written:
                raise _broken(f"row {self.seq} was changed, or one before it was inserted or removed", seq)
            if self.seq in self.signed:
                _check_signature(self.signed.pop(self.seq), self.digest, self.seq, self.key)
                self.checked += 1
            if expected and self.seq == expected[0] and self.digest.hex() != expected[1]:
                raise _broken(f"row {self.seq} does not match the checkpoint {self.known}", seq)
            if event == JournalEvent.JOURNAL and (found := FORGOTTEN.search(detail or "")):
                self.forgotten = max(self.forgotten, int(found[1]))

    def _leap(self, seq: int, event: str | None, base: int, before: bytes) -> None:
        """Accept missing rows before this one: it is the first that is kept, or the first after a loss."""
        if seq != base + 1 or (self.first is not None and event != JournalEvent.LOSS):
            raise _broken(f"row {self.seq + 1} is missing", self.seq + 1)
        if event == JournalEvent.LOSS:
            self.lost.append((self.seq + 1, base))
        self.seq, self.digest = base, before

    def proof(self) -> Proof:
        expected = _parse_known(self.known)
        beyond = expected[0] if expected and expected[0] > self.seq else 0
        if missing := max((*self.signed, beyond), default=0):
            what = f"the journal ends at row {self.seq}, but a checkpoint names row {missing}: its tail was cut"
            raise _broken(what, self.seq + 1)
        return Proof(self.seq, self.checked, f"{self.seq}:{self.digest.hex()}", self.first or 1, tuple(self.lost))


def _chained(connection: sqlite3.Connection, after: int) -> Iterator[tuple[int, str | None, Any, bytes, Any]]:
    """Yield seq, event and detail of rows about the journal itself, the fields that the digest covers as JSON by
    SQLite, and the digest.

    SQLite writes the JSON in a third of the time that Python takes for values and JSON.  It differs from ours for a
    text beyond ASCII, and refuses values of a kind that no row has: those rows have no fields here."""
    fields = f"json_array({_CHAINED})"
    if "actor" in _names(connection):
        fields = f'CASE WHEN actor IS NULL THEN {fields} ELSE json_array({_CHAINED}, "actor") END'
    about = [f"CASE WHEN event IN ('{JournalEvent.JOURNAL}', '{JournalEvent.LOSS}') THEN {name} END" for name in _ABOUT]
    query = "SELECT seq, {}, {}, {}, hash FROM journal WHERE seq > ? ORDER BY seq"
    try:
        for row in connection.execute(query.format(*about, f"CAST({fields} AS BLOB)"), (after,)):
            after = row[0]
            yield row
    except sqlite3.OperationalError as error:
        if "JSON" not in str(error):
            raise
        yield from connection.execute(query.format(*about, "x'80'"), (after,))


def _values(connection: sqlite3.Connection, seq: int) -> list[Any]:
    """Return the columns of a row, without its digest."""
    return list(connection.execute(f"{_select(connection)} WHERE seq = ?", (seq,)).fetchone())[:-1]


def _names(connection: sqlite3.Connection) -> set[str]:
    return {row[1] for row in connection.execute("PRAGMA table_info(journal)")}


def _select(connection: sqlite3.Connection) -> str:
    """Return the query; a file of an earlier version lacks the newest columns."""
    there = _names(connection)
    names = ", ".join(f'"{name}"' if name in there else "NULL" for name in (*COLUMNS, "hash"))
    return f"SELECT {names} FROM journal"  # noqa: S608 - our own names


def _check_signature(signed: tuple[str, bytes, bytes], digest: bytes, seq: int, key: VerifyKey | None) -> None:
    device, at_row, signature = signed
    if at_row != digest:
        raise _broken(f"row {seq} does not match its signed checkpoint", seq)
    if key is None:
        return
    try:
        key.verify(checkpoint_message(device, seq, digest), signature)
    except (BadSignatureError, ValueError, TypeError):  # also of a value of another kind
        raise _broken(f"the checkpoint at row {seq} was not signed by this device", seq) from None


def _parse_known(known: str | None) -> tuple[int, str] | None:
    if known is None:
        return None
    seq, _, digest = known.partition(":")
    if not (seq.isascii() and seq.isdigit()) or len(digest) != len(GENESIS.hex()):
        raise UsageError(f"{known!r} is not a checkpoint", hint="It reads SEQ:DIGEST, as the gate logs it")
    return int(seq), digest.lower()


def _broken(what: str, row: int) -> BrokenJournalError:
    hint = "Keep lane.db and the folder journal/ as evidence and report it"
    return BrokenJournalError(f"journal broken: {what}", row, hint=hint)
