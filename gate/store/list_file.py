"""list.db as a file: opened read-only, and used as far as its digests agree.

A file of the present form never changes once it has its name, so it is read without locks, WAL or journal.  One of
an earlier form (a WAL database) is read until the next sync replaces it.

    list_head.digest      the head's numbers and the sha256 of each document
    document.sha256       the document's body
    status_chunk.crc      the nibbles of a chunk, its number and the list it belongs to (CRC-32: 0.3 us a look-up)
    list_head.sha256      the whole content, as the authority signed it: `ListFile.check`

These detect what a disk has changed.  The content's signatures are verified before it gets here.
"""

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from gate.errors import DamagedError, GateError, StoreError
from gate.store.database import unusable
from gate.store.documents import RULES, TRUST
from gate.store.places import Places, Where

T = TypeVar("T")

FORM = 3  # user_version of a file as schema/list.sql has it; another schema gets the next number
EARLIER_FORMS = (1, 2)  # WAL databases that were changed in place, without digests
CHUNK_PLACES = 1024
CHUNK_BYTES = CHUNK_PLACES // 2
DIGEST_BYTES = 8  # of the head
SLICE = 64  # chunks that are checked between two calls of `pause`: 0.2 ms here
MOST = 2**53  # no number of a head is larger (`gate.store.status_wire.Head`)
MOST_DOCUMENTS = 256  # of a list: 4, and the metadata that signed them, with 64 roots at most
LARGEST_VALUE = 16 << 20  # bytes: four times the largest document; a damaged length takes no more memory

HINT = "The next `gate sync` fetches it again; or load it by hand: `gate list load DIR`"
_BESIDE = ("-wal", "-shm", "-journal")  # of a file that was changed in place
_HEADER = 100  # bytes of a database's header (sqlite.org/fileformat.html, 1.3)
_CHUNK = "SELECT nibbles, crc FROM status_chunk WHERE no = ?"
_EARLIER_CHUNK = "SELECT nibbles, (SELECT generation FROM list_head) FROM status_chunk WHERE no = ?"
_EARLIER_HEAD = "SELECT version, as_of, size, listed, sha256, generation FROM list_head"
_HASHES = f"SELECT name, sha256 FROM document LIMIT {MOST_DOCUMENTS + 1}"  # noqa: S608 - a number
_DOCUMENTS = f"SELECT name, body, sha256 FROM document LIMIT {MOST_DOCUMENTS + 1}"  # noqa: S608 - a number
_HEAD = "SELECT version, as_of, size, listed, sha256, digest FROM list_head"

Identity = tuple[int, int]
"""Device and inode: they identify a file as long as it is open."""


@dataclass(frozen=True, slots=True)
class ListHead:
    """The head of a list."""

    version: int
    as_of: int  # Unix s
    size: int  # places
    listed: int
    sha256: str  # of the nibbles, as signed


class ForeignContentError(DamagedError):
    """Every chunk is as it was written, but the whole is not what was signed: none of it counts."""


class _ReplacedError(StoreError):
    pass


