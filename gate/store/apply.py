"""Taking a publication into list.db: verified content, one transaction, never a moment without a list.

The one way in.  Who signed a publication and how it came here is `gate.sync`'s to know; here its content
is checked against itself and against what is held.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import numpy as np

from gate.core.rules import parse_rules
from gate.core.trust import parse_trust
from gate.errors import PublishError
from gate.store.database import File, open_for_reading, unusable, writing
from gate.store.documents import RULES, TRUST
from gate.store.places import Places, Where
from gate.store.statuslist import CHUNK_BYTES
from gate.store.wire import MAX_VALUE, Head, byte_length

PIECE = 128  # chunks that go to the disk at once: some 75 kB
PAUSE = 0.002  # seconds between two pieces
CACHE_KIB = 128  # of changed pages that SQLite may keep until the commit

SHRINKS_BELOW = 0.5  # of the people listed before: fewer than that must be meant by whoever signed it


@dataclass(frozen=True, slots=True)
class Publication:
    """What the authority published; `nibbles` is None where the list is the one that is held already."""

    trust: bytes
    rules: bytes
    head: Head
    nibbles: bytes | None


@dataclass(frozen=True, slots=True)
class Synced:
    at: float  # Unix s, trusted clock
    mirror: str


@dataclass(frozen=True, slots=True)
class Held:
    """What list.db holds, as far as a sync must know."""

    version: int
    as_of: int
    size: int
    sha256: str  # of the nibbles as they are, not as they should be: what was damaged is fetched again
    trust: bytes
    rules: bytes


def held(where: Where) -> Held | None:
    """None when there is no list.  Raises StoreError."""
    with _reading(where) as connection:
        if connection is None:
            return None
        head = connection.execute("SELECT version, as_of, size FROM list_head").fetchone()
        documents = dict(connection.execute("SELECT name, body FROM document"))
        if head is None or documents.keys() < {TRUST, RULES}:
            return None
        version, as_of, size = head
        sha256 = hashlib.sha256(_nibbles(connection, size)).hexdigest()
    return Held(version, as_of, size, sha256, documents[TRUST].encode(), documents[RULES].encode())


def held_nibbles(where: Where) -> bytes | None:
    """The list that is held, whole; None when there is none.  Raises StoreError."""
    with _reading(where) as connection:
        size = connection.execute("SELECT size FROM list_head").fetchone() if connection else None
        if connection is None or size is None:
            return None
        return _nibbles(connection, size[0])


def _nibbles(connection: sqlite3.Connection, size: int) -> bytes:
    chunks = [row[0] for row in connection.execute("SELECT nibbles FROM status_chunk ORDER BY no")]
    return b"".join(chunks)[: byte_length(size)]


def apply(publication: Publication, where: Where, synced: Synced | None = None) -> int:
    """Gives the number of chunks that were written.  `synced`: recorded with it, in the same transaction.

    Raises PublishError (content unfit, or older than what is held), StoreError.  Whatever is raised, the
    list that was held is held still."""
    trust, rules = parse_trust(publication.trust), parse_rules(publication.rules)
    if publication.nibbles is not None:
        _check_nibbles(publication.head, publication.nibbles)
    with writing(File.LIST, Places.of(where).list_dir) as connection:
        _document(connection, TRUST, trust.version, publication.trust)
        _document(connection, RULES, rules.version, publication.rules)
        written = _list(connection, publication.head, publication.nibbles, Places.of(where).list_db)
        _record(connection, synced)
    return written


def record_sync(synced: Synced, where: Where) -> None:
    """A sync that found nothing new was a success too.  Raises StoreError."""
    with writing(File.LIST, Places.of(where).list_dir) as connection:
        _record(connection, synced)


def last_sync(where: Where) -> Synced | None:
    """Raises StoreError."""
    with _reading(where) as connection:
        row = connection.execute("SELECT at, mirror FROM sync").fetchone() if connection else None
    return Synced(*row) if row else None


@contextmanager
def _reading(where: Where) -> Iterator[sqlite3.Connection | None]:
    connection = open_for_reading(File.LIST, Places.of(where).held_list_db.parent)
    try:
        if connection is not None:
            connection.execute("BEGIN")  # one moment for all that is read
        yield connection
    except sqlite3.Error as error:
        raise unusable(Places.of(where).held_list_db, error) from error
    finally:
        if connection is not None:
            connection.close()


def _record(connection: sqlite3.Connection, synced: Synced | None) -> None:
    if synced is not None:
        connection.execute("INSERT OR REPLACE INTO sync VALUES (1, ?, ?)", (synced.at, synced.mirror))


def _check_nibbles(head: Head, nibbles: bytes) -> None:
    if len(nibbles) != byte_length(head.size):
        raise PublishError(f"the list does not hold the {head.size} places its head names", hint="Publish it again")
    pairs = np.frombuffer(nibbles, np.uint8)
    low, high = pairs & 15, pairs >> 4
    if max(low.max(), high.max()) > MAX_VALUE:
        raise PublishError("the list holds values that mean nothing", hint="Publish it again, or update the gate")
    if head.size % 2 and high[-1]:
        raise PublishError("the list holds a place beyond its end", hint="Publish it again")
    listed = int(np.count_nonzero(low) + np.count_nonzero(high))
    if listed != head.listed:
        raise PublishError(f"the list names {listed} people, its head says {head.listed}", hint="Publish it again")
    if hashlib.sha256(nibbles).hexdigest() != head.sha256:
        raise PublishError("the list is not the one its head names", hint="Publish it again")


def _document(connection: sqlite3.Connection, name: str, version: int, body: bytes) -> None:
    held = connection.execute("SELECT version, body FROM document WHERE name = ?", (name,)).fetchone()
    text = body.decode()
    if held:
        _floor(name, held[0], version, same=held[1] == text)
    connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (name, version, text))


def _floor(name: str, held: int, offered: int, *, same: bool) -> None:
    if offered < held:
        raise PublishError(
            f"{name}: version {offered} is older than version {held} held here", hint="Publish from the newest state"
        )
    if offered == held and not same:
        raise PublishError(
            f"{name}: version {offered} is held here with other content", hint="Publish it with a higher version"
        )


def _list(connection: sqlite3.Connection, head: Head, nibbles: bytes | None, path: Path) -> int:
    held = connection.execute("SELECT version, sha256, as_of, listed FROM list_head").fetchone()
    if held:
        _check_follows(head, *held)
    if nibbles is None and (held is None or held[1] != head.sha256):
        raise PublishError("the list that is held is another than was thought", hint="Sync again")
    written = 0 if nibbles is None else _write_chunks(connection, nibbles, path.with_name(path.name + "-wal"))
    connection.execute(
        "INSERT INTO list_head VALUES (1, 1, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET generation = generation + 1,"
        " version = excluded.version, as_of = excluded.as_of, size = excluded.size, listed = excluded.listed,"
        " sha256 = excluded.sha256",
        (head.version, head.as_of, head.size, head.listed, head.sha256),
    )
    return written


def _check_follows(head: Head, version: int, sha256: str, as_of: int, listed: int) -> None:
    _floor("status list", version, head.version, same=(sha256, as_of) == (head.sha256, head.as_of))
    if head.as_of < as_of:
        raise PublishError(
            f"status list: version {head.version} speaks of an earlier time than version {version} held here",
            hint="Publish it with the present time",
        )
    if head.listed < SHRINKS_BELOW * listed and head.shrunk_at <= version:
        raise PublishError(
            f"status list: version {head.version} names {head.listed} people where {listed} were named before",
            hint="If that is meant, say so when publishing: `gate authority publish DIR --shrink`",
        )


# Not INSERT OR REPLACE, which takes the row out first and moves its neighbours about.
_UPSERT = "INSERT INTO status_chunk VALUES (?, ?) ON CONFLICT DO UPDATE SET nibbles = excluded.nibbles"


def _write_chunks(connection: sqlite3.Connection, nibbles: bytes, wal: Path) -> int:
    """Only those that differ from what is held; gives their number.

    They go to the disk in pieces, with a pause after each: a lane on the same card waits for one piece at
    most when it records an admission, not for the whole list.  Nobody sees them before the commit."""
    kept = dict(connection.execute("SELECT no, nibbles FROM status_chunk"))
    changed = [(no, chunk) for no, chunk in _chunks(nibbles) if kept.pop(no, None) != chunk]
    connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")
    descriptor = os.open(wal, os.O_RDWR | os.O_CLOEXEC)  # SQLite holds no lock on it that closing it would lose
    try:
        for start in range(0, len(changed), PIECE):
            connection.executemany(_UPSERT, changed[start : start + PIECE])
            os.fdatasync(descriptor)
            sleep(PAUSE)
    finally:
        os.close(descriptor)
    connection.executemany("DELETE FROM status_chunk WHERE no = ?", [(no,) for no in kept])
    return len(changed)


def _chunks(nibbles: bytes) -> list[tuple[int, bytes]]:
    return [
        (no, nibbles[start : start + CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0"))
        for no, start in enumerate(range(0, len(nibbles), CHUNK_BYTES))
    ]
