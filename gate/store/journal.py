"""The journal: what the lane did, one chained row each, without persons.

A row holds outcome, reason, rule, versions, issuer, timings and a pseudonym of the holder under a key
that lives one day.  Never the QR text, idx, IIN, name or colour.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from gate.core.chain import GENESIS, Field, checkpoint_message, link
from gate.core.model import Direction
from gate.errors import StoreError
from gate.store.journal_end import End


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One journal row, in the order of its columns; `seq` and `hash` are the journal's to give.

    `actor`: who ordered it ("uid 1000 aigul, by Aigul"); the last column, for `_hashed` leaves it out when
    there is none."""

    at: int  # Unix ms
    event: str
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


COLUMNS = ("seq", *(field.name for field in fields(Row)))
_SELECT = ", ".join(f'"{name}"' for name in COLUMNS)
_GRANT = COLUMNS.index("grant")
_values = attrgetter(*COLUMNS[1:])
RECENT = 10_000  # rows: a grant lasts seconds, and is never open for as many
_OPEN_GRANTS = """
SELECT seq, direction FROM journal AS decision WHERE seq > ? AND "grant" = seq AND NOT EXISTS
  (SELECT 1 FROM journal AS passage WHERE passage.seq > decision.seq AND passage."grant" = decision.seq)"""
_LAST = "SELECT seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1"
_INSERT = f"INSERT INTO journal ({_SELECT}, hash) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608 - our names


class Journal:
    """The writing side; the caller holds the transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.appended: End | None = None  # the last row, until `take_appended`

    def take_appended(self) -> End | None:
        """The last row appended since the last call: for the end file, once it is committed."""
        appended, self.appended = self.appended, None
        return appended

    def append(self, row: Row, *, grants: bool = False) -> int:
        """Returns the row's seq.  `grants`: the row lets someone through, and is closed by a passage row."""
        last, before = self.end()
        seq = last + 1
        values: list[Field] = [seq, *_values(row)]
        if grants:
            values[_GRANT] = seq
        digest = link(before, _hashed(values))
        self._connection.execute(_INSERT, (*values, digest))
        self.appended = End(seq, digest, row.at)
        return seq

    def open_grants(self) -> dict[int, Direction]:
        """Decisions that let someone through and of whose passage nothing was written: seq -> which way."""
        rows = self._connection.execute(_OPEN_GRANTS, (self.end()[0] - RECENT,))
        return {seq: Direction(direction) for seq, direction in rows}

    def end(self) -> tuple[int, bytes]:
        """Seq and digest of the last row; of the row before the first, in a journal that has none."""
        row = self._connection.execute(_LAST).fetchone()
        return (row[0], row[1]) if row else read_base(self._connection)

    def checkpoint(self, key: SigningKey, device: str, at: int) -> str | None:
        """Sign the end of the chain; the text to carry away, or None when nothing is new."""
        seq, digest = self.end()
        if seq == 0 or self._connection.execute("SELECT 1 FROM checkpoint WHERE seq = ?", (seq,)).fetchone():
            return None
        signature = key.sign(checkpoint_message(device, seq, digest)).signature
        self._connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", (seq, device, at, digest, signature))
        return f"{seq}:{digest.hex()}"


def read_base(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Seq and digest of the row before the first that this file may hold; (0, GENESIS) of a first journal."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal_base'").fetchone():
        return 0, GENESIS  # written by an earlier version
    row = connection.execute("SELECT seq, hash FROM journal_base").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


def read_end(connection: sqlite3.Connection) -> End:
    """The last row, as it is kept outside of the database."""
    row = connection.execute(_LAST).fetchone()
    return End(*row) if row else End(*read_base(connection))


def read(connection: sqlite3.Connection, *, after: int = 0) -> Iterator[dict[str, str | int | None]]:
    """Rows as dictionaries, in order, hash left out."""
    query = f"SELECT {_SELECT} FROM journal WHERE seq > ? ORDER BY seq"  # noqa: S608 - our own names
    for values in connection.execute(query, (after,)):
        yield dict(zip(COLUMNS, values, strict=True))


@dataclass(frozen=True, slots=True)
class Proof:
    rows: int
    checkpoints: int
    end: str  # "seq:digest", to compare with one that left the device


def verify(connection: sqlite3.Connection, key: VerifyKey | None, known: str | None = None) -> Proof:
    """Walk the chain from its beginning and check every signed checkpoint.

    `known`: a checkpoint "seq:digest" that left the device earlier; a cut tail shows against it.
    Raises StoreError naming the first row that is not as it was written."""
    signed = {row[0]: row[1:] for row in connection.execute("SELECT seq, device, hash, signature FROM checkpoint")}
    wanted = _parse_known(known)
    seq, digest = read_base(connection)
    checked = 0
    query = f"SELECT {_SELECT}, hash FROM journal ORDER BY seq"  # noqa: S608 - our own names
    for *values, written in connection.execute(query):
        if values[0] != seq + 1:
            raise _broken(f"row {seq + 1} is missing")
        seq, digest = values[0], link(digest, _hashed(values))
        if digest != written:
            raise _broken(f"row {seq} was changed, or one before it was inserted or removed")
        if seq in signed:
            _check_signature(signed.pop(seq), digest, seq, key)
            checked += 1
        if wanted and seq == wanted[0] and digest.hex() != wanted[1]:
            raise _broken(f"row {seq} does not match the checkpoint {known}")
    if missing := max((*signed, wanted[0] if wanted and wanted[0] > seq else 0), default=0):
        raise _broken(f"the journal ends at row {seq}, but a checkpoint speaks of row {missing}: its tail was cut")
    return Proof(seq, checked, f"{seq}:{digest.hex()}")


def _hashed(values: Sequence[Field]) -> Sequence[Field]:
    """What the digest covers: rows from before the column `actor` have none, and keep their digests."""
    return values if values[-1] is not None else values[:-1]


def _check_signature(signed: tuple[str, bytes, bytes], digest: bytes, seq: int, key: VerifyKey | None) -> None:
    device, at_row, signature = signed
    if at_row != digest:
        raise _broken(f"row {seq} does not match its signed checkpoint")
    if key is None:
        return
    try:
        key.verify(checkpoint_message(device, seq, digest), signature)
    except BadSignatureError:
        raise _broken(f"the checkpoint at row {seq} was not signed by this device") from None


def _parse_known(known: str | None) -> tuple[int, str] | None:
    if known is None:
        return None
    seq, _, digest = known.partition(":")
    if not seq.isdigit() or len(digest) != len(GENESIS.hex()):
        raise StoreError(f"{known!r} is not a checkpoint", hint="It reads SEQ:DIGEST, as the gate logs it")
    return int(seq), digest.lower()


def _broken(what: str) -> StoreError:
    return StoreError(f"journal broken: {what}", hint="Keep lane.db as evidence and report it")
