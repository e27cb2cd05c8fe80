"""Rows from CSV: UTF-8, comma or semicolon, columns named in the first line.

Blocks of plain lines are read all at once (`plain`).  From a quote on the standard library's reader
takes over, up to the end of the row in which the block ends.  Memory does not grow with the file.
"""

import csv
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from gate.authority.sources import plain
from gate.authority.sources.ids import Ids
from gate.authority.sources.rows import BATCH, Batch, Columns, Problems, Progress, RowByRow

_BLOCK = 1 << 20  # bytes read at once
_LINE_MAX = 1 << 24  # bytes: what has no line feed for so long is no table
_BOM = b"\xef\xbb\xbf"  # Excel writes it


class CsvFile:
    """A `Source`.  What follows a line that is no CSV is not read."""

    called = "line"

    def __init__(self, stream: BinaryIO, progress: Progress | None = None) -> None:
        self._blocks = _Blocks(stream, progress)

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        try:
            header, _, first = next(self._blocks, b"\n").removeprefix(_BOM).partition(b"\n")
            delimiter = ";" if b";" in header and b"," not in header else ","  # Excel in a Russian locale
            names = next(_rows(_Lines(header, iter(()), 0), delimiter), (0, [""]))[1]
            columns = Columns.named(names)
            if columns:
                yield from self._batches(first, delimiter, columns, limit, problems, ids or Ids(None))
            else:
                problems.add(1, 'the header must name the columns "idx,status" or "person,status"')
        except _UnreadableError as error:
            problems.add(error.line, f"{error}; the rest was not read")

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
                    if text := line.decode().rstrip("\r\n"):
                        closer.take(before + 1 + number, text.split(delimiter))
                yield batch + closer.batch() if closer else batch
            else:
                for row, cells in _rows(_Lines(block, self._blocks, before), delimiter):
                    closer.take(row, cells)
                    if len(closer) == BATCH:
                        yield closer.batch()
                yield closer.batch()
            block = b""


class _UnreadableError(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class _Blocks:
    """A stream in pieces of whole lines; the last line gets its line feed if it has none."""

    def __init__(self, stream: BinaryIO, progress: Progress | None) -> None:
        self._stream = stream
        self._progress = progress
        self._rest = b""
        self.lines = 0  # in the pieces given so far

    def __iter__(self) -> "_Blocks":
        return self

    def __next__(self) -> bytes:
        while data := self._stream.read(_BLOCK):
            if self._progress:
                self._progress(len(data))
            whole = data.rfind(b"\n") + 1
            block, self._rest = self._rest + data[:whole], data[whole:] if whole else self._rest + data
            if whole:
                return self._given(block)
            if len(self._rest) > _LINE_MAX:
                raise _UnreadableError(self.lines + 1, f"is longer than {_LINE_MAX >> 20} MiB")
        if not self._rest:
            raise StopIteration
        block, self._rest = self._rest + b"\n", b""
        return self._given(block)

    def _given(self, block: bytes) -> bytes:
        self.lines += block.count(b"\n")
        return block


class _Lines:
    """The lines of a block, and those after it for a row that does not end with it."""

    def __init__(self, block: bytes, more: Iterator[bytes], before: int) -> None:
        """`before`: the number of the line before it."""
        self._block = BytesIO(block)
        self._size = len(block)
        self._more = more
        self.number = before  # of the line given last

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
        try:
            return self._block.readline().decode()
        except UnicodeDecodeError:
            raise _UnreadableError(self.number, "is not UTF-8") from None


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the number of its last line, until no line is left of a block."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while lines.left:
        try:
            row = next(reader)
        except csv.Error as error:
            raise _UnreadableError(lines.number, f"is not CSV ({error})") from None
        if row:
            yield lines.number, row
