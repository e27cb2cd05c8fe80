"""Matching of imported persons with their places, in little memory.

Rows wait in files, in buckets by digest, until all are read.  Each bucket is then sorted, searched for
contradictions and matched with the known people.  The files have no name, so that nothing is left behind
after a crash, and they hold digests only.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Self, cast

import numpy as np
from numpy.typing import NDArray

from gate.authority.people import BUCKETS, Digests, Newcomers, People, buckets_of
from gate.authority.sources.problems import Problems
from gate.authority.statuses import Places, Values
from gate.errors import StoreError

_VALUE_BITS = 3  # a `Listing` fits


class Waiting:
    """Rows on disk, 16 bytes each: the digest, then the row number with the status."""

    def __init__(self, folder: Path) -> None:
        """Use unnamed files in `folder`: a disk that holds the people has room for them."""
        self._folder = folder
        self._open = ExitStack()
        self._files: list[BinaryIO] = []

    def __enter__(self) -> Self:
        with _on_disk(self._folder):
            for _ in range(BUCKETS):
                file = self._open.enter_context(TemporaryFile(dir=self._folder))
                self._files.append(cast(BinaryIO, file))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def put(self, digests: Digests, rows: NDArray[np.int64], values: Values) -> None:
        """Append rows, in the order of their numbers.  Raises StoreError."""
        packed = rows.astype(np.uint64) << np.uint64(_VALUE_BITS) | values
        buckets = buckets_of(digests)
        order = np.argsort(buckets, kind="stable")
        records = np.stack([digests[order], packed[order]], axis=1)
        ends = np.cumsum(np.bincount(buckets, minlength=BUCKETS)).tolist()
        with _on_disk(self._folder):
            for file, start, end in zip(self._files, [0, *ends], ends, strict=False):
                file.write(records[start:end].tobytes())

    def match(self, people: People, newcomers: Newcomers, problems: Problems) -> Iterator[tuple[Places, Values]]:
        """Yield places and their statuses, one bucket at a time.  People without a place get one, unless there are
        problems already.  Raises StoreError, and UsageError when the list is full."""
        for number, (known, places) in enumerate(people.by_bucket()):
            digests, values = self._distinct(number, problems)
            if problems.count:
                continue  # nothing will be imported, but every contradiction is reported
            at = np.searchsorted(known, digests)
            old = at < known.size
            old[old] = known[at[old]] == digests[old]
            found = np.empty(digests.size, np.int64)
            found[old] = places[at[old]]
            found[~old] = newcomers.add(digests[~old])
            yield found, values

    def _distinct(self, number: int, problems: Problems) -> tuple[Digests, Values]:
        """Return each person in a bucket once, ascending, with their status."""
        file = self._files[number]
        with _on_disk(self._folder):
            file.seek(0)
            records = np.frombuffer(file.read(), np.uint64).reshape(-1, 2)
        order = np.argsort(records[:, 0], kind="stable")
        digests, packed = records[order, 0], records[order, 1]
        values = (packed & np.uint64((1 << _VALUE_BITS) - 1)).astype(np.uint8)
        first = np.ones(digests.size, bool)
        first[1:] = digests[1:] != digests[:-1]
        agreed = values[first][np.cumsum(first) - 1]
        for row in packed[values != agreed] >> np.uint64(_VALUE_BITS):
            problems.add(int(row), "this person is duplicated, with different statuses")
        return digests[first], values[first]


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot keep the rows in {folder} meanwhile: {error.strerror}",
            hint="Make room on this disk, and import again",
        ) from error
