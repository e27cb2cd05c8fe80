"""The time in a device's files.

lane.db holds the time that the lane trusted (the lane writes it); list.db the signed time, and when a sync last
succeeded (the sync writes both).  Each file holds when the other is lost.  For every process that needs the trusted
time:

    clock = TrustedClock(SystemClock(), read_kept(where), untrusted_for)
"""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from gate.core.kept_time import Evidence, Kept
from gate.core.time_reset import TimeReset, parse_time
from gate.errors import PublishError, StoreError
from gate.store.database import File, open_for_reading, unusable
from gate.store.documents import TIME
from gate.store.last_sync import last_sync
from gate.store.list_file import read_held
from gate.store.milliseconds import ms, seconds
from gate.store.places import Places, Where

_EVIDENCE = ("behind", "lags", "stood", "ahead_for", "healing_for", "gained", "stated")
_COLUMNS = ("floor", "seq", "behind_since", "steady", "signed", "ticks", "boot", "synchronised", "resets", *_EVIDENCE)
# Not all rows where the time was never stored: a start takes no longer with a million of them.
_JOURNALLED = "SELECT max(at) FROM journal WHERE seq > max(?, (SELECT max(seq) FROM journal) - 10000)"
_LAST_ROW = "SELECT coalesce(max(seq), 0) FROM journal"
_VALUES = ", ".join(f"({_LAST_ROW})" if name == "seq" else "?" for name in _COLUMNS)
_KEEP = f"INSERT OR REPLACE INTO clock (id, {', '.join(_COLUMNS)}) VALUES (1, {_VALUES})"  # noqa: S608 - our own names


def read_kept(where: Where) -> Kept:
    """Read the start of a trusted clock.  A damaged list.db adds nothing: without it nobody enters.  Raises
    StoreError for a lane.db that cannot be read."""
    lived = read_journalled(Places.of(where).state_dir)
    ordered = read_reset(where)
    if ordered is not None and ordered.number > lived.resets:
        # The lane's own time rests on a time that the offline keys have withdrawn.
        return Kept(resets=ordered.number, as_of=max(ordered.to, read_signed(where) or 0.0))
    return replace(lived, as_of=read_signed(where), synced=read_synced(where))


def read_floor(where: Where) -> float | None:
    """Read the latest stored time, Unix s; None when none was ever signed or lived through here.  Never raises: the
    user of an unreadable file reports it."""
    try:
        return read_kept(where).latest
    except StoreError:
        return Kept(as_of=read_signed(where), synced=read_synced(where)).latest


def read_reset(where: Where) -> TimeReset | None:
    """Read the last reset of the time that the offline keys signed; None without one."""
    try:
        body = read_held(where, lambda file: file.documents().get(TIME))
        return None if body is None else parse_time(body)
    except (StoreError, PublishError):
        return None


def read_signed(where: Where) -> float | None:
    """Read the list's time, Unix s; None without one."""
    try:
        return read_held(where, lambda file: file.head.as_of)
    except StoreError:
        return None


def read_synced(where: Where) -> float | None:
    """Read when a sync last succeeded, Unix s by the trusted clock then; None before the first."""
    last = last_sync(where)
    return last.at if last else None


def keep(connection: sqlite3.Connection, kept: Kept) -> None:
    """Store the time, inside the caller's write transaction on lane.db, after its journal rows.  `kept` has a
    floor."""
    floor = kept.floor or 0.0
    since = None if kept.behind_for is None else ms(floor - kept.behind_for)
    times = (None if time is None else ms(time) for time in (kept.steady, kept.signed, kept.ticks))
    values = (ms(floor), since, *times, kept.boot or None, kept.synchronised, kept.resets)
    connection.execute(_KEEP, (*values, *_evidence_row(kept.evidence)))


def _evidence_row(known: Evidence | None) -> tuple[int | float | None, ...]:
    if known is None:
        return (None,) * len(_EVIDENCE)
    durations = (ms(known.ahead_for), ms(known.healing_for), ms(known.gained))
    return (ms(known.behind), known.lags, known.stood, *durations, ms(known.stated))


def read_steady(connection: sqlite3.Connection, at: float) -> float:
    """Read the part of `at` (Unix s) that the system clock cannot take back, as stored last: an expiry by a later
    time is uncertain.  Raises sqlite3.Error."""
    row = connection.execute("SELECT steady FROM clock").fetchone()
    return min(at, seconds(row[0])) if row and row[0] is not None else at


def read_journalled(state_dir: Path) -> Kept:
    """Read the time from lane.db alone.  Raises StoreError.

    Journal rows after the stored time show what it has become since (`Kept.ran`).  A step of the clock is stored at
    once, so they carry the same steps as the stored time does."""
    connection = open_for_reading(File.LANE, state_dir, check=False)
    if connection is None:
        return Kept()
    with closing(connection):
        try:
            row = _kept_row(connection)
            latest = _one(connection, _JOURNALLED, row[1] if row else 0)
        except sqlite3.Error as error:
            raise unusable(File.LANE.within(state_dir), error) from error
    try:
        return _lived(row, latest)
    except TypeError as error:
        raise unusable(File.LANE.within(state_dir), error) from error


def _lived(row: tuple[Any, ...] | None, latest: float | None) -> Kept:
    """Return the stored time, and how far rows were written after it.  Raises TypeError for a value of another kind
    than was written."""
    if row is None:
        return Kept() if latest is None else Kept(seconds(latest))
    floor, _, since, steady, signed, ticks, boot, synchronised, resets, *evidence = row
    return Kept(
        seconds(floor),
        None if since is None else max(0.0, seconds(floor - since)),
        None if steady is None else seconds(steady),
        None if signed is None else seconds(signed),
        None if ticks is None else seconds(ticks),
        boot or "",
        bool(synchronised),
        resets or 0,
        ran=max(0.0, seconds((latest or floor) - floor)),
        evidence=_evidence(*evidence),
    )


def _evidence(
    behind: int | None, lags: int, stood: float, ahead_for: int, healing_for: int, gained: int, stated: int
) -> Evidence | None:
    """Return the stored evidence; None where an earlier version stored none."""
    if behind is None:
        return None
    durations = (seconds(ahead_for), seconds(healing_for), seconds(gained))
    return Evidence(seconds(behind), bool(lags), min(stood, 1.0), *durations, seconds(stated))


def _kept_row(connection: sqlite3.Connection) -> tuple[Any, ...] | None:
    if not _has(connection, "clock"):
        return None
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(clock)")}
    columns = ", ".join(name if name in there else "NULL" for name in _COLUMNS)  # of an earlier version: NULL
    row: tuple[Any, ...] | None = connection.execute(f"SELECT {columns} FROM clock").fetchone()  # noqa: S608 - our own names
    return row


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return _one(connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table) == 1


def _one(connection: sqlite3.Connection, query: str, *values: str | int) -> float | None:
    value: float | None = connection.execute(query, values).fetchone()[0]
    return value
