"""A new list.db: written whole beside the held one, flushed to the disk, then renamed into place.

A reader has the old file or the new one; an interrupted sync leaves a file that nothing reads.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from time import sleep
from zlib import crc32

from gate.errors import StoreError
from gate.store.database import unusable
from gate.store.durable import PRIVATE, SHARED, make_directory, replacing
from gate.store.list_file import (
    CHUNK_BYTES,
    FORM,
    ListFile,
    ListHead,
    delete_earlier,
    digest_of_head,
    open_held,
    seed_of,
)
from gate.store.places import Places, Where

PIECE = 128  # chunks flushed to the disk at once: some 75 kB
PAUSE = 0.002  # seconds between two pieces
CACHE_KIB = 128  # of changed pages that SQLite keeps until the commit, at most
OUTDATED = 0  # Unix s in a list that a person has declared wrong: older than any
MARK = "damaged"  # suffix of a file that was set aside

Document = tuple[int, bytes]
"""Version and body of a document."""


def write_list(places: Places, head: ListHead, documents: Mapping[str, Document], nibbles: bytes) -> None:
    """Write a new list.  `documents`: by name.  Raises StoreError; the held list then stays.

    The content goes to the disk in pieces, with a pause after each: a lane on the same card that records an
    admission waits for one piece at most, not for the whole list."""
    path = places.list_db
    try:
        make_directory(places.list_dir, 0o700 if places.is_verified else 0o750)
        with (
            replacing(path, PRIVATE if places.is_verified else SHARED) as (staged, descriptor),
            closing(_connect(staged)) as connection,
        ):
            _fill(connection, head, documents, nibbles, descriptor)
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error
    delete_earlier(places)


def outdate(where: Where) -> None:
    """Set the held list's time to the first second there is, older than any; its version stays.  Raises
    StoreError."""
    places = Places.of(where)
    file = open_held(places)
    if file is None:
        return
    with closing(file):
        rewrite(places, file, replace(file.head, as_of=OUTDATED), file.documents())


def rewrite(places: Places, file: ListFile, head: ListHead, documents: Mapping[str, bytes]) -> None:
    """Write a held list again, with this head and these documents.  Raises StoreError."""
    written = {name: (version_of(body), body) for name, body in documents.items()}
    write_list(places, head, written, file.nibbles())


def version_of(document: bytes) -> int:
    """Return the version of a held document, without parsing the rest: a newer gate may be stricter than it was
    then."""
    try:
        return int(json.loads(document)["version"])
    except Exception:  # noqa: BLE001 - a file of an earlier form has no digest of it
        return 0


def set_aside(path: Path) -> None:
    """Keep a damaged file under another name, as evidence.  It also stays in place until another replaces it: the gate
    then reports a damaged list, not a missing one.  Raises StoreError."""
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        aside = path.with_name(f"{path.name}.{MARK}{suffix}")
        try:
            if not os.path.lexists(part) or (os.path.lexists(aside) and aside.samefile(part)):
                continue
            aside.unlink(missing_ok=True)
            _link(part, aside)
        except OSError as error:
            raise unusable(part, error) from error


def _link(part: Path, aside: Path) -> None:
    try:
        os.link(part, aside)
    except OSError:  # a file system without links, or another user's file
        part.replace(aside)


def _connect(staged: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{staged.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    # No undo is needed: an unfinished file is not used.
    for setting in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size={-CACHE_KIB}"):
        connection.execute(f"PRAGMA {setting}").fetchall()
    return connection


def _fill(
    connection: sqlite3.Connection, head: ListHead, documents: Mapping[str, Document], nibbles: bytes, descriptor: int
) -> None:
    connection.execute("BEGIN")
    for statement in _schema():
        connection.execute(statement)
    hashes = {name: sha256(body).hexdigest() for name, (_, body) in documents.items()}
    connection.executemany(
        "INSERT INTO document VALUES (?, ?, ?, ?)",
        [(name, version, body, hashes[name]) for name, (version, body) in documents.items()],
    )
    proof = digest_of_head(head, hashes)
    row = (head.version, head.as_of, head.size, head.listed, head.sha256, proof)
    connection.execute("INSERT INTO list_head VALUES (1, ?, ?, ?, ?, ?, ?)", row)
    seed = seed_of(head.sha256)
    for piece in _pieces(nibbles):
        rows = [(number, chunk, crc32(chunk, seed ^ number)) for number, chunk in piece]
        connection.executemany("INSERT INTO status_chunk VALUES (?, ?, ?)", rows)
        os.fdatasync(descriptor)
        sleep(PAUSE)
    connection.execute(f"PRAGMA user_version={FORM}")
    connection.execute("COMMIT")


def _schema() -> Iterator[str]:
    text = (files("gate.store") / "schema" / "list.sql").read_text()
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise StoreError("schema/list.sql ends in the middle of a statement", hint="Install the gate again")


def _pieces(nibbles: bytes) -> Iterator[list[tuple[int, bytes]]]:
    chunks = (len(nibbles) + CHUNK_BYTES - 1) // CHUNK_BYTES
    for first in range(0, chunks, PIECE):
        yield [
            (number, nibbles[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0"))
            for number in range(first, min(chunks, first + PIECE))
        ]