class ListFile:
    """An open list.db; belongs to one thread.  Every method raises StoreError: DamagedError where the content has
    changed, whatever error of SQLite or Python that caused."""

    def __init__(self, path: Path) -> None:
        """Open the file, and verify the head; of an earlier form, verify everything."""
        self.path = path
        with _refusals_named(path):
            self._descriptor = _open_regular(path)
        self._connection: sqlite3.Connection | None = None
        try:
            with self._refusals():
                self.earlier = _is_earlier(path, self._descriptor)
                self._connection = _connect(path, earlier=self.earlier)
                found = os.fstat(self._descriptor)
                self.identity = found.st_dev, found.st_ino
                self._changed = found.st_ctime_ns
                if identity_of(path) != self.identity:
                    raise _ReplacedError(f"{path}: it was replaced while it was opened", hint="Try again")
                # Of an earlier form the proof is the list's generation: no answer mixes two lists.
                self.head, self._proof = self._read_head()
                self._seed = seed_of(self.head.sha256)
                self._query = _EARLIER_CHUNK if self.earlier else _CHUNK
                self._execute = self._connection.cursor().execute
            if self.earlier:
                self.check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        os.close(self._descriptor)

    def is_current(self) -> bool:
        """Return whether the file still has its name and its content.  Removal, replacement, a link and a write all
        change its inode's time; within one tick of the kernel's clock, its link count shows a removal."""
        try:
            found = os.fstat(self._descriptor)
        except OSError:  # opening it again gives the reason
            return False
        return found.st_ctime_ns == self._changed and found.st_nlink > 0

    def documents(self) -> dict[str, bytes]:
        """Return trust.json and rules.json, as published."""
        with self._refusals():
            if self.earlier:
                rows = self._database.execute("SELECT name, body FROM document").fetchall()
                return {name: bytes(body, "utf-8") for name, body in rows}
            rows = self._database.execute(_DOCUMENTS).fetchall()
            for name, body, sha256 in rows:
                if hashlib.sha256(body).hexdigest() != sha256:
                    raise self._damaged(f"{name} is not what was written")
            return {name: body for name, body, _ in rows}

    def nibble(self, idx: int) -> int:
        """Return the value of a place below the list's size, after its chunk agreed with its digest."""
        number, offset = divmod(idx, CHUNK_PLACES)
        try:
            row = self._execute(self._query, (number,)).fetchone()
            if row is None:
                raise self._damaged(f"chunk {number} is missing")
            nibbles, proof = row
            if proof != (self._proof if self.earlier else crc32(nibbles, self._seed ^ number)):
                raise self._damaged(f"chunk {number} is not what was written")
            byte: int = nibbles[offset >> 1]
        except GateError:
            raise
        except Exception as error:
            raise refusal(self.path, error) from error
        return byte >> 4 if idx & 1 else byte & 15

    def nibbles(self) -> bytes:
        """Return the whole content, verified."""
        content = bytearray()
        self.check(content.extend)
        return bytes(content)

    def check(self, take: Callable[[bytes], object] | None = None, pause: Callable[[], None] | None = None) -> None:
        """Compare each chunk with its digest, and the whole with the signed hash.  `take` gets the content piece by
        piece, before the whole is known to be right; `pause` is called between slices.  Raises DamagedError."""
        whole, left, expected = hashlib.sha256(), (self.head.size + 1) // 2, 0
        with self._refusals():
            query = self._query.replace("SELECT", "SELECT no,", 1).replace("WHERE no = ?", "ORDER BY no")
            rows = self._database.execute(query)
        while True:
            with self._refusals():
                some = rows.fetchmany(SLICE)
                for number, nibbles, proof in some:
                    if number != expected:
                        raise self._damaged(f"chunk {expected} is missing")
                    if proof != (self._proof if self.earlier else crc32(nibbles, self._seed ^ number)):
                        raise self._damaged(f"chunk {number} is not what was written")
                    expected += 1
                    piece = nibbles[: min(left, CHUNK_BYTES)]
                    left -= len(piece)
                    whole.update(piece)
                    if take is not None:
                        take(piece)
            if not some:
                break
            if pause is not None:
                pause()
        if left:
            raise self._damaged("chunks are missing at its end")
        if whole.hexdigest() != self.head.sha256:
            what = "its content is not the one that was signed"
            raise ForeignContentError(f"{self.path}: damaged ({what})", hint=HINT)

    def synced(self) -> tuple[float, str] | None:
        """Return time and source of the last successful sync: in a file of an earlier form only."""
        if not self.earlier:
            return None
        try:
            row = self._database.execute("SELECT at, mirror FROM sync").fetchone()
            return (float(row[0]), str(row[1])) if row else None
        except Exception:  # noqa: BLE001 - the first form has no such table
            return None

    def _read_head(self) -> tuple[ListHead, object]:
        row = self._database.execute(_EARLIER_HEAD if self.earlier else _HEAD).fetchone()
        if row is None:
            raise self._damaged("it holds no list")
        head, proof = ListHead(*row[:5]), row[5]
        numbers = (head.version, head.as_of, head.size, head.listed)
        if not all(type(number) is int and 0 <= number < MOST for number in numbers) or type(head.sha256) is not str:
            raise self._damaged("its head is not what was written")
        if not self.earlier:
            documents = dict(self._database.execute(_HASHES).fetchall())
            if len(documents) > MOST_DOCUMENTS:
                raise self._damaged("it holds more documents than any list")
            if not documents.keys() >= {TRUST, RULES} or digest_of_head(head, documents) != proof:
                raise self._damaged("its head is not what was written")
        return head, proof

    @property
    def _database(self) -> sqlite3.Connection:
        assert self._connection is not None  # noqa: S101 - until `close`
        return self._connection

    def _damaged(self, what: str) -> DamagedError:
        return damaged(self.path, what)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        with _refusals_named(self.path):
            yield


