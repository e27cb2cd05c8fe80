"""SQLite files: opening, schema, transactions.  No other package touches sqlite3.

WAL with synchronous=FULL: a committed row survives a power cut, for one fsync a commit.  Each process has one
writing connection, used from one thread.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from gate.errors import DamagedError, FinalStoreError, GateError, StoreError
from gate.store.durable import keep_private


class File(StrEnum):
    """A database of the store, by the name of its schema."""

    LANE = "lane"  # journal, redemptions: written by the lane

    def within(self, state_dir: Path) -> Path:
        return state_dir / f"{self}.db"


BUSY_TIMEOUT_MS = 2000
CHECKED_AT_START = 16 << 20  # bytes: `quick_check` of this takes 0.1 s here; the lane keeps lane.db below it


def open_for_writing(file: File, state_dir: Path) -> sqlite3.Connection:
    """Open a file, created and its schema up to date.  Raises StoreError."""
    path = file.within(state_dir)
    with _refusal_named(path):
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_private(path)
        check = path.stat().st_size <= CHECKED_AT_START
        with _connected(path, "rwc", check=check) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            _migrate(connection, file)
    return connection


def open_for_reading(file: File, state_dir: Path, *, check: bool = True) -> sqlite3.Connection | None:
    """Open a file to read; None when it does not exist or has no schema yet.  Raises StoreError for a damaged file,
    and FinalStoreError for one of a newer release.  `check`: read the whole file for damage first, which takes time
    in proportion to its size.

    The mode is read-write all the same: SQLite may have to recover the WAL after a power cut.  query_only prevents
    changes."""
    path = file.within(state_dir)
    with _refusal_named(path):
        if not path.exists() or path.stat().st_size == 0:  # SQLite would delete the WAL of an empty file
            return None
    with _refusal_named(path), _connected(path, "rw", check=check) as connection:
        connection.execute("PRAGMA query_only=ON")
        _refuse_newer(connection, file)
        if schema_number(connection) > 0:
            return connection
    connection.close()
    return None


@contextmanager
def _refusal_named(path: Path) -> Iterator[None]:
    try:
        yield
    except GateError:
        raise
    except Exception as error:  # a damaged schema raises UnicodeDecodeError, and other errors
        raise unusable(path, error) from error


@contextmanager
def _connected(path: Path, mode: str, *, check: bool = True) -> Iterator[sqlite3.Connection]:
    """Yield a sound database; closed only if the block raises."""
    connection = _connect(path, mode)
    try:
        if check:
            check_pages(connection, path)
        yield connection
    except BaseException:
        connection.close()
        raise


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one write transaction: durable when it ends, undone when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_REFUSALS = {  # primary result codes of SQLite that prove nothing about the content: what to do
    sqlite3.SQLITE_FULL: "Free space on its disk",
    sqlite3.SQLITE_BUSY: "Only one `gate run` may use a state directory",
    sqlite3.SQLITE_LOCKED: "Only one `gate run` may use a state directory",
    sqlite3.SQLITE_READONLY: "It is read-only for the gate: see its owner and rights, and whether the disk was "
    "remounted read-only (`dmesg`), which a failing card is",
    sqlite3.SQLITE_PERM: "See its owner and rights",
    sqlite3.SQLITE_AUTH: "See its owner and rights",
    sqlite3.SQLITE_CANTOPEN: "See that its directory exists and belongs to the user of the gate",
    sqlite3.SQLITE_IOERR: "The disk does not read or write (`dmesg` says why): replace the card or the cable",
    sqlite3.SQLITE_NOMEM: "There is no memory left: see what else runs here",
    sqlite3.SQLITE_INTERRUPT: "It was interrupted: try again",
    sqlite3.SQLITE_NOLFS: "The disk cannot hold so large a file",
    sqlite3.SQLITE_PROTOCOL: "The file is not on a local disk, or its locks fail: use a local disk",
}
_WORDS = {sqlite3.SQLITE_FULL: "the disk is full", sqlite3.SQLITE_BUSY: "another process holds it"}
_ERRNO = {
    errno.ENOSPC: _REFUSALS[sqlite3.SQLITE_FULL],
    errno.EROFS: _REFUSALS[sqlite3.SQLITE_READONLY],
    errno.EACCES: _REFUSALS[sqlite3.SQLITE_PERM],
    errno.EPERM: _REFUSALS[sqlite3.SQLITE_PERM],
    errno.EIO: _REFUSALS[sqlite3.SQLITE_IOERR],
}


def unusable(path: Path, error: Exception) -> StoreError:
    """Return the technician's message for an `error` of the file at `path`.  An error that does not come from the
    disk, rights, locks or memory is damage: a DamagedError."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError) and error.errno == errno.ENOENT and not path.parent.is_dir():
        make = f"sudo install -d -o gate -g gate -m 750 {path.parent}"
        return StoreError(f"{path.parent}: there is no such folder", hint=f"Make it, owner gate, mode 0750: `{make}`")
    if isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename not in (None, str(path)) else ""
        hint = _ERRNO.get(error.errno or 0, "See its owner and rights")
        return StoreError(f"{path}: {file}{error.strerror or text}", hint=_with_what_follows(path, hint))
    code = getattr(error, "sqlite_errorcode", None)
    primary = (code or sqlite3.SQLITE_CORRUPT) & 0xFF
    if primary == sqlite3.SQLITE_IOERR and _is_full(path.parent):  # no room for the WAL's index
        primary = sqlite3.SQLITE_FULL
    if isinstance(error, sqlite3.Error) and primary in _REFUSALS and code != sqlite3.SQLITE_IOERR_CORRUPTFS:
        return StoreError(f"{path}: {_WORDS.get(primary, text)}", hint=_with_what_follows(path, _REFUSALS[primary]))
    return DamagedError(f"{path}: damaged ({text})", hint=_repair(path))


