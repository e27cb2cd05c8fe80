"""The gate's view of list.db: who is listed as what, whom to trust, which rules hold."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gate.core.model import Listing
from gate.core.rules import RuleSet, parse_rules
from gate.core.trust import TrustList, parse_trust
from gate.errors import PublishError, StoreError
from gate.store.database import File, open_for_reading, unusable
from gate.store.wire import RULES, TRUST

CHUNK_PLACES = 1024
CHUNK_BYTES = CHUNK_PLACES // 2

_LOOKUP = """
SELECT version, substr(nibbles, ?, 1)
  FROM list_head LEFT JOIN status_chunk ON no = ?"""


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
    """One reading connection; used from one thread.  A list.db that appears, changes or is replaced
    while we run is noticed at the next `refresh`."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._path = File.LIST.within(state_dir)
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._seen: int | None = None
        self.state = ListState()

    def refresh(self) -> bool:
        """Read head, trust and rules again if another process changed them; True when it did.
        Raises StoreError when the file is damaged or its content unfit; there is no list then."""
        try:
            if not self._connected():
                changed = self.state != ListState()
                self.state = ListState()
                return changed
            assert self._connection is not None  # noqa: S101 - what _connected() said
            (seen,) = self._connection.execute("PRAGMA data_version").fetchone()
            if seen == self._seen:
                return False
            self.state = self._read(self._connection)
            self._seen = seen
        except sqlite3.Error as error:
            self.close()
            raise unusable(self._path, error) from error
        except (StoreError, PublishError):
            self.close()
            raise
        return True

    def consult(self, idx: int) -> tuple[Listing, ListState]:
        """What the list says of one place, and the state it belongs to.  A place beyond the list's end
        is unlisted.  Raises StoreError, PublishError (as `refresh`)."""
        self.refresh()
        if self._connection is None:
            return Listing.UNLISTED, self.state
        number, offset = divmod(idx, CHUNK_PLACES)
        try:
            row = self._connection.execute(_LOOKUP, (offset // 2 + 1, number)).fetchone()
        except sqlite3.Error as error:
            self.close()
            raise unusable(self._path, error) from error
        if row is None or row[0] != self.state.version:  # a new list came in between the two reads
            self._seen = None
            return self.consult(idx) if row else (Listing.UNLISTED, self.state)
        if idx >= self.state.size:
            return Listing.UNLISTED, self.state
        if not row[1]:  # a chunk below the list's size must be there: a hole is damage, not a "no"
            raise StoreError(
                f"{self._path}: chunk {number} is missing", hint="Load the list again: `gate list load DIR`"
            )
        return self._listing(row[1][0] >> 4 if idx & 1 else row[1][0] & 15), self.state

    def _listing(self, nibble: int) -> Listing:
        try:
            return Listing(nibble)
        except ValueError:
            raise StoreError(
                f"{self._path}: a place holds {nibble}, which means nothing", hint="Load the list again"
            ) from None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._inode, self._seen, self.state = None, None, None, ListState()

    def _connected(self) -> bool:
        if self._connection is not None and self._inode == _inode(self._path):
            return True
        self.close()
        self._connection = open_for_reading(File.LIST, self._state_dir)
        self._inode = _inode(self._path)
        return self._connection is not None

    def _read(self, connection: sqlite3.Connection) -> ListState:
        connection.execute("BEGIN")
        try:
            head = connection.execute("SELECT version, as_of, size, listed FROM list_head").fetchone()
            documents = dict(connection.execute("SELECT name, body FROM document").fetchall())
        finally:
            connection.execute("COMMIT")
        trust, rules = documents.get(TRUST), documents.get(RULES)
        version, as_of, size, listed = head or (None, None, 0, 0)
        return ListState(
            version, as_of, size, listed, parse_trust(trust) if trust else None, parse_rules(rules) if rules else None
        )


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
