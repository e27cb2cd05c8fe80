"""Statuses from a CSV file: all rows or none.

The header names the columns: `status`, and either `idx` (the place) or `person` (IIN or any other
stable id).  Further columns are ignored; comma or semicolon.  Rows are read in batches, so memory
grows with the number of places, never with the number of rows.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from gate.authority.people import People
from gate.authority.statuses import Places, Values
from gate.core.model import Listing
from gate.errors import PublishError

UNTOUCHED = 255  # in `Change.values`: the import says nothing of this place
SHOWN = 20  # bad rows that are named one by one
_BATCH = 1 << 16  # rows
_PERSON_MAX = 128  # characters
_STATUSES = {listing.name.lower(): int(listing) for listing in Listing}
_BOM = b"\xef\xbb\xbf"  # Excel writes it

Progress = Callable[[int], None]
"""Told now and then how many bytes were read since the last time."""


class BadRowsError(PublishError):
    """`rows` names the first SHOWN bad rows, `count` how many there are.  Nothing was imported."""

    def __init__(self, rows: tuple[str, ...], count: int) -> None:
        rows_are = "1 bad row" if count == 1 else f"{count} bad rows, the first"
        super().__init__(f"{rows_are}: {rows[0]}", hint="Nothing was imported: correct the file and import it again")
        self.rows = rows
        self.count = count


@dataclass(frozen=True, slots=True)
class Change:
    """What a CSV file asks for: a `Listing` for every place it names, UNTOUCHED elsewhere."""

    values: Values
    rows: int


def read_csv(
    stream: BinaryIO, *, limit: int, open_people: Callable[[], People], progress: Progress | None = None
) -> Change:
    """All of `stream` (UTF-8); places lie below `limit`.

    `open_people` is called when the file speaks of persons, once its header is known to be good; the
    caller undoes what it changed when this raises.  Raises BadRowsError, and UsageError when more new
    people come than the list may hold."""
    problems = _Problems()
    table = _Table(stream, limit, problems, progress)
    problems.raise_any()
    people = open_people() if table.by_person else None
    pending = _Pending()
    rows = 0
    for batch in table.batches():
        rows += len(batch.lines)
        if people and problems.count:
            continue  # nothing will be imported: nobody gets a place any more
        places = people.places(batch.persons) if people else np.array(batch.places, np.int64)
        for row in pending.put(places, np.frombuffer(batch.values, np.uint8)):
            who = "this person" if people else f"place {places[row]}"
            problems.add(batch.lines[row], f"{who} stands twice, with different statuses")
    if not rows and not problems.count:
        problems.add(1, "no rows follow the header")
    problems.raise_any()
    return Change(pending.values, rows)


class _Problems:
    def __init__(self) -> None:
        self.count = 0
        self._shown: list[str] = []

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(f"line {line}: {what}")

    def raise_any(self) -> None:
        if self.count:
            raise BadRowsError(tuple(self._shown), self.count)


@dataclass(slots=True)
class _Batch:
    """Good rows: `places` or `persons`, whichever the file speaks of."""

    lines: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    values: bytearray = field(default_factory=bytearray)


class _Table:
    """The rows of one file.  What is wrong goes to `problems`; reading goes on after a bad row."""

    def __init__(self, stream: BinaryIO, limit: int, problems: _Problems, progress: Progress | None) -> None:
        self._limit = limit
        self._problems = problems
        self._progress = progress
        self.by_person = False
        first = stream.readline().removeprefix(_BOM)
        delimiter = ";" if b";" in first and b"," not in first else ","  # Excel in a Russian locale
        self._reader = csv.reader(self._decoded(first, stream), delimiter=delimiter, strict=True)
        header = [name.strip().lower() for name in self._next_row() or []]
        self._width = len(header)
        keys = [name for name in header if name in ("idx", "person")]
        if len(keys) != 1 or header.count("status") != 1:
            problems.add(1, 'the header must name the columns "idx,status" or "person,status"')
            return
        self.by_person = keys == ["person"]
        self._key_at = header.index(keys[0])
        self._status_at = header.index("status")

    def batches(self) -> Iterator[_Batch]:
        batch = _Batch()
        while (row := self._next_row()) is not None:
            if row and (value := self._status(row)) is not None and self._key(row, batch):
                batch.lines.append(self._reader.line_num)
                batch.values.append(value)
                if len(batch.lines) == _BATCH:
                    yield batch
                    batch = _Batch()
        if batch.lines:
            yield batch

    def _next_row(self) -> list[str] | None:
        """None at the end, and where the file cannot be read any further."""
        try:
            return next(self._reader, None)
        except csv.Error as error:
            self._problems.add(self._reader.line_num, f"is not CSV ({error}); the rest was not read")
        except UnicodeDecodeError:
            self._problems.add(self._reader.line_num + 1, "is not UTF-8; the rest was not read")
        return None

    def _decoded(self, first: bytes, stream: BinaryIO) -> Iterator[str]:
        yield first.decode()
        read = len(first)
        for line in stream:
            read += len(line)
            if self._progress and read >= 1 << 20:
                self._progress(read)
                read = 0
            yield line.decode()
        if self._progress:
            self._progress(read)

    def _status(self, row: list[str]) -> int | None:
        if len(row) != self._width:
            self._problems.add(self._reader.line_num, f"has {len(row)} columns where the header has {self._width}")
            return None
        text = row[self._status_at]
        value = _STATUSES.get(text)
        if value is None and (value := _STATUSES.get(text.strip().lower())) is None:
            self._problems.add(self._reader.line_num, f"status {text[:20]!r} is none of {', '.join(_STATUSES)}")
        return value

    def _key(self, row: list[str], batch: _Batch) -> bool:
        """Puts the place or the person into `batch`.  A person's id is never repeated in a message."""
        text = row[self._key_at].strip()
        if self.by_person:
            if 0 < len(text) <= _PERSON_MAX:
                batch.persons.append(text)
                return True
            self._problems.add(self._reader.line_num, f"a person's id has 1 to {_PERSON_MAX} characters")
        elif text.isascii() and text.isdigit() and len(text) <= _PERSON_MAX and int(text) < self._limit:
            batch.places.append(int(text))
            return True
        else:
            self._problems.add(self._reader.line_num, f"idx {text[:20]!r} is no place from 0 to {self._limit - 1}")
        return False


class _Pending:
    """What the rows so far ask for."""

    def __init__(self) -> None:
        self._values: Values = np.full(1024, UNTOUCHED, np.uint8)
        self._size = 0

    @property
    def values(self) -> Values:
        return self._values[: self._size]

    def put(self, places: Places, values: Values) -> list[int]:
        """Gives the rows (numbers within this batch) that contradict an earlier one."""
        self._reserve(int(places.max()) + 1)
        distinct, first, inverse = np.unique(places, return_index=True, return_inverse=True)
        said = self._values[distinct]
        self._values[distinct] = np.where(said == UNTOUCHED, values[first], said)
        return [int(row) for row in np.flatnonzero(self._values[distinct][inverse] != values)]

    def _reserve(self, size: int) -> None:
        if size > self._values.size:
            more = np.full(max(size, 2 * self._values.size) - self._values.size, UNTOUCHED, np.uint8)
            self._values = np.concatenate([self._values, more])
        self._size = max(self._size, size)
