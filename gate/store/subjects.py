"""The subject index in list.db: from an IIN that staff typed to a place in the status list.

The subject key stays sealed on the disk and is opened for the length of one look-up.
"""

import hashlib
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

from nacl.signing import SigningKey

from gate.errors import PublishError, StoreError
from gate.store.database import File, open_for_reading, unusable, writing
from gate.store.places import Places, Where
from gate.store.subject_wire import DIGEST_BYTES, SubjectsHead, key_name, unseal

CHUNK_PLACES = 1024
_CHUNK_BYTES = CHUNK_PLACES * DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class HeldSubjects:
    key: str  # names the subject key
    places: int


def held_subjects(where: Where) -> HeldSubjects | None:
    """None where no index is held.  Raises StoreError."""
    connection = open_for_reading(File.LIST, Places.of(where).held_list_db.parent)
    if connection is None:
        return None
    try:
        row = connection.execute("SELECT key_id, places FROM subject_head").fetchone()
    except sqlite3.Error as error:
        raise unusable(Places.of(where).held_list_db, error) from error
    finally:
        connection.close()
    return HeldSubjects(*row) if row else None


def apply_subjects(
    head: SubjectsHead, sealed: bytes, device: SigningKey, parts: Iterable[tuple[int, bytes]], where: Where
) -> None:
    """In one transaction.  `parts`: first place and digests (8 bytes each, big-endian) of consecutive
    segments; what is held and lies before them stays.  Raises PublishError, StoreError."""
    if key_name(unseal(sealed, device)) != head.key:
        raise PublishError("the sealed subject key is another than the index has", hint="Publish the list again")
    with writing(File.LIST, Places.of(where).list_dir) as connection:
        row = connection.execute("SELECT key_id, places FROM subject_head").fetchone()
        if row and row[0] == head.key and head.places < row[1]:
            raise PublishError(
                f"the subject index ends at place {head.places}, before {row[1]} held here",
                hint="Publish from the newest state",
            )
        if row and row[0] != head.key:
            _clear(connection)
        for first, digests in parts:
            _write(connection, first, digests)
        connection.execute("DELETE FROM subject_run")
        connection.executemany("INSERT INTO subject_run VALUES (?)", [(first,) for first in head.runs])
        connection.execute("INSERT OR REPLACE INTO subject_head VALUES (1, ?, ?, ?)", (head.key, sealed, head.places))


def forget_subjects(where: Where) -> None:
    """Where people are not checked by IIN any more there is no index.  Raises StoreError."""
    with writing(File.LIST, Places.of(where).list_dir) as connection:
        _clear(connection)


def find_subject(iin: str, device: SigningKey, where: Where) -> int | None:
    """The place of a person; None when they have none.  Raises StoreError where no index is held."""
    connection = open_for_reading(File.LIST, Places.of(where).held_list_db.parent)
    if connection is None:
        raise _missing()
    try:
        row = connection.execute("SELECT sealed, places FROM subject_head").fetchone()
        if row is None:
            raise _missing()
        key = unseal(row[0], device)
        digest = hashlib.blake2b(iin.encode("ascii"), key=key, digest_size=DIGEST_BYTES).digest()
        return _search(connection, digest, row[1])
    except sqlite3.Error as error:
        raise unusable(Places.of(where).held_list_db, error) from error
    finally:
        connection.close()


def _missing() -> StoreError:
    return StoreError(
        "this device holds no subject index",
        hint="Set iin_check = true in [staff], give the authority `gate list device-key`, and sync",
    )


def _search(connection: sqlite3.Connection, digest: bytes, places: int) -> int | None:
    firsts: list[int] = [first for (first,) in connection.execute("SELECT first FROM subject_run ORDER BY first")]
    for first, end in zip(firsts, [*firsts[1:], places], strict=True):
        run = _Run(connection, first, end)
        at = bisect_left(run, digest)
        if at < len(run) and run[at] == digest:
            return first + at
    return None


class _Run(Sequence[bytes]):
    """Places whose digests ascend, read one at a time."""

    def __init__(self, connection: sqlite3.Connection, first: int, end: int) -> None:
        self._connection = connection
        self._first = first
        self._end = end

    def __len__(self) -> int:
        return self._end - self._first

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number, offset = divmod(self._first + at, CHUNK_PLACES)
        row = self._connection.execute(
            "SELECT substr(digests, ?, ?) FROM subject_chunk WHERE no = ?",
            (offset * DIGEST_BYTES + 1, DIGEST_BYTES, number),
        ).fetchone()
        if row is None or len(row[0]) != DIGEST_BYTES:
            raise StoreError(f"subject index: chunk {number} is missing or short", hint="Sync again")
        return bytes(row[0])


def _write(connection: sqlite3.Connection, first: int, digests: bytes) -> None:
    """`first` may lie within a chunk: what stands before it there stays."""
    number, offset = divmod(first, CHUNK_PLACES)
    row = connection.execute("SELECT digests FROM subject_chunk WHERE no = ?", (number,)).fetchone()
    before = (row[0] if row else b"")[: offset * DIGEST_BYTES]
    if len(before) != offset * DIGEST_BYTES:
        raise PublishError("the subject index has a gap", hint="Sync again")
    whole = before + digests
    connection.executemany(
        "INSERT OR REPLACE INTO subject_chunk VALUES (?, ?)",
        ((number + at // _CHUNK_BYTES, whole[at : at + _CHUNK_BYTES]) for at in range(0, len(whole), _CHUNK_BYTES)),
    )


def _clear(connection: sqlite3.Connection) -> None:
    for table in ("subject_head", "subject_run", "subject_chunk"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
