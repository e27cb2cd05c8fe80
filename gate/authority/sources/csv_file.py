"""Rows from CSV: comma, semicolon, tab or bar between cells, columns named in the first line.

`plain` reads blocks of plain lines all at once.  From the first quote on, the standard library's reader
continues to the end of the row in which the block ends.  Memory does not grow with the file.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

from gate.authority.sources import plain
from gate.authority.sources.file_kinds import name_kind
from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.rows import BATCH, UNDECODED, Batch, Columns, Progress, RowByRow, is_status
from gate.authority.sources.text import PlainText, WideTextError
from gate.errors import PublishError

_BLOCK = 1 << 20  # bytes read at once
_LINE_MAX = 1 << 24  # bytes: a line that is longer belongs to no table
_DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_LINE = re.compile(rb"sep=([,;\t|])\r?", re.IGNORECASE)  # optional first line, from Excel
_HEADER = (
    'the header must name the columns "idx,status" or "person,status", with a comma, semicolon, tab or | between them'
)
_CSV_ERRORS = (  # the standard library's messages, and what a person can do
    ("expected after", "a quoted cell goes on after its closing quote; write a quote inside a cell twice"),
    ("unexpected end of data", "a quote is opened and never closed; write a quote inside a cell twice"),
    ("field larger", "a cell is longer than 131,072 characters; a quote may be opened and never closed"),
    ("new-line character", "a lone carriage return stands in a row; save the table again"),
    ("NUL", "a NUL character stands in a row; save the table again"),
)


_SWALLOWED = (
    "ends a quoted cell that has a row with a status in it; a quote is opened above and not closed: write a quote "
    "inside a cell twice"
)


class CsvFile:
    """A `PeopleSource` over CSV.  Reading ends at a line that is not CSV."""

    called = "line"

    def __init__(self, stream: BinaryIO, progress: Progress | None = None) -> None:
        self._stream = stream
        self._progress = progress

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        try:
            text = PlainText(self._stream)
            if kind := name_kind(text.head):
                raise PublishError(f"this is {kind[0]}, not CSV", hint=kind[1])
            self._blocks = _Blocks(text, self._progress)
            header, _, first = next(self._blocks, b"\n").partition(b"\n")
            declared, line = _DELIMITER_LINE.fullmatch(header), 1
            if declared:
                header, _, first = (first or next(self._blocks, b"\n")).partition(b"\n")
                line = 2
            found = _columns(header, [declared[1].decode()] if declared else _DELIMITERS)
            if found is None:
                problems.add(line, _HEADER)
            else:
                yield from self._batches(first, *found, limit, problems, ids or Ids(None))
        except _UnreadableError as error:
            problems.add(error.line, f"{error}; the rest was not read")
        except WideTextError as error:
            problems.add(1, f"this table {error}, as it begins: save it as CSV UTF-8")

    def _batches(
        self, block: bytes, delimiter: str, columns: Columns, limit: int, problems: Problems, ids: Ids
    ) -> Iterator[Batch]:
        closer = RowByRow(columns, limit, problems, ids)
        while block or (block := next(self._blocks, b"")):
            before = self._blocks.lines - block.count(b"\n")
            if plain.is_plain(block):
                batch, odd = plain.read(block, delimiter, columns, limit, ids, before + 1)
                batch = Batch(batch.rows + (before + 1), batch.values, batch.places, batch.persons)
                for number, line in zip(odd.numbers, odd.lines, strict=True):
                    if any(cells := line.decode().rstrip("\r\n").split(delimiter)):
                        closer.take(before + 1 + number, cells)
                yield batch + closer.batch() if closer else batch
            else:
                lines = _Lines(block, self._blocks, before)
                for row, cells in _rows(lines, delimiter):
                    if any(_has_row(cell, delimiter) for cell in cells):
                        problems.add(row, _SWALLOWED)
                    elif any(cells):  # else the ;; that a spreadsheet leaves of an empty row
                        closer.take(row, cells)
                    if len(closer) == BATCH:
                        yield closer.batch()
                if lines.undecoded:
                    closer.note_undecoded()
                yield closer.batch()
            block = b""
        closer.close()


class _UnreadableError(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class _Blocks:
    """A stream in blocks of whole lines; adds the last line feed if it is missing."""

    def __init__(self, text: PlainText, progress: Progress | None) -> None:
        self._text = text
        self._progress = progress
        self._reported = 0
        self._rest = b""
        self.lines = 0  # in the blocks returned so far

    def __iter__(self) -> "_Blocks":
        return self

    def __next__(self) -> bytes:
        while data := self._text.read(_BLOCK):
            if self._progress:
                self._progress(self._text.taken - self._reported)
                self._reported = self._text.taken
            whole = data.rfind(b"\n") + 1
            block, self._rest = self._rest + data[:whole], data[whole:] if whole else self._rest + data
            if whole:
                return self._counted(block)
            if len(self._rest) > _LINE_MAX:
                raise _UnreadableError(self.lines + 1, f"is longer than {_LINE_MAX >> 20} MiB")
        if not self._rest:
            raise StopIteration
        block, self._rest = self._rest + b"\n", b""
        return self._counted(block)

    def _counted(self, block: bytes) -> bytes:
        self.lines += block.count(b"\n")
        return block


class _Lines:
    """The lines of a block, and the lines after it that its last row needs."""

    def __init__(self, block: bytes, more: Iterator[bytes], before: int) -> None:
        """`before`: the number of the previous line."""
        self._block = BytesIO(block)
        self._size = len(block)
        self._more = more
        self.number = before  # of the last returned line
        self.undecoded = False  # some bytes were not UTF-8

    @property
    def left(self) -> bool:
        return self._block.tell() < self._size

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if not self.left:
            block = next(self._more)
            self._block, self._size = BytesIO(block), len(block)
        self.number += 1
        line = self._block.readline()
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.undecoded = True
            return line.decode("utf-8", UNDECODED)


def _rows(lines: _Lines, delimiter: str, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty with the number of its last line, until the block is used up."""
    reader = csv.reader(lines, delimiter=delimiter, strict=strict)
    while lines.left:
        try:
            row = next(reader)
        except csv.Error as error:
            words = next(
                (words for fragment, words in _CSV_ERRORS if fragment in str(error)), "its quotes do not match"
            )
            raise _UnreadableError(lines.number, f"is not CSV: {words}") from None
        if row:
            yield lines.number, row


def _has_row(cell: str, delimiter: str) -> bool:
    """Return whether a quoted cell has swallowed a row.  A quote that begins a cell and means inches closes at the
    next such quote, rows later; CSV makes one cell of everything between."""
    if "\n" not in cell:
        return False
    lines = (line.split(delimiter) for line in cell.split("\n")[1:])
    return any(len(cells) > 1 and any(map(is_status, cells)) for cells in lines)


def _columns(header: bytes, delimiters: Iterable[str]) -> tuple[str, Columns] | None:
    """Return the delimiter and the columns.  Two delimiters cannot both give valid names for the same line."""
    for delimiter in delimiters:
        with suppress(_UnreadableError):
            names = next(_rows(_Lines(header, iter(()), 0), delimiter, strict=False), (0, [""]))[1]
            if columns := Columns.named(names):
                return delimiter, columns
    return None
