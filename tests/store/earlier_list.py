"""A list.db as earlier versions of the gate kept it: a WAL database that was changed in place."""

import sqlite3
from pathlib import Path

from gate.store.apply_list import Publication
from gate.store.documents import RULES, TRUST

STEP_1 = """
CREATE TABLE list_head (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  as_of      INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  listed     INTEGER NOT NULL,
  sha256     TEXT    NOT NULL
);
CREATE TABLE status_chunk (no INTEGER PRIMARY KEY, nibbles BLOB NOT NULL);
CREATE TABLE document (name TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
STEP_2 = """
CREATE TABLE sync (id INTEGER PRIMARY KEY CHECK (id = 1), at REAL NOT NULL, mirror TEXT NOT NULL);
CREATE TABLE subject_head (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  key_id TEXT    NOT NULL,
  sealed BLOB    NOT NULL,
  {column} INTEGER NOT NULL
);
CREATE TABLE subject_chunk (no INTEGER PRIMARY KEY, digests BLOB NOT NULL);
PRAGMA user_version = 2;
"""


def write_earlier(
    publication: Publication,
    folder: Path,
    *,
    form: int = 2,
    synced: tuple[float, str] | None = None,
    column: str = "places",  # or "through": the second step was once edited after it had been run
) -> sqlite3.Connection:
    """Return the connection that wrote it: as long as it is open, the list is in the WAL and not in the file."""
    assert publication.nibbles is not None
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "list.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.executescript(STEP_1)
    if form > 1:
        connection.executescript(STEP_2.format(column=column))
    if synced:
        connection.execute("INSERT INTO sync VALUES (1, ?, ?)", synced)
    head, nibbles = publication.head, publication.nibbles
    row = (head.version, head.as_of, head.size, head.listed, head.sha256)
    connection.execute("INSERT INTO list_head VALUES (1, 1, ?, ?, ?, ?, ?)", row)
    for name, body in ((TRUST, publication.trust), (RULES, publication.rules)):
        connection.execute("INSERT INTO document VALUES (?, 1, ?)", (name, body.decode()))
    for number in range(0, len(nibbles), 512):
        chunk = nibbles[number : number + 512].ljust(512, b"\0")
        connection.execute("INSERT INTO status_chunk VALUES (?, ?)", (number // 512, chunk))
    return connection
