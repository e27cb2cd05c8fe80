"""Keyed digests: pseudonyms of uses and holders, without meaning outside this device.

The redemption key stays with lane.db; a redemption lives minutes.  The pseudonyms in the journal depend on a key
that lives one UTC day.  The clock ends it: the key is overwritten (PRAGMA secure_delete) and cut out of the WAL, so
that nobody can link two visits of one person on two days.
"""

import os
import sqlite3
from hashlib import blake2b

from gate.core.model import Claims

_KEY_BYTES = 32
_DAY = 86_400
_REDEMPTION = "redemption"
_CHECK = "redemption-check"  # digest of that key: under a changed key, no code would count as used
_OTHER_DAYS = "name LIKE 'day-%' AND name <> ?"


class Secrets:
    """The keys of lane.db.  Used inside the caller's write transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._keys: dict[str, bytes] = {}
        self._holder: tuple[int, bytes] | None = None  # the last answer: it is needed several times a pass
        self.destroyed = False  # a key was destroyed, and is still in the WAL

    def use(self, claims: Claims) -> bytes:
        """Return the digest of this very code: a plain pass is one code, a bound one is a new code at every
        renewal."""
        shown = b"" if claims.presented_at is None else claims.presented_at.to_bytes(8, "big")
        parts = (claims.format.encode(), claims.issuer.encode(), claims.token_id, shown)
        return _digest(self._key(_REDEMPTION), b"".join(len(part).to_bytes(2, "big") + part for part in parts))

    def holder(self, idx: int) -> bytes:
        """Return the digest of the person, whichever app the pass came from."""
        if self._holder is None or self._holder[0] != idx:
            self._holder = idx, _digest(self._key(_REDEMPTION), idx.to_bytes(8, "big"))
        return self._holder[1]

    def pseudonym(self, idx: int, at: float) -> str:
        """Return the person's pseudonym in the journal, for the UTC day of `at` (Unix s)."""
        name = _day(at)
        if name not in self._keys:
            self.destroy_other_days(at)
            self._make(name)
        return _digest(self._key(name), idx.to_bytes(8, "big")).hex()

    def invalidate(self) -> None:
        """Drop what was read: to be called when a transaction was undone."""
        self._keys.clear()
        self._holder = None

    def is_over(self, at: float) -> bool:
        """Return whether a key of another day than that of `at` still exists."""
        return self._connection.execute(f"SELECT 1 FROM secret WHERE {_OTHER_DAYS}", (_day(at),)).fetchone() is not None  # noqa: S608 - our own text

    def destroy_other_days(self, at: float) -> None:
        """Delete the keys of other days than that of `at`.  The pages are overwritten; the WAL keeps its content
        until it is cut, and `destroyed` is set until then."""
        self.destroyed |= self._connection.execute(f"DELETE FROM secret WHERE {_OTHER_DAYS}", (_day(at),)).rowcount > 0  # noqa: S608 - our own text
        self._keys = {kept: key for kept, key in self._keys.items() if not kept.startswith("day-")}

    def prepare(self) -> None:
        """Make the redemption key, once in the life of a lane.db, so that readers find it."""
        self._make(_REDEMPTION)
        self._connection.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (_CHECK, _check(self._key(_REDEMPTION))))

    def _make(self, name: str) -> None:
        self._connection.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, os.urandom(_KEY_BYTES)))

    def _key(self, name: str) -> bytes:
        """Return a key.  Raises LookupError when it was not made."""
        if name not in self._keys:
            row = self._connection.execute("SELECT key FROM secret WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise LookupError(name)
            self._keys[name] = row[0]
        return self._keys[name]


def is_key_whole(connection: sqlite3.Connection) -> bool:
    """Return whether the redemption key is unchanged; True where there is none, or no digest of it yet.  Raises
    sqlite3.Error."""
    found = dict(connection.execute("SELECT name, key FROM secret WHERE name IN (?, ?)", (_REDEMPTION, _CHECK)))
    if _CHECK not in found:
        return len(found.get(_REDEMPTION, bytes(_KEY_BYTES))) == _KEY_BYTES
    return _REDEMPTION in found and _check(found[_REDEMPTION]) == found[_CHECK]


def _check(key: bytes) -> bytes:
    return blake2b(key, person=b"redemption check", digest_size=16).digest()


def _day(at: float) -> str:
    return f"day-{int(at) // _DAY}"


def _digest(key: bytes, data: bytes) -> bytes:
    return blake2b(data, key=key, digest_size=16).digest()
