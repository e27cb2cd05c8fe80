"""The journal over its sealed segments and lane.db: reading, and proof that it is whole."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from gate.core.journal_chain import GENESIS, checkpoint_message
from gate.errors import StoreError, UsageError
from gate.store import device_key
from gate.store.database import File, open_for_reading, unusable
from gate.store.journal import COLUMNS, linked, read_base
from gate.store.journal_end import EndFile
from gate.store.segments import opened, segments

FORGOTTEN = re.compile(r"rows up to (\d+) are deleted")
_EVENT, _DETAIL = COLUMNS.index("event"), COLUMNS.index("detail")


@contextmanager
def open_journal(state_dir: Path) -> Iterator[sqlite3.Connection]:
    """Yield lane.db as it is now, for the length of the block: rows sealed meanwhile stay.  Raises StoreError."""
    connection = open_for_reading(File.LANE, state_dir)
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


def prove(state_dir: Path, known: str | None = None) -> Proof:
    """Prove all segments too, with the device's own key, up to the end that is kept outside of lane.db."""
    key = device_key.load(state_dir)
    end = EndFile(state_dir, key).read() if key else None  # before the rows: more may follow
    walk = _Walk(key.verify_key if key else None, known)
    with open_journal(state_dir) as connection:
        for path in segments(state_dir):
            with opened(path) as (segment, rows):
                walk.take(rows, segment.first - 1, segment.before)
        walk.take(connection, *read_base(connection))
    proof = walk.proof()
    if proof.first > 1 and (1, proof.first - 1) not in proof.lost and walk.forgotten < proof.first - 1:
        raise _broken(f"rows 1 to {proof.first - 1} are missing, and no row says that they were kept long enough")
    if end and not end.lost and end.seq > proof.rows:
        raise _broken(f"the journal ends at row {proof.rows}, but journal.end names row {end.seq}")
    return proof


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
        for *values, written in connection.execute(f"{_select(connection)} WHERE seq > ? ORDER BY seq", (self.seq,)):
            if values[0] != self.seq + 1:
                self._leap(values, base, before)
            self.first = self.first or values[0]
            self.seq, self.digest = values[0], linked(self.digest, values)
            if self.digest != written:
                raise _broken(f"row {self.seq} was changed, or one before it was inserted or removed")
            if self.seq in self.signed:
                _check_signature(self.signed.pop(self.seq), self.digest, self.seq, self.key)
                self.checked += 1
            if expected and self.seq == expected[0] and self.digest.hex() != expected[1]:
                raise _broken(f"row {self.seq} does not match the checkpoint {self.known}")
            if values[_EVENT] == "journal" and (found := FORGOTTEN.search(values[_DETAIL] or "")):
                self.forgotten = max(self.forgotten, int(found[1]))

    def _leap(self, values: list[Any], base: int, before: bytes) -> None:
        """Accept missing rows before this one: it is the first that is kept, or the first after a loss."""
        if values[0] != base + 1 or (self.first is not None and values[_EVENT] != "loss"):
            raise _broken(f"row {self.seq + 1} is missing")
        if values[_EVENT] == "loss":
            self.lost.append((self.seq + 1, base))
        self.seq, self.digest = base, before

    def proof(self) -> Proof:
        expected = _parse_known(self.known)
        beyond = expected[0] if expected and expected[0] > self.seq else 0
        if missing := max((*self.signed, beyond), default=0):
            raise _broken(f"the journal ends at row {self.seq}, but a checkpoint names row {missing}: its tail was cut")
        return Proof(self.seq, self.checked, f"{self.seq}:{self.digest.hex()}", self.first or 1, tuple(self.lost))


def _select(connection: sqlite3.Connection) -> str:
    """Return the query; a file of an earlier version lacks the newest columns."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(journal)")}
    names = ", ".join(f'"{name}"' if name in there else "NULL" for name in (*COLUMNS, "hash"))
    return f"SELECT {names} FROM journal"  # noqa: S608 - our own names


def _check_signature(signed: tuple[str, bytes, bytes], digest: bytes, seq: int, key: VerifyKey | None) -> None:
    device, at_row, signature = signed
    if at_row != digest:
        raise _broken(f"row {seq} does not match its signed checkpoint")
    if key is None:
        return
    try:
        key.verify(checkpoint_message(device, seq, digest), signature)
    except (BadSignatureError, ValueError, TypeError):  # also of a value of another kind
        raise _broken(f"the checkpoint at row {seq} was not signed by this device") from None


def _parse_known(known: str | None) -> tuple[int, str] | None:
    if known is None:
        return None
    seq, _, digest = known.partition(":")
    if not (seq.isascii() and seq.isdigit()) or len(digest) != len(GENESIS.hex()):
        raise UsageError(f"{known!r} is not a checkpoint", hint="It reads SEQ:DIGEST, as the gate logs it")
    return int(seq), digest.lower()


def _broken(what: str) -> StoreError:
    return StoreError(f"journal broken: {what}", hint="Keep lane.db and the folder journal/ as evidence and report it")
