"""The gate's view of list.db: who is listed as what, whom to trust, which rules hold."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gate.core.model import Listing
from gate.core.rules import RuleSet, parse_rules
from gate.core.trust import TrustList, parse_trust
from gate.errors import PublishError, StoreError
from gate.store.database import File, open_for_reading, unusable
from gate.store.documents import RULES, TRUST
from gate.store.places import Places, Where

CHUNK_PLACES = 1024
CHUNK_BYTES = CHUNK_PLACES // 2

_LISTINGS = tuple(Listing)
_LOOKUP = "SELECT generation, substr(nibbles, ?, 1) FROM list_head LEFT JOIN status_chunk ON no = ?"


class OutdatedError(Exception):
    """The list, the trust list or the rules changed since `refresh`: refresh, and ask again from the start."""


@dataclass(frozen=True, slots=True)
class ListState:
    """What the list said when it was last read.  Every part may be missing."""

    version: int | None = None
    as_of: int | None = None  # Unix s
    size: int = 0
    listed: int = 0
    trust: TrustList | None = None
    rules: RuleSet | None = None


class StatusList:
    """One reading connection; used from one thread.

    A change of what list.db holds is noticed by the very next `consult`; a file that appears, goes or
    is replaced, at the next `refresh`."""

    def __init__(self, where: Where) -> None:
        self._places = Places.of(where)
        self._path = self._places.held_list_db
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._lookup: sqlite3.Cursor | None = None
        self._generation: int | None = None
        self.state = ListState()

    def refresh(self) -> bool:
        """Read head, trust and rules again if another process changed them; True when it did.
        Raises StoreError when the file is damaged, PublishError when its content is unfit; there is
        no list then."""
        before = self.state
        try:
            if not self._connected():
                self.state = ListState()
            else:
                self._read()
        except sqlite3.Error as error:
            self.close()
            raise unusable(self._path, error) from error
        except (StoreError, PublishError):
            self.close()
            raise
        return self.state is not before and self.state != before

    def consult(self, idx: int) -> Listing:
        """What `state`'s list says of one place; a place beyond its end is unlisted.
        Raises OutdatedError when `state` is not what list.db holds any more, StoreError."""
        if self._lookup is None:
            return Listing.UNLISTED
        number, offset = divmod(idx, CHUNK_PLACES)
        try:
            row = self._lookup.execute(_LOOKUP, (offset // 2 + 1, number)).fetchone()
        except sqlite3.Error as error:
            self.close()
            raise unusable(self._path, error) from error
        if row is None or row[0] != self._generation:
            raise OutdatedError
        if idx >= self.state.size:
            return Listing.UNLISTED
        if not row[1]:  # a chunk below the list's size must be there: a hole is damage, not a "no"
            raise StoreError(
                f"{self._path}: chunk {number} is missing", hint="Load the list again: `gate list load DIR`"
            )
        return self._listing(row[1][0] >> 4 if idx & 1 else row[1][0] & 15)

    def _listing(self, nibble: int) -> Listing:
        try:
            return _LISTINGS[nibble]
        except IndexError:
            raise StoreError(
                f"{self._path}: a place holds {nibble}, which means nothing", hint="Load the list again"
            ) from None

    def tidy(self) -> None:
        """Bring what was synced from the WAL into list.db; when the lane is idle, for it can take 150 ms.
        Raises StoreError."""
        if self._connection is None:
            return
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            raise unusable(self._path, error) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._lookup, self._inode, self._generation = None, None, None, None
        self.state = ListState()

    def _connected(self) -> bool:
        self._path = self._places.held_list_db
        if self._connection is not None and self._inode == _inode(self._path):
            return True
        self.close()
        self._connection = open_for_reading(File.LIST, self._path.parent)
        self._inode = _inode(self._path)
        return self._connection is not None

    def _read(self) -> None:
        """Take over what stands in list.db now, if it is not what we have."""
        connection = self._connection
        assert connection is not None  # noqa: S101 - `refresh` saw to that
        connection.execute("BEGIN")
        try:
            head = connection.execute("SELECT generation, version, as_of, size, listed FROM list_head").fetchone()
            if head is not None and head[0] == self._generation:
                return
            documents = dict(connection.execute("SELECT name, body FROM document").fetchall())
        finally:
            connection.execute("COMMIT")
        trust, rules = documents.get(TRUST), documents.get(RULES)
        generation, version, as_of, size, listed = head or (None, None, None, 0, 0)
        self.state = ListState(
            version, as_of, size, listed, parse_trust(trust) if trust else None, parse_rules(rules) if rules else None
        )
        self._generation = generation
        self._lookup = connection.cursor() if head else None


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