def _with_what_follows(path: Path, hint: str) -> str:
    full = hint == _REFUSALS[sqlite3.SQLITE_FULL] and path.name == File.LANE.within(path.parent).name
    return f"{hint}; nothing is recorded and nobody enters until then" if full else hint


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < 64 << 10  # bytes: less than SQLite requests at once


def is_damage(error: Exception) -> bool:
    """Return whether `error`, raised by an open database, comes from the file's content, and not from the query or
    the disk: nothing that a visitor shows may count as damage."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, UnicodeError)
    code = getattr(error, "sqlite_errorcode", None)
    return code in _DAMAGE or (code or 0) & 0xFF in _DAMAGE


_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_ERROR,  # a table or column is missing
        sqlite3.SQLITE_IOERR_SHORT_READ,
        sqlite3.SQLITE_IOERR_CORRUPTFS,
    }
)


def _repair(path: Path) -> str:
    if path.name == "list.db":
        return "The next `gate sync` fetches it again; or load it by hand: `gate list load DIR`"
    if path.name != "lane.db":
        return "Keep it as evidence, and report it"
    return "`gate run` sets it aside, begins a new journal and locks the entrance until staff confirm"


def set_aside(file: File, state_dir: Path, mark: str = "damaged") -> Path:
    """Rename the database to *.MARK, and return that path.  Its WAL goes first: SQLite would take a WAL that stayed
    for that of the next file.  Raises StoreError."""
    path = file.within(state_dir)
    aside = path.with_name(f"{path.name}.{mark}")
    try:
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise unusable(path, error) from error
    return aside


def _keep_private(path: Path) -> None:
    """Leave lane.db readable by the gate's user only, whatever the umask; SQLite gives its WAL the same rights."""
    if not path.exists():  # else not opened: closing it again would drop this process's locks on it
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for suffix in ("", "-wal", "-shm"):
        keep_private(path.with_name(path.name + suffix))


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


def check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Read the whole file for damage.  Raises DamagedError, StoreError while the disk does not read, sqlite3.Error."""
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if "disk I/O error" in answer:
        raise StoreError(f"{path}: disk I/O error", hint=_REFUSALS[sqlite3.SQLITE_IOERR])
    if answer != "ok":
        raise DamagedError(f"{path}: damaged ({answer.splitlines()[0]})", hint=_repair(path))


def schema_number(connection: sqlite3.Connection) -> int:
    """Read the number of the schema that a file has; 0 for a new one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _refuse_newer(connection: sqlite3.Connection, file: File) -> None:
    """Refuse a newer file.  Raises FinalStoreError: an older release would take unknown content for damage, or lose
    it."""
    newest = max(int(step.name[:4]) for step in (files("gate.store") / "schema" / file).iterdir())
    if (version := schema_number(connection)) > newest:
        raise FinalStoreError(
            f"{file}.db was written by a newer release of the gate (schema {version}, this release knows {newest})",
            hint="Install that release again. Without it the file can only be moved aside: that is a lost journal",
        )


def _migrate(connection: sqlite3.Connection, file: File) -> None:
    """Run the numbered scripts that this file has not seen, each in a transaction of its own."""
    steps = sorted((files("gate.store") / "schema" / file).iterdir(), key=lambda step: step.name)
    _refuse_newer(connection, file)
    for step in steps:
        number = int(step.name[:4])
        if number > schema_number(connection):
            connection.executescript(f"BEGIN IMMEDIATE;\n{step.read_text()}\nPRAGMA user_version={number};\nCOMMIT;")
