"""Taking a publication into list.db: verified content, one transaction, never a moment without a list.

The one way in, for a list carried by hand (`gate list load`) as for one that was synced.  What signs
and transports a publication stands outside; here its content is checked.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.core.rules import parse_rules
from gate.core.trust import parse_trust
from gate.errors import PublishError
from gate.store.database import File, immediate, open_for_writing, unusable
from gate.store.statuslist import CHUNK_BYTES
from gate.store.wire import HEAD, MAX_VALUE, RULES, TRUST, Head, byte_length, decode_snapshot

MAX_DOCUMENT = 4 << 20  # bytes of trust.json, rules.json, head.json
MAX_SNAPSHOT = 64 << 20


@dataclass(frozen=True, slots=True)
class Publication:
    """What the authority published, as bytes."""

    trust: bytes
    rules: bytes
    head: Head
    nibbles: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    version: int
    chunks_written: int  # 0: nothing had changed


def read_directory(directory: Path) -> Publication:
    """A publication as files: trust.json, rules.json, status/head.json and the snapshot it names.
    Raises PublishError naming the file that is missing, too large or damaged."""
    head = Head.parse(_read(directory / HEAD, MAX_DOCUMENT))
    packed = _read(directory / head.snapshot.target, MAX_SNAPSHOT)
    if len(packed) != head.snapshot.length or hashlib.sha256(packed).hexdigest() != head.snapshot.sha256:
        raise PublishError(f"{head.snapshot.target} is not the file that {HEAD} names", hint="Copy the directory again")
    return Publication(
        _read(directory / TRUST, MAX_DOCUMENT),
        _read(directory / RULES, MAX_DOCUMENT),
        head,
        decode_snapshot(packed, head.size),
    )


def apply(publication: Publication, state_dir: Path) -> Applied:
    """Raises PublishError (content unfit, or older than what is held), StoreError.  Whatever is raised,
    the list that was held is held still."""
    trust, rules = parse_trust(publication.trust), parse_rules(publication.rules)
    _check_nibbles(publication)
    connection = open_for_writing(File.LIST, state_dir)
    try:
        with immediate(connection):
            _document(connection, TRUST, trust.version, publication.trust)
            _document(connection, RULES, rules.version, publication.rules)
            written = _list(connection, publication)
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.Error as error:
        raise unusable(File.LIST.within(state_dir), error) from error
    finally:
        connection.close()
    return Applied(publication.head.version, written)


def _read(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise PublishError(f"{path} is larger than {most >> 20} MiB", hint="This is not a list for a gate")
        return path.read_bytes()
    except OSError as error:
        raise PublishError(
            f"{path}: {error.strerror}",
            hint="A publication holds trust.json, rules.json and status/; publish or copy it again",
        ) from error


def _check_nibbles(publication: Publication) -> None:
    head, nibbles = publication.head, publication.nibbles
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


def _list(connection: sqlite3.Connection, publication: Publication) -> int:
    head, digest = publication.head, hashlib.sha256(publication.nibbles).hexdigest()
    held = connection.execute("SELECT version, sha256, as_of FROM list_head").fetchone()
    if held:
        _floor("status list", held[0], head.version, same=held[1:] == (digest, head.as_of))
        if head.as_of < held[2]:
            raise PublishError(
                f"status list: version {head.version} speaks of an earlier time than version {held[0]} held here",
                hint="Publish it with the present time",
            )
    kept = dict(connection.execute("SELECT no, nibbles FROM status_chunk"))
    changed = [(no, chunk) for no, chunk in _chunks(publication.nibbles) if kept.pop(no, None) != chunk]
    connection.executemany("INSERT OR REPLACE INTO status_chunk VALUES (?, ?)", changed)
    connection.executemany("DELETE FROM status_chunk WHERE no = ?", [(no,) for no in kept])
    connection.execute(
        "INSERT INTO list_head VALUES (1, 1, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET generation = generation + 1,"
        " version = excluded.version, as_of = excluded.as_of, size = excluded.size, listed = excluded.listed,"
        " sha256 = excluded.sha256",
        (head.version, head.as_of, head.size, head.listed, digest),
    )
    return len(changed)


def _chunks(nibbles: bytes) -> list[tuple[int, bytes]]:
    return [
        (no, nibbles[start : start + CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0"))
        for no, start in enumerate(range(0, len(nibbles), CHUNK_BYTES))
    ]
