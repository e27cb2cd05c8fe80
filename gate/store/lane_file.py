"""lane.db as a file: the test that it is the one that the gate left, and recovery when it is not.

A lane.db that is missing, empty, damaged, cut, or another device's is a loss, never a first start.  It is set aside
as evidence, and a new one takes its place with a record of the loss (`gate.store.loss`).
"""

import errno
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from gate.core.journal_chain import checkpoint_message
from gate.errors import DamagedError, StoreError
from gate.store import device_key
from gate.store.database import (
    File,
    check_pages,
    immediate,
    open_for_reading,
    open_for_writing,
    schema_number,
    set_aside,
    unusable,
)
from gate.store.durable import is_odd, move_odd_aside, sync_folder
from gate.store.journal import COLUMNS, read_end
from gate.store.journal_end import NAME, End, EndFile
from gate.store.lane_values import find_foreign_value
from gate.store.loss import begin_after
from gate.store.milliseconds import seconds
from gate.store.segments import segments

MOST_EVIDENCE = 9  # files set aside, then the newest is replaced: a dying card must not fill itself
_PROBES = (
    f"SELECT {', '.join(f'[{name}]' for name in COLUMNS)}, hash FROM journal LIMIT 1",  # noqa: S608 - our own names
    "SELECT [use], holder, again_at, forget_at, [grant] FROM redemption LIMIT 1",
    "SELECT holder, until FROM given_back LIMIT 1",
    "SELECT seq, device, at, hash, signature FROM checkpoint LIMIT 1",
    "SELECT holder, since, [grant], leaving FROM inside LIMIT 1",
    "SELECT name, value FROM standing LIMIT 1",
    "SELECT floor, seq, behind_since FROM clock LIMIT 1",
    "SELECT what, last, used_at, at, confirmed FROM loss LIMIT 1",
)
"""Columns that the lane reads or writes: one that a flipped bit has renamed shows at the start, not at a passage.
In brackets, because SQLite takes an unknown name in double quotes for a text."""
_LATER_PROBES = (
    (8, "SELECT steady, signed, ticks, boot, synchronised, resets FROM clock LIMIT 1"),
    (10, "SELECT behind, lags, stood, ahead_for, healing_for, gained, stated FROM clock LIMIT 1"),
)
"""The same, from a number of the schema on: a file that an earlier version has left lacks them."""
_IGNORED = ("-shm", "-journal")
"""Suffixes of SQLite's files beside a database in WAL mode.  Their content may be anything: SQLite makes the one
again, and the other is not its journal.  SQLite fails, or waits, on links and on what is no regular file."""
_Identity = tuple[int, int, str]
"""Device and inode of lane.db, and the path of its WAL."""
_BASE = "SELECT seq, hash FROM journal_base"


@dataclass(frozen=True, slots=True)
class Left:
    """The facts about the lane.db that the gate left, from outside of it."""

    path: Path
    key: SigningKey
    end: End | None  # None: not known

    def trace_of_loss(self) -> str | None:
        """Return a sign of loss, or None.  To be called before SQLite opens an empty file as new and deletes its
        WAL."""
        wal = _beside(self.path, "-wal")
        for part, odd in ((self.path, self.path.is_dir()), (wal, is_odd(wal))):
            if odd:
                return f"{part}: it is no file"
        if _size(self.path):
            return None
        how = "empty" if self.path.exists() else "missing"
        if _size(wal):
            return f"{self.path}: {how}, but its WAL is there"
        if segments(self.path.parent):
            return f"{self.path}: {how}, but sealed segments of its journal are there"
        if self.end is None:
            return f"{self.path}: {how}, but this device has run before"
        if self.end.lost:
            return f"{self.path}: {how}, and the journal was lost before"
        if self.end.seq:
            return f"{self.path}: {how}, but {self.end.seq} rows were written"
        return None

    def difference(self, connection: sqlite3.Connection) -> str | None:
        """Return why this is not the database that the gate left; None when it is."""
        schema = schema_number(connection)
        for probe in (*_PROBES, *(later for number, later in _LATER_PROBES if schema >= number)):
            connection.execute(probe).fetchone()
        if what := find_foreign_value(connection):
            return what
        owner = connection.execute("SELECT device FROM owner").fetchone()
        if (owner and owner[0] != bytes(self.key.verify_key)) or not _signed_by(connection, self.key):
            return "it belongs to another device"
        if self.end is None or (self.end.seq == 0 and not self.end.lost):
            return None
        if connection.execute("SELECT 1 FROM loss WHERE at IS NULL").fetchone():
            return None  # the loss that the end records is known, and is journalled next
        if self.end.lost:
            return "the journal was lost before"
        base = connection.execute(_BASE).fetchone()
        row = connection.execute("SELECT seq, hash FROM journal WHERE seq = ?", (self.end.seq,)).fetchone()
        if (self.end.seq, self.end.digest) in (row, base):
            return None
        (last,) = connection.execute("SELECT max(seq) FROM journal").fetchone()
        if row is None:
            return f"it ends at row {last or 0}, but {self.end.seq} rows were written"
        return f"row {self.end.seq} is not the one that was written"


