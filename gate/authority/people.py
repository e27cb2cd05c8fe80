"""Who has which place in the status list: a person keeps the place they were first given.

`people.db` knows nobody: a person is BLAKE2b-64 of their IIN (or any other stable id) under the
authority's secret subject key, the same digest a gate looks up when staff check by IIN.  With 20
million people the odds that any two of them share a digest are about 1 in 90,000.
"""

import hashlib
import json
import sqlite3  # for the name of its errors only: sqlite-utils opens and changes the file
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from sqlite_utils import Database

from gate.authority import files
from gate.authority.statuses import Places, beyond_limit
from gate.errors import StoreError

KEY_BYTES = 32
DIGEST_BYTES = 8

_TABLE = "people"
_KNOWN = f"SELECT digest, idx FROM {_TABLE} WHERE digest IN (SELECT value FROM json_each(?))"  # noqa: S608 - a constant
_INSERT = f"INSERT INTO {_TABLE} (digest, idx) VALUES (?, ?)"  # noqa: S608 - a constant


def subject_digest(key: bytes, person: str) -> int:
    """Unsigned 64-bit: BLAKE2b-64 of the id's UTF-8 under `key`, read big-endian (TOKEN: "Who the holder is")."""
    return int.from_bytes(_digest(key, person), "big")


class People:
    """The places of people, while they are being changed: made by `People.changing` only."""

    def __init__(self, database: Database, key: bytes, first_free: int, limit: int) -> None:
        self._database = database
        self._key = key
        self._limit = limit
        highest = next(database.query(f"SELECT max(idx) AS idx FROM {_TABLE}"))["idx"]  # noqa: S608 - a constant
        self._next = first_free if highest is None else max(first_free, int(highest) + 1)
        self.added = 0  # people who were given a place

    @classmethod
    @contextmanager
    def changing(cls, path: Path, key: bytes, first_free: int, limit: int) -> "Iterator[People]":
        """One transaction: kept when the block ends well, undone when it raises.  New people get places
        from `first_free` up to `limit` - 1.  Raises StoreError."""
        try:
            if not path.exists():
                files.write(path, b"", files.PRIVATE)
            database = Database(path)
            try:
                # A million look-ups in random order: 64 MB of pages instead of SQLite's 2 MB.
                database.execute("PRAGMA cache_size = -65536")
                table = database.table(_TABLE)
                table.create({"digest": int, "idx": int}, pk="digest", not_null={"idx"}, if_not_exists=True)
                with database.atomic():
                    yield cls(database, key, first_free, limit)
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}", hint="Check the disk, or put the file back from a backup") from error

    @classmethod
    def find(cls, path: Path, key: bytes, person: str) -> int | None:
        """The place of a person, None when they have none.  Raises StoreError."""
        if not path.exists():
            return None
        try:
            database = Database(path)
            try:
                if not database.table(_TABLE).exists():  # the first import was interrupted at its very start
                    return None
                row = database.execute(_KNOWN, [json.dumps(_signed([_digest(key, person)]))]).fetchone()
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}", hint="Check the disk, or put the file back from a backup") from error
        return None if row is None else int(row[1])

    def places(self, persons: Sequence[str]) -> Places:
        """The place of each, in order; who has none yet is given the next.  Raises UsageError when the
        list is full."""
        digests = _signed([_digest(self._key, person) for person in persons])
        known: dict[int, int] = dict(self._database.execute(_KNOWN, [json.dumps(digests)]).fetchall())
        new = [digest for digest in dict.fromkeys(digests) if digest not in known]
        if self._next + len(new) > self._limit:
            raise beyond_limit(self._next + len(new) - 1, self._limit)
        given = dict(zip(new, range(self._next, self._next + len(new)), strict=True))
        # In key order: neighbours share a page of the tree, which halves the time of a large import.
        self._database.conn.executemany(_INSERT, sorted(given.items()))
        self._next += len(new)
        self.added += len(new)
        known |= given
        return np.fromiter((known[digest] for digest in digests), np.int64, len(digests))


def _digest(key: bytes, person: str) -> bytes:
    return hashlib.blake2b(person.encode(), digest_size=DIGEST_BYTES, key=key).digest()


def _signed(digests: list[bytes]) -> list[int]:
    """As SQLite's integers, which are signed."""
    return cast(list[int], np.frombuffer(b"".join(digests), ">i8").tolist())
