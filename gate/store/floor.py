"""The floor of the trusted time: the latest moment that was signed for this gate or lived through by it.

lane.db holds what was journalled (the lane writes it); list.db what was signed, and when a sync last
succeeded (sync writes both).  Each file holds when the other is lost.  For everyone who needs the
trusted time:

    clock = TrustedClock(SystemClock(), read_kept(where), untrusted_for)     a lane, and who asks for it
    now = max(SystemClock().now(), read_floor(state_dir) or 0.0)                 for one moment
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from gate.core.trusted_time import Kept
from gate.errors import StoreError
from gate.store.database import File, open_for_reading, unusable
from gate.store.last_sync import last_sync
from gate.store.list_file import open_held
from gate.store.places import Places, Where

_KEPT = "SELECT floor, seq, behind_since FROM clock"
_JOURNALLED = "SELECT max(at) FROM journal WHERE seq > ?"
_KEEP = "INSERT OR REPLACE INTO clock VALUES (1, ?, (SELECT coalesce(max(seq), 0) FROM journal), ?)"


def read_kept(where: Where) -> Kept:
    """What a trusted clock begins with.  A damaged list.db says nothing here: without it nobody enters.
    Raises StoreError for a lane.db that cannot be read."""
    journalled = read_journalled(Places.of(where).state_dir)
    return Kept(_latest(journalled.floor, read_signed(where), read_synced(where)), journalled.behind_for)


def read_floor(where: Where) -> float | None:
    """Unix s; None when no time was ever signed or lived through here.  Never raises: what cannot be read
    is said by whoever needs the file."""
    try:
        return read_kept(where).floor
    except StoreError:
        return _latest(read_signed(where), read_synced(where))


def read_signed(where: Where) -> float | None:
    """The time the list speaks of, Unix s; None without one."""
    try:
        file = open_held(Places.of(where))
    except StoreError:
        return None
    if file is None:
        return None
    with closing(file):
        return file.head.as_of


def read_synced(where: Where) -> float | None:
    """When a sync last succeeded, Unix s by the trusted clock then; None before the first."""
    last = last_sync(where)
    return last.at if last else None


def keep(connection: sqlite3.Connection, kept: Kept) -> None:
    """Inside the caller's write transaction on lane.db, after its journal rows.  `kept` has a floor."""
    floor = kept.floor or 0.0
    since = None if kept.behind_for is None else _ms(floor - kept.behind_for)
    connection.execute(_KEEP, (_ms(floor), since))


def read_journalled(state_dir: Path) -> Kept:
    """What lane.db alone has.  Raises StoreError."""
    connection = open_for_reading(File.LANE, state_dir, check=False)
    if connection is None:
        return Kept()
    with closing(connection):
        try:
            row = connection.execute(_KEPT).fetchone() if _has(connection, "clock") else None
            floor, seq, since = row or (None, 0, None)
            times = [time for time in (floor, _one(connection, _JOURNALLED, seq)) if time is not None]
        except sqlite3.Error as error:
            raise unusable(File.LANE.within(state_dir), error) from error
    if not times:
        return Kept()
    # Time does not pass for a gate that is off: the trusted time that has passed since is time it ran.
    return Kept(max(times) / 1000, None if since is None else max(0.0, (max(times) - since) / 1000))


def _latest(*times: float | None) -> float | None:
    return max((time for time in times if time is not None), default=None)


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return _one(connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table) == 1


def _one(connection: sqlite3.Connection, query: str, *values: str | int) -> float | None:
    value: float | None = connection.execute(query, values).fetchone()[0]
    return value


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
