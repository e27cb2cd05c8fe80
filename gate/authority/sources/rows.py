"""The rows of an import, from any source, in batches: `status` and either `idx` (the place) or `person` (IIN
or any other stable id), with a number by which a person can find the row.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.statuses import Places, Values
from gate.core.model import Listing
from gate.errors import GateError

BATCH = 1 << 16  # rows
PERSON_MAX = 128  # characters
BLANKS = " \t\r\n"  # allowed around an id; any other blank means damage
_SHOWN_MAX = 10  # characters of a bad cell: as long as the longest place, shorter than an IIN
UNDECODED = "surrogateescape"  # keeps bytes that are not UTF-8
_NOT_UTF8 = "is not UTF-8: save the table as CSV UTF-8"
_AROUND = " \t\r\n\xa0\ufeff\u200b\"'"  # stripped from a column's name
STATUSES = {listing.name.lower(): int(listing) for listing in Listing}

Progress = Callable[[int], None]
"""Called now and then with the amount read since its last call: bytes of a file, or rows."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Good rows in their order, with either `places` or `persons` (the UTF-8 of their ids)."""

    rows: NDArray[np.int64]  # row numbers, as in messages
    values: Values  # each a Listing
    places: Places
    persons: list[bytes] | None

    def __add__(self, other: "Batch") -> "Batch":
        """Merge two batches, in the order of their row numbers."""
        rows = np.concatenate([self.rows, other.rows])
        order = np.argsort(rows, kind="stable")
        persons = None
        if self.persons is not None and other.persons is not None:
            both = self.persons + other.persons
            persons = [both[at] for at in order.tolist()]
        places = np.concatenate([self.places, other.places])[order] if persons is None else self.places
        return Batch(rows[order], np.concatenate([self.values, other.values])[order], places, persons)


class PeopleSource(Protocol):
    called: str  # the word for a row: "line", "row"

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        """Yield every good row; add the bad ones to `problems`.  Places lie below `limit`; `ids` checks persons.
        Raises PublishError when this is no such table, or cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of the columns that are read; others are ignored."""

    width: int
    key: int
    status: int
    by_person: bool

    @classmethod
    def named(cls, header: Sequence[str]) -> "Columns | None":
        """Find the columns; None unless there is one status and one of idx and person."""
        names = [name.strip(_AROUND).casefold() for name in header]
        keys = [name for name in names if name in ("idx", "person")]
        if len(keys) != 1 or names.count("status") != 1:
            return None
        return cls(len(names), names.index(keys[0]), names.index("status"), keys == ["person"])


class RowByRow:
    """A check of every cell with a message for each fault.  Messages never repeat a person's id."""

    def __init__(self, columns: Columns, limit: int, problems: Problems, ids: Ids) -> None:
        self._columns = columns
        self._limit = limit
        self._problems = problems
        self._ids = ids
        self._undecoded = False
        self._beyond_ascii = 0  # the first row with such an id
        self._clear()

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, row: int, cells: Sequence[object]) -> None:
        """Check one row; keep it if it is good, else add a problem."""
        if len(cells) > self._columns.width and not any(cells[self._columns.width :]):
            cells = cells[: self._columns.width]  # drop columns that were empty when a spreadsheet was saved
        if len(cells) != self._columns.width:
            self._problems.add(row, f"has {len(cells)} columns where the header has {self._columns.width}")
            return
        key, status = cells[self._columns.key], cells[self._columns.status]
        if _is_undecoded(key) or _is_undecoded(status):
            self._problems.add(row, _NOT_UTF8)
            return
        value = STATUSES.get(status) if isinstance(status, str) else None
        if value is None and (value := _status_of(status)) is None:
            self._problems.add(row, f"status {_shown(status)} is none of {', '.join(STATUSES)}")
        elif self._person(row, key) if self._columns.by_person else self._place(row, key):
            self._rows.append(row)
            self._values.append(value)

    def take_all(self, first: int, rows: Iterable[Sequence[object]]) -> Batch:
        """Check rows numbered from `first`; return the good ones."""
        for row, cells in enumerate(rows, first):
            self.take(row, cells)
        return self.batch()

    def note_undecoded(self) -> None:
        """Note that some bytes are not UTF-8: an id that is not ASCII is then uncertain."""
        self._undecoded = True

    def close(self) -> None:
        """Report, after the last row, the faults that only the whole table reveals."""
        if self._undecoded and self._beyond_ascii:
            self._problems.add(self._beyond_ascii, _NOT_UTF8)

    def batch(self) -> Batch:
        """Return the good rows since the last call."""
        persons = self._persons if self._columns.by_person else None
        places = np.array(self._places, np.int64)
        batch = Batch(np.array(self._rows, np.int64), np.frombuffer(self._values, np.uint8), places, persons)
        self._clear()
        return batch

    def _clear(self) -> None:
        self._rows: list[int] = []
        self._values = bytearray()
        self._places: list[int] = []
        self._persons: list[bytes] = []

    def _person(self, row: int, key: object) -> bool:
        if key is not None and not isinstance(key, str):
            self._problems.add(
                row,
                "a person's id must be text: as a number it has lost its leading zeros; make the column one of text "
                "where the table comes from",
            )
            return False
        text = (key or "").strip(BLANKS)
        if not text:
            self._problems.add(row, "has no id: its cell is empty, or a formula that has failed; write the id as text")
            return False
        try:
            person = text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, which some databases contain
            person = b""
        if len(text) > PERSON_MAX or not person:
            self._problems.add(row, f"a person's id has 1 to {PERSON_MAX} characters")
            return False
        if not text.isascii() and not self._beyond_ascii:
            self._beyond_ascii = row
        if fault := self._ids.fault(row, text):
            self._problems.add(row, fault)
            return False
        self._persons.append(person)
        return True

    def _place(self, row: int, key: object) -> bool:
        text = str(key).strip()
        if text.isascii() and text.isdigit() and len(text) <= PERSON_MAX and int(text) < self._limit:
            self._places.append(int(text))
            return True
        self._problems.add(row, f"idx {_shown(key)} is no place from 0 to {self._limit - 1}")
        return False


def is_status(cell: object) -> bool:
    """Return whether a cell is the word of a status, in any case."""
    return _status_of(cell) is not None


def _status_of(cell: object) -> int | None:
    return STATUSES.get(str(cell).strip().lower())


def _is_undecoded(cell: object) -> bool:
    return isinstance(cell, str) and not cell.isascii() and any("\udc80" <= char <= "\udcff" for char in cell)


def _shown(cell: object) -> str:
    """Return the cell for a message, unless it is long: in a wrong column it may be a person's id."""
    text = "" if cell is None else str(cell)
    return repr(text) if len(text) <= _SHOWN_MAX else f"of {len(text)} characters"


def not_installed(what: str, package: str, *, ours: bool = True) -> GateError:
    """Return the error for a missing package.  `ours`: it is a dependency of this project."""
    wanted = "'psycopg[binary]'" if package == "psycopg" else package  # without it, its library in C is missing
    return GateError(
        f"{what} needs the Python package {package}, which is not installed",
        hint=f"Install it: `{Path(sys.prefix, 'bin', 'pip')} install {wanted}`" if ours else "Install that package",
    )
