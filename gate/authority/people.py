"""The place of each person in the status list.  A person keeps the place they were first given.

These files identify nobody.  A person is BLAKE2b-64 of their IIN (or any other stable id) under the
authority's secret subject key: the digest that a gate looks up when staff check by IIN.  With 20 million
people the odds that any two of them share a digest are about 1 in 90,000.

    people.digests    of each place 8 bytes, little-endian: its person's digest, 0 for none
    people.json       which runs of it are valid, and their checksums

The new people of one import get consecutive places in the order of their digests.  So a place reveals
nothing about a person, although files come sorted by IIN, which begins with the date of birth.  Each such run
is its own index, and the subject index made of it is a third smaller.  people.digests only grows, and added
bytes count once people.json names them.
"""

import hashlib
import os
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.authority import files
from gate.authority.statuses import Places, beyond_limit
from gate.core.form_error import first_error
from gate.errors import StoreError
from gate.store.status_wire import MAX_PLACES

KEY_BYTES = 32
DIGEST_BYTES = 8
BUCKETS = 64  # parts of equal width that divide the digests, so that each part fits into memory
_BITS = 6  # bits of a digest that select its bucket

Digests = NDArray[np.uint64]

_STORED = np.dtype("<u8")
_PIECE = 1 << 16  # places read at once
_EDGES = [bucket << 64 - _BITS for bucket in range(1, BUCKETS)]


def subject_digest(key: bytes, person: str) -> int:
    """Return BLAKE2b-64 of the id's UTF-8 under `key`, unsigned, read big-endian (TOKEN: "Who the holder is")."""
    return int(digests_of(key, [person.encode()])[0])


def digests_of(key: bytes, persons: list[bytes]) -> Digests:
    """Return the digest of each id (UTF-8), in order."""
    keyed = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES)
    found = []
    for person in persons:
        state = keyed.copy()  # a third faster than keying each time
        state.update(person)
        found.append(state.digest())
    return np.frombuffer(b"".join(found), ">u8").astype(np.uint64)


def buckets_of(digests: Digests) -> NDArray[np.uint8]:
    """Return the bucket of each digest: its highest bits."""
    return (digests >> np.uint64(64 - _BITS)).astype(np.uint8)


