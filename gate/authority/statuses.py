"""The authority's own copy of the status list: one byte a place in `status.npy`.

It is twice the size of the published nibbles (20 million people are 20 MB), but keeps the exact number of
places, and plain array operations change it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gate.authority import files
from gate.core.model import Listing
from gate.errors import StoreError, UsageError, in_words
from gate.store.status_delta import pack_nibbles
from gate.store.status_wire import MAX_VALUE

Places = NDArray[np.int64]
Values = NDArray[np.uint8]


class StatusTable:
    """`size` places, each a `Listing`; places beyond are UNLISTED."""

    def __init__(self, values: Values, limit: int) -> None:
        """`limit`: the maximum number of places."""
        self._values = values
        self.limit = limit

    @classmethod
    def load(cls, path: Path, limit: int) -> Self:
        """Read the list; empty when there is no file.  Raises StoreError for a damaged one."""
        if not path.exists():
            return cls(np.zeros(0, np.uint8), limit)
        try:
            values = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(f"cannot read {path}: {in_words(error)}", hint="Put it back from a backup") from error
        if values.ndim != 1 or values.dtype != np.uint8 or (values.size and int(values.max()) > MAX_VALUE):
            raise StoreError(f"{path} is not a status list", hint="Put it back from a backup")
        return cls(values, limit)

    def save(self, path: Path) -> None:
        """Write the list.  Raises StoreError."""
        with files.replacing(path, files.PRIVATE) as file:
            np.save(file, self._values, allow_pickle=False)

    @property
    def size(self) -> int:
        return int(self._values.size)

    @property
    def listed(self) -> int:
        """Number of places that are not UNLISTED."""
        return int(np.count_nonzero(self._values))

    def first(self, count: int) -> Values:
        """Return a view of up to `count` places from 0 on; the caller must not write to it."""
        return self._values[:count]

    def get(self, idx: int) -> Listing:
        return Listing(int(self._values[idx])) if 0 <= idx < self.size else Listing.UNLISTED

    def set(self, listings: Mapping[int, Listing]) -> None:
        """Set these statuses.  Raises UsageError for a place outside 0..limit-1; nothing is changed then."""
        self._set_arrays(
            np.fromiter(listings.keys(), np.int64, len(listings)),
            np.fromiter((int(listing) for listing in listings.values()), np.uint8, len(listings)),
        )

    def overlay(self, values: Values, untouched: int) -> None:
        """Set every place of `values` that is not `untouched`."""
        self._grow(int(values.size))
        target = self._values[: values.size]
        touched = values != untouched
        target[touched] = values[touched]

    def nibbles(self) -> bytes:
        """Return the published format."""
        return pack_nibbles(self._values)

    def _set_arrays(self, places: Places, values: Values) -> None:
        if not places.size:
            return
        if int(places.min()) < 0 or int(places.max()) >= self.limit:
            worst = int(places.min()) if int(places.min()) < 0 else int(places.max())
            raise beyond_limit(worst, self.limit)
        self._grow(int(places.max()) + 1)
        self._values[places] = values

    def _grow(self, size: int) -> None:
        if size > self.size:
            self._values = np.concatenate([self._values, np.zeros(size - self.size, np.uint8)])


def beyond_limit(place: int, limit: int) -> UsageError:
    """Return the error for a place outside the list."""
    return UsageError(
        f"place {place} lies outside this authority's list of at most {limit} places",
        hint='Correct the place, or raise "max_places" in authority.json',
    )
