"""SQLite files: opening, schema, transactions.  The only package that touches sqlite3 is this one.

WAL with synchronous=FULL: a committed row survives a power cut, for one fsync a commit.  Each process
has one writing connection, used from one thread.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from gate.errors import DamagedError, StoreError


class File(StrEnum):
    LIST = "list"  # trust, rules, status: written by sync
    LANE = "lane"  # journal, redemptions: written by the lane

    def within(self, state_dir: Path) -> Path:
        return state_dir / f"{self}.db"


BUSY_TIMEOUT_MS = 2000
MOST_WAL = 48 << 20  # bytes that wait in a WAL for an idle lane, at most: some nights of new lists


def open_for_writing(file: File, state_dir: Path) -> sqlite3.Connection:
    """Creates the file and brings its schema up to date.  Raises StoreError."""
    path = file.within(state_dir)
    with _refusal_named(path):
        state_dir.mkdir(parents=True, exist_ok=True)
        with _connected(path, "rwc") as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            _migrate(connection, file)
    return connection


def open_for_reading(file: File, state_dir: Path, *, check: bool = True) -> sqlite3.Connection | None:
    """None when the file is not there or has no schema yet.  Raises StoreError for a damaged one.
    `check`: read the whole file for damage first, which takes as long as it is large.

    Opened read-write all the same: SQLite may have to recover the WAL after a power cut; query_only
    keeps us from changing anything."""
    path = file.within(state_dir)
    if not path.exists():
        return None
    with _refusal_named(path), _connected(path, "rw", check=check) as connection:
        connection.execute("PRAGMA query_only=ON")
        if _version(connection) > 0:
            return connection
    connection.close()
    return None


@contextmanager
def _refusal_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error


@contextmanager
def _connected(path: Path, mode: str, *, check: bool = True) -> Iterator[sqlite3.Connection]:
    """A sound database; closed only if the block raises."""
    connection = _connect(path, mode)
    try:
        if check:
            _check(connection, path)
        yield connection
    except BaseException:
        connection.close()
        raise


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: committed and durable when the block ends, undone when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def writing(file: File, state_dir: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one write transaction, durable in the WAL when the block has ended.  Raises StoreError.

    To bring a whole list from the WAL into the file is one long flush, for which a lane on the same disk
    would wait: the lane does it when it is idle, and whoever closes the file last."""
    connection = open_for_writing(file, state_dir)
    try:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        with immediate(connection):
            yield connection
        path = file.within(state_dir)
        if path.with_name(path.name + "-wal").stat().st_size > MOST_WAL:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except (sqlite3.Error, OSError) as error:
        raise unusable(file.within(state_dir), error) from error
    finally:
        connection.close()


def unusable(path: Path, error: Exception) -> StoreError:
    """What a technician should read when SQLite says `error` about the file at `path`."""
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and "disk is full" in text:
        return StoreError(
            f"{path}: the disk is full", hint="Free space on it; nothing is recorded and nobody enters until then"
        )
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return StoreError(f"{path}: another process holds it", hint="Only one `gate run` may use a state directory")
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return DamagedError(f"{path}: damaged ({text})", hint=_repair(path))
    return StoreError(f"{path}: {text}", hint="Check that the directory exists, is writable and not full")


def _repair(path: Path) -> str:
    if path.name == "list.db":
        return "The next `gate sync` fetches it anew; or load it by hand: `gate list load DIR`"
    return "Move it aside and keep it (it holds the journal), then start the gate again"


def set_aside(file: File, state_dir: Path) -> None:
    """Rename the database to *.damaged.  Its WAL goes first: a WAL that stayed would be taken for that of
    the file that comes next.  Raises StoreError."""
    path = file.within(state_dir)
    try:
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(path.with_name(f"{path.name}.damaged{suffix}"))
    except OSError as error:
        raise unusable(path, error) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_MS / 1000,
        check_same_thread=False,
        cached_statements=64,
    )
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise DamagedError(f"{path}: damaged ({answer.splitlines()[0]})", hint=_repair(path))


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrate(connection: sqlite3.Connection, file: File) -> None:
    """Run the numbered scripts that this file has not seen, each in a transaction of its own."""
    steps = sorted((files("gate.store") / "schema" / file).iterdir(), key=lambda step: step.name)
    newest = int(steps[-1].name[:4])
    if _version(connection) > newest:
        raise StoreError(
            f"{file}.db was written by a newer version of the gate", hint="Install that version, or move the file aside"
        )
    for step in steps:
        number = int(step.name[:4])
        if number > _version(connection):
            # Only here, for once in a file's life: it brings NumPy along, 13 MB that the lane needs for nothing else.
            from sqlite_utils import Database

            Database(connection).executescript(
                f"BEGIN IMMEDIATE;\n{step.read_text()}\nPRAGMA user_version={number};\nCOMMIT;"
            )