class _Run(BaseModel):
    """Consecutive places whose digests ascend."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[int, Field(ge=0, lt=MAX_PLACES)]
    people: Annotated[int, Field(ge=1, le=MAX_PLACES)]
    crc32: Annotated[int, Field(ge=0, lt=2**32)]  # of the run's bytes in people.digests

    @property
    def end(self) -> int:
        return self.first + self.people


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid")

    runs: list[_Run] = []  # in the order of their places


class People:
    """The people as of construction.  Every method raises StoreError when a file cannot be read or written, or is
    damaged."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key
        self._file = folder / "people.digests"
        self._book_file = folder / "people.json"
        self._runs = self._load()

    @property
    def size(self) -> int:
        """Number of places up to the last that has a person."""
        return self._runs[-1].end if self._runs else 0

    @property
    def known(self) -> int:
        """Number of people who have a place."""
        return sum(run.people for run in self._runs)

    @property
    def runs(self) -> list[int]:
        """First place of each run."""
        return [run.first for run in self._runs]

    def digests_of(self, persons: list[bytes]) -> Digests:
        return digests_of(self._key, persons)

    def find(self, person: str) -> int | None:
        """Return the place of a person, None when they have none."""
        digest = subject_digest(self._key, person)
        with self._reading() as file:
            for run in self._runs:
                digests = _OnDisk(file, run)
                at = bisect_left(digests, digest)
                if at < run.people and digests[at] == digest:
                    return run.first + at
        return None

    def digests(self, first: int, last: int) -> Iterator[Digests]:
        """Yield the digests of the places from `first` up to but not `last`, in order.  A piece has at most 65,536; 0
        marks a place without a person."""
        with self._reading() as file:
            for start in range(first, last, _PIECE):
                piece = np.zeros(min(_PIECE, last - start), np.uint64)
                held = max(0, min(piece.size, self.size - start))
                piece[:held] = self._read(file, start, held)
                yield piece

    def by_bucket(self) -> Iterator[tuple[Digests, Places]]:
        """Yield for each bucket its digests, ascending, and their places.  Every digest is read before the last
        bucket; a damaged file has raised StoreError by then."""
        with self._reading() as file:
            cuts = [self._cuts(file, run) for run in self._runs]
            sums = [0] * len(self._runs)
            for bucket in range(BUCKETS):
                digests, places = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
                for number, cut in enumerate(cuts):
                    start, end = cut[bucket : bucket + 2]
                    piece = self._read(file, start, end - start)
                    sums[number] = zlib.crc32(piece.data, sums[number])
                    digests.append(piece)
                    places.append(np.arange(start, end))
                if bucket == BUCKETS - 1 and sums != [run.crc32 for run in self._runs]:
                    raise _damaged(self._file, "its checksum is wrong")
                everybody = np.concatenate(digests)
                order = np.argsort(everybody, kind="stable")  # stable sort is fast on ascending runs
                yield everybody[order], np.concatenate(places)[order]

    def _cuts(self, file: BinaryIO, run: _Run) -> list[int]:
        """Return the places at which the buckets begin and end in a run."""
        digests = _OnDisk(file, run)
        return [run.first, *(run.first + bisect_left(digests, edge) for edge in _EDGES), run.end]

    @contextmanager
    def adding(self, first_free: int, limit: int) -> "Iterator[Newcomers]":
        """Give new people places from `first_free` (or behind all people, if that is more) up to `limit` - 1.  They
        count when the block ends well, or not at all."""
        first = max(first_free, self.size)
        if not self._book_file.exists():
            self._keep([])  # before the digests: digests without a book count as damage
        try:
            with _appending(self._file) as file:
                file.truncate(self.size * DIGEST_BYTES)  # remove the rest of an interrupted import
                file.seek(first * DIGEST_BYTES)  # skips places without a person, which read as zeros
                newcomers = Newcomers(file, first, limit)
                try:
                    yield newcomers
                    file.flush()
                    os.fsync(file.fileno())
                except BaseException:
                    file.truncate(self.size * DIGEST_BYTES)
                    raise
        except OSError as error:
            raise StoreError(
                f"cannot write {self._file}: {error.strerror}", hint="Check the folder, its rights and the free space"
            ) from error
        if newcomers.count:
            self._keep([*self._runs, _Run(first=first, people=newcomers.count, crc32=newcomers.crc32)])

    def _keep(self, runs: list[_Run]) -> None:
        files.write(self._book_file, _Book(runs=runs).model_dump_json().encode() + b"\n", files.PRIVATE)
        self._runs = runs

    def _load(self) -> list[_Run]:
        try:
            held = self._file.stat().st_size if self._file.exists() else None
            if held is None and not self._book_file.exists():
                return []
            runs = _Book.model_validate_json(self._book_file.read_bytes()).runs
        except OSError as error:
            raise _damaged(self._book_file, str(error.strerror)) from error
        except ValidationError as error:
            raise _damaged(self._book_file, first_error(error)) from error
        end = 0
        for run in runs:
            if run.first < end:
                raise _damaged(self._book_file, "its runs overlap")
            end = run.end
        if (held or 0) < end * DIGEST_BYTES:
            raise _damaged(self._file, "it is missing, or its end")
        return runs

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with (self._file if self._runs else Path(os.devnull)).open("rb") as file:
                yield file
        except OSError as error:
            raise _damaged(self._file, str(error.strerror)) from error

    def _read(self, file: BinaryIO, first: int, count: int) -> Digests:
        file.seek(first * DIGEST_BYTES)
        data = file.read(count * DIGEST_BYTES)
        if len(data) != count * DIGEST_BYTES:
            raise _damaged(self._file, "it is missing, or its end")
        return np.frombuffer(data, _STORED)


class _OnDisk(Sequence[int]):
    """The digests of a run for bisection; reads only the requested ones."""

    def __init__(self, file: BinaryIO, run: _Run) -> None:
        self._file = file.fileno()
        self._run = run

    def __len__(self) -> int:
        return self._run.people

    def __getitem__(self, at: Any) -> Any:
        return int.from_bytes(os.pread(self._file, DIGEST_BYTES, (self._run.first + at) * DIGEST_BYTES), "little")


class Newcomers:
    """People who are being given places.  Only `People.adding` makes it."""

    def __init__(self, file: BinaryIO, first: int, limit: int) -> None:
        self._file = file
        self._first = first
        self._limit = limit
        self.count = 0
        self.crc32 = 0

    def add(self, digests: Digests) -> Places:
        """Return places for people who have none yet.  Digests ascend, also across calls.  Raises UsageError when the
        list is full."""
        start = self._first + self.count
        if start + digests.size > self._limit:
            raise beyond_limit(start + digests.size - 1, self._limit)
        data = digests.astype(_STORED, copy=False).tobytes()
        self._file.write(data)
        self.crc32 = zlib.crc32(data, self.crc32)
        self.count += digests.size
        return np.arange(start, start + digests.size)


def _appending(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.PRIVATE), "r+b")


def _damaged(path: Path, what: str) -> StoreError:
    return StoreError(f"cannot use {path}: {what}", hint="Put it back from a backup, with its neighbour people.*")