class LaneFile:
    """The open lane.db of this device.  Raises StoreError where nothing is known to be lost, but the disk, its
    rights or another process refuse."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._path = File.LANE.within(state_dir)
        self._known_identity: _Identity | None = None
        self._name, self._wal_name = str(self._path), f"{self._path}-wal"
        self._wal = -1  # descriptor of the WAL's place, for nothing else
        self.key = device_key.load_or_replace(state_dir)
        self.ends = EndFile(state_dir, self.key)
        try:
            self._end = self.ends.read()
            self.connection = self._open()
            self._note_identity()
        except (sqlite3.Error, OSError) as error:
            raise unusable(self._path, error) from error

    def check(self) -> None:
        """Check that the file and its WAL are still in place.  Raises StoreError when they are not: writes go
        nowhere."""
        if not self.is_there():
            raise StoreError(
                f"{self._path}: removed or replaced under the running gate",
                hint="It is written again from memory; find the program that changes the state directory",
            )

    def is_there(self) -> bool:
        """Return whether file and WAL are those that were opened, and lane.db is not empty.  6 µs."""
        return self._known_identity is not None and self._identity() == self._known_identity

    def _note_identity(self) -> None:
        self._release_wal()
        with suppress(FileNotFoundError):
            self._wal = os.open(self._wal_name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._known_identity = self._identity()

    def _identity(self) -> _Identity | None:
        """Return where file and WAL are; None where one is missing or the file is empty.  Raises StoreError when the
        disk cannot tell.

        A WAL that was removed or replaced has another path.  `stat` would tell as well, but from Linux 6.13 on it
        makes the next write to that file store a time of its own, which costs 60 µs of a commit."""
        try:
            file = os.stat(self._name)  # noqa: PTH116 - a Path costs more than the call
            wal = os.readlink(f"/proc/self/fd/{self._wal}")  # noqa: PTH115 - a Path costs more than the call
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unusable(self._path, error) from error
        return (file.st_dev, file.st_ino, wal) if file.st_size else None

    def _release_wal(self) -> None:
        if self._wal >= 0:
            os.close(self._wal)  # opened as a place only, so SQLite's locks on the file stay
        self._wal = -1

    def put_back(self) -> None:
        """Write the open database to its place again; any other file there is set aside.  Raises StoreError, and
        DamagedError when the open database cannot be read."""
        staged = self._path.with_name(f"{self._path.name}.new")
        try:
            for suffix in ("", "-journal", "-wal", "-shm"):
                staged.with_name(staged.name + suffix).unlink(missing_ok=True)
            os.close(os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(staged)) as copy:
                copy.execute("PRAGMA synchronous=FULL")
                self.connection.backup(copy)
            self._set_aside()
            staged.replace(self._path)
            sync_folder(self._state_dir)
            self.connection.close()  # not earlier: it was all that was left of the journal
            self.connection = open_for_writing(File.LANE, self._state_dir)
            self._note_identity()
        except (sqlite3.Error, OSError) as error:
            raise unusable(self._path, error) from error

    def begin_again(self, what: str, end: End | None) -> None:
        """Replace the open database, which is lost, by a new one.  Raises StoreError."""
        self.connection.close()
        try:
            self._end = end
            self.connection = self._lose(what)
            self._note_identity()
        except (sqlite3.Error, OSError) as error:
            raise unusable(self._path, error) from error

    def close(self) -> None:
        self.connection.close()
        self._release_wal()
        self.ends.close()

    def _open(self) -> sqlite3.Connection:
        left = Left(self._path, self.key, self._end)
        for suffix in _IGNORED:
            move_odd_aside(_beside(self._path, suffix))
        if what := left.trace_of_loss():
            return self._lose(what)
        try:
            connection = self._open_sound(left)
        except DamagedError:
            try:  # once more: a failed read may look like damage, too
                connection = self._open_sound(left)
            except DamagedError as error:
                return self._lose(error.what)
        if self._end is None and self._is_owned(connection):
            self._continue_as_after_loss(connection)
        if not self._is_owned(connection):
            connection.execute("INSERT INTO owner VALUES (1, ?)", (bytes(self.key.verify_key),))
        if not (self._end and self._end.lost):
            self.ends.write(read_end(connection), durable=True)
        return connection

    def _open_sound(self, left: Left) -> sqlite3.Connection:
        """Open the database.  Raises DamagedError where it is not the one that the gate left."""
        connection = open_for_writing(File.LANE, self._state_dir)
        try:
            what = left.difference(connection)
        except (sqlite3.Error, ValueError) as error:
            connection.close()
            raise unusable(self._path, error) from error
        if what:
            connection.close()
            raise DamagedError(f"{self._path}: {what}", hint="")
        return connection

    def is_sound(self, end: End | None) -> bool:
        """Return whether the open database can be read whole, and ends at `end`.  Raises StoreError while the disk
        refuses."""
        try:
            check_pages(self.connection, self._path)
            return Left(self._path, self.key, end).difference(self.connection) is None
        except DamagedError:
            return False
        except (sqlite3.Error, ValueError) as error:
            problem = unusable(self._path, error)
            if isinstance(problem, DamagedError):
                return False
            raise problem from error

    def _lose(self, what: str) -> sqlite3.Connection:
        end = self._end or End()
        self.ends.write(end._replace(lost=True), durable=True)  # first, so that a crash from here on loses no record
        aside = self._set_aside()
        if aside:
            what = f"{what}; kept as {aside.name}"
        sync_folder(self._state_dir)
        connection = open_for_writing(File.LANE, self._state_dir)
        with immediate(connection):
            begin_after(connection, what, self._end, fresh=True)
            connection.execute("INSERT INTO owner VALUES (1, ?)", (bytes(self.key.verify_key),))
        sync_folder(self._state_dir)
        return connection

    def _continue_as_after_loss(self, connection: sqlite3.Connection) -> None:
        """Continue as after a loss: the database is whole, but it may not be the newest."""
        what = f"{self.ends.path}: missing or damaged, so the journal may be an older copy"
        with immediate(connection):
            begin_after(connection, what, None, fresh=False)

    def _set_aside(self) -> Path | None:
        move_odd_aside(_beside(self._path, "-wal"))
        if not any(_size(_beside(self._path, suffix)) for suffix in ("", "-wal")):
            self._path.unlink(missing_ok=True)
            return None
        names = [f"lost-{number}" for number in range(1, MOST_EVIDENCE + 1)]
        free = [name for name in names if not self._path.with_name(f"{self._path.name}.{name}").exists()]
        return set_aside(File.LANE, self._state_dir, (free or names[-1:])[0])

    def _is_owned(self, connection: sqlite3.Connection) -> bool:
        return connection.execute("SELECT 1 FROM owner").fetchone() is not None


def examine(state_dir: Path) -> str | None:
    """Return what the next start would find lost; None when nothing is.  Changes nothing; may be called beside a
    running lane.  Raises StoreError."""
    try:
        key = device_key.load(state_dir)
    except DamagedError as error:
        return error.what
    if key is None:
        lane = File.LANE.within(state_dir)
        it_ran = any(path.exists() for path in (lane, _beside(lane, "-wal"), state_dir / NAME, *segments(state_dir)))
        return f"{state_dir / device_key.NAME}: missing, but this device has run before" if it_ran else None
    left = Left(File.LANE.within(state_dir), key, EndFile(state_dir, key).read())  # the end first: rows may follow
    try:
        if what := left.trace_of_loss():
            return what
        connection = open_for_reading(File.LANE, state_dir)
        if connection is None:
            return None
        with closing(connection):
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'owner'").fetchone()
            what = left.difference(connection) if known else None
            if known and left.end is None and what is None and connection.execute("SELECT 1 FROM owner").fetchone():
                return f"{state_dir / NAME}: missing or damaged, so the journal may be an older copy"
    except DamagedError as error:
        return error.what
    except (sqlite3.Error, OSError) as error:
        problem = unusable(left.path, error)
        if isinstance(problem, DamagedError):
            return problem.what
        raise problem from error
    return f"{left.path}: {what}" if what else None


def last_time(state_dir: Path) -> float | None:
    """Return the time of the last known row, Unix s; None when there is none."""
    key = device_key.load(state_dir)
    end = EndFile(state_dir, key).read() if key else None
    return seconds(end.at) if end and end.at is not None else None


def _beside(path: Path, suffix: str) -> Path:
    """Return the path of a file of SQLite's that belongs to the database."""
    return path.with_name(path.name + suffix)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):  # a link to itself leads to no file
            return 0
        raise


def _signed_by(connection: sqlite3.Connection, key: SigningKey) -> bool:
    """Return whether the newest checkpoint, if there is one, was signed by this device."""
    row = connection.execute("SELECT device, seq, hash, signature FROM checkpoint ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return True
    device, seq, digest, signature = row
    try:
        key.verify_key.verify(checkpoint_message(device, seq, digest), signature)
    except (BadSignatureError, ValueError, TypeError, AttributeError):
        return False
    return True