def seed_of(sha256: str) -> int:
    """Return the seed for the CRC-32 of a list's chunks: XOR the chunk's number.  `sha256`: the list's, as
    signed."""
    return crc32(bytes.fromhex(sha256))


def digest_of_head(head: ListHead, documents: Mapping[str, str]) -> bytes:
    """Return the digest of a head.  `documents`: their sha256 by name."""
    return blake2b(repr((astuple(head), sorted(documents.items()))).encode(), digest_size=DIGEST_BYTES).digest()


def damaged(path: Path, what: str) -> DamagedError:
    return DamagedError(f"{path}: damaged ({what})", hint=HINT)


def identity_of(path: Path) -> Identity | None:
    """Return the file's identity; None when it does not exist, or cannot be examined."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _refusals_named(path: Path) -> Iterator[None]:
    try:
        yield
    except GateError:
        raise
    except Exception as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: Exception) -> StoreError:
    """Return the technician's message.  The errors of a damaged file vary: Unicode, numbers, memory."""
    if isinstance(error, sqlite3.Error | OSError):
        return unusable(path, error)
    return damaged(path, type(error).__name__)


def open_held(places: Places) -> ListFile | None:
    """Open the list that this device holds; None when there is none.  A file of an earlier release, in the state
    directory, counts as long as no newer list has come.  Raises StoreError."""
    earlier = places.earlier_list_db
    if not _is_there(places.list_db):
        return _open(earlier) if earlier and _is_there(earlier) else None
    held = _open(places.list_db)
    if earlier:
        with suppress(StoreError):  # an unreadable list sets no floor
            if not _is_there(earlier):
                return held
            before = _open(earlier)
            if before.head.version > held.head.version:
                held.close()
                return before
            before.close()
    return held


def read_held(where: Where, read: Callable[[ListFile], T]) -> T | None:
    """Return what `read` finds in the list that is held; None when there is none.  Raises StoreError."""
    file = open_held(Places.of(where))
    if file is None:
        return None
    with closing(file):
        return read(file)


def _is_there(path: Path) -> bool:
    """Return whether the file exists.  Raises StoreError when that cannot be determined."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unusable(path, error) from error
    return True


def _open(path: Path) -> ListFile:
    for _ in range(3):  # a file is replaced some times an hour, not thrice while it is opened
        with suppress(_ReplacedError):
            return ListFile(path)
    return ListFile(path)


def find_damage(where: Where) -> str | None:
    """Verify all of the held list; return what is wrong, None when nothing is or there is none."""
    try:
        read_held(where, _check_whole)
    except StoreError as error:
        return error.what
    return None


def _check_whole(file: ListFile) -> None:
    file.documents()
    file.check()


def delete_earlier(places: Places) -> None:
    """Remove the list.db that another one has replaced, as far as the rights of this process allow."""
    stale = [places.list_db.with_name(places.list_db.name + suffix) for suffix in _BESIDE]
    earlier = places.earlier_list_db
    if earlier:
        stale += [earlier, *(earlier.with_name(earlier.name + suffix) for suffix in _BESIDE)]
    for path in stale:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def is_earlier(path: Path) -> bool:
    """Return whether a list.db has an earlier form.  Raises StoreError."""
    with _refusals_named(path):
        descriptor = _open_regular(path)
        try:
            return _is_earlier(path, descriptor)
        finally:
            os.close(descriptor)


def _open_regular(path: Path) -> int:
    """Open a regular file; return its descriptor.  A pipe of that name does not block."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise damaged(path, "it is no file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_earlier(path: Path, descriptor: int) -> bool:
    """Read the form from the header, without SQLite, which would write beside it."""
    header = os.pread(descriptor, _HEADER, 0)
    if len(header) < _HEADER:
        raise damaged(path, "it is cut")
    if not header.startswith(b"SQLite format 3\0"):
        raise damaged(path, "it is no database")
    if int.from_bytes(header[60:64], "big") == FORM:
        return False
    if header[18:20] == b"\2\2":  # a WAL database: its version may lie in the WAL
        return True
    raise damaged(path, "another version of the gate wrote it")


def _connect(path: Path, *, earlier: bool) -> sqlite3.Connection:
    mode = "mode=rw" if earlier else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=2.0, check_same_thread=False
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        if earlier:
            connection.execute("PRAGMA query_only=ON")
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            if form not in EARLIER_FORMS:
                raise damaged(path, "another version of the gate wrote it")
    except BaseException:
        connection.close()
        raise
    return connection
