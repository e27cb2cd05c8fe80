"""The lines of CSV read a block at a time, all by the same few array operations.

Only plainly good lines are accepted: a known word for a status, a short decimal for a place, an id without
surrounding blanks.  `RowByRow` checks every other line.
"""

import re
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gate.authority.sources.ids import IdKind, Ids
from gate.authority.sources.problems import SHOWN
from gate.authority.sources.rows import PERSON_MAX, STATUSES, Batch, Columns
from gate.authority.statuses import Places, Values
from gate.core.iin import FIRST, LENGTH, SECOND

_WORD = 8  # bytes: no status is longer, nor is a place below 10^8
_ROOM = bytes(PERSON_MAX + _WORD)  # behind the last line, for reads past a cell's end

Positions = NDArray[np.int64]  # of bytes in a block
_Words = NDArray[np.uint64]  # eight bytes each, the first the lowest


def _word(text: bytes) -> int:
    return int.from_bytes(text.ljust(_WORD, b"\0"), "little")


_MASKS = np.array([_word(b"\xff" * length) for length in range(_WORD + 1)], np.uint64)
_SPACES, _ZEROS = (np.uint64(_word(letter * _WORD)) for letter in (b" ", b"0"))
_SIXES, _HIGH, _LOW = (np.uint64(_word(bytes([byte]) * _WORD)) for byte in (0x06, 0xF0, 0x0F))
_NAMES = sorted((_word(name.encode()), value) for name, value in STATUSES.items())
_NAME = np.array([name for name, _ in _NAMES], np.uint64)
_VALUE = np.array([value for _, value in _NAMES], np.uint8)


def _class(pattern: str) -> NDArray[np.bool_]:
    return np.array([re.fullmatch(pattern, chr(byte)) is not None for byte in range(256)])


# Classes of bytes: none of letter, digit, - and _; letters that resemble no digit, nor the E of an exponent; digits.
_ODD, _LETTERS, _DIGITS = _class("[^A-Za-z0-9_-]"), _class("[ACDFGHJKMNP-RT-Zac-df-hjkmnp-rt-z]"), _class("[0-9]")
_WEIGHTS = np.array([FIRST, SECOND], np.int64).T


def is_plain(block: bytes) -> bool:
    """Return whether every line feed in it ends a row, and it is UTF-8 without NUL."""
    if b'"' in block or b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Cells:
    """One cell of each of several lines: from byte `starts` up to byte `ends`."""

    starts: Positions
    ends: Positions

    @property
    def lengths(self) -> Positions:
        return self.ends - self.starts

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "Cells":
        return Cells(self.starts[chosen], self.ends[chosen])


@dataclass(frozen=True, slots=True)
class Odd:
    """Lines that were not accepted, and their numbers from 0."""

    numbers: list[int]
    lines: list[bytes]


def read(block: bytes, delimiter: str, columns: Columns, limit: int, ids: Ids, first: int) -> tuple[Batch, Odd]:
    """Return the good rows of a plain block that ends with a line feed, numbered by their lines from 0.  `first`: the
    number of the first line in the file."""
    padded = block + _ROOM
    data = np.frombuffer(padded, np.uint8)
    feeds = np.flatnonzero(data == ord("\n"))
    lines = Cells(np.concatenate([[0], feeds[:-1] + 1]), feeds)
    regular, cuts = _cuts(data, lines, ord(delimiter), columns.width)
    words: _Words = np.ndarray(len(block) + 1, np.dtype("<u8"), padded, strides=(1,))
    values, good = _values(words, _column(cuts, columns.status))
    keys = _column(cuts, columns.key)
    persons, places = None, np.zeros(0, np.int64)
    if columns.by_person:
        good &= _are_ids(data, keys)
        good[good] = _judged(padded, data, keys[good], ids, regular[good] + first)
        persons = _texts(padded, keys[good])
    else:
        places, are_places = _places(words, keys)
        good &= are_places & (places < limit)
        places = places[good]
    rows = regular[good]
    return Batch(rows, values[good], places, persons), _odd(block, lines, rows)


def _cuts(data: NDArray[np.uint8], lines: Cells, delimiter: int, width: int) -> tuple[Positions, Positions]:
    """Return which lines have `width` cells, and where these end: (lines, width + 1), from the byte before the first
    cell to the one behind the last."""
    delimiters = np.flatnonzero(data == delimiter)
    first = np.searchsorted(delimiters, lines.starts)
    regular = np.flatnonzero(np.diff(first, append=delimiters.size) == width - 1)
    cuts = np.empty((regular.size, width + 1), np.int64)
    cuts[:, 0] = lines.starts[regular] - 1
    cuts[:, 1:-1] = delimiters[first[regular][:, None] + np.arange(width - 1)]
    ends = lines.ends[regular]
    cuts[:, -1] = ends - ((data[ends - 1] == ord("\r")) & (ends > lines.starts[regular]))
    return regular, cuts


def _column(cuts: Positions, number: int) -> Cells:
    return Cells(cuts[:, number] + 1, cuts[:, number + 1])


def _values(words: _Words, cells: Cells) -> tuple[Values, NDArray[np.bool_]]:
    """Return the `Listing` of each word, in any case, and whether it is one."""
    short = np.minimum(cells.lengths, _WORD)
    # Setting the bit that makes a space of 0 turns a capital, and nothing else, into its small letter.
    names = (words[cells.starts] | _SPACES) & _MASKS[short]
    at = np.minimum(np.searchsorted(_NAME, names), _NAME.size - 1)
    return _VALUE[at], (_NAME[at] == names) & (short == cells.lengths)


def _places(words: _Words, cells: Cells) -> tuple[Places, NDArray[np.bool_]]:
    """Return the number in each cell of up to eight digits, and whether it is one."""
    short = np.minimum(cells.lengths, _WORD)
    missing = _WORD - short
    digits = words[cells.starts] << (8 * missing).astype(np.uint64) | _ZEROS & _MASKS[missing]
    are = (short == cells.lengths) & (short > 0)
    are &= ((digits & _HIGH) == _ZEROS) & ((digits + _SIXES & _HIGH) == _ZEROS)
    # Eight digits, then four pairs, then two fours: each step adds neighbours, the left one weighted.
    pairs = (digits & _LOW) * np.uint64(10 << 8 | 1) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 << 16 | 1) >> np.uint64(16)
    number = (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10_000 << 32 | 1) >> np.uint64(32)
    return number.astype(np.int64), are


def _are_ids(data: NDArray[np.uint8], cells: Cells) -> NDArray[np.bool_]:
    """Return whether the cell begins and ends with a visible ASCII character: nothing to strip."""
    first, last = data[cells.starts], data[cells.ends - 1]
    short = (cells.lengths > 0) & (cells.lengths <= PERSON_MAX)
    return short & (first > ord(" ")) & (first < 0x7F) & (last > ord(" ")) & (last < 0x7F)


def _judged(padded: bytes, data: NDArray[np.uint8], cells: Cells, ids: Ids, rows: Positions) -> NDArray[np.bool_]:
    """Return which ids are certain; `Ids.fault` checks the others."""
    iins = _are_iins(data, cells)
    plain = iins.copy()
    if ids.kind is not IdKind.IIN:
        others = _are_of_another_kind(data, cells) & ~iins
        if ids.kind is None:
            named = np.flatnonzero(others)[:SHOWN]
            texts = _texts(padded, Cells(cells.starts[named], cells.ends[named]))
            ids.take_others(rows[named].tolist(), texts, int(np.count_nonzero(others)))
        plain |= others
    ids.take_iins(int(np.count_nonzero(iins)))
    return plain


def _are_iins(data: NDArray[np.uint8], cells: Cells) -> NDArray[np.bool_]:
    """Return what `gate.core.iin.is_iin` returns, for each cell."""
    are = np.zeros(cells.starts.size, bool)
    long = np.flatnonzero(cells.lengths == LENGTH)
    digits = data[cells.starts[long][:, None] + np.arange(LENGTH)] - np.uint8(ord("0"))
    checks = digits[:, : LENGTH - 1].astype(np.int64) @ _WEIGHTS % 11
    check = np.where(checks[:, 0] < 10, checks[:, 0], checks[:, 1])
    are[long] = np.logical_and.reduce(digits < 10, axis=1) & (check == digits[:, -1])
    return are


def _are_of_another_kind(data: NDArray[np.uint8], cells: Cells) -> NDArray[np.bool_]:
    """Return whether it consists of letters, digits, - and _ and cannot be a damaged IIN: it contains a letter that
    resembles no digit, or has twelve digits."""
    odd, letters, digits = (_counted(kind[data], cells) for kind in (_ODD, _LETTERS, _DIGITS))
    lengths = cells.lengths
    plain = (letters > 0) | ((digits == LENGTH) & (lengths == LENGTH))
    return np.asarray((odd == 0) & plain, np.bool_)


def _counted(marked: NDArray[np.bool_], cells: Cells) -> NDArray[np.int64]:
    """Count the marked bytes of each cell."""
    sums = np.concatenate([[0], np.cumsum(marked)])
    return np.asarray(sums[cells.ends] - sums[cells.starts], np.int64)


def _texts(padded: bytes, cells: Cells) -> list[bytes]:
    lengths = cells.lengths
    longest = int(lengths.max(initial=1))
    windows: NDArray[np.bytes_] = np.ndarray(len(padded) - longest + 1, np.dtype(f"S{longest}"), padded, strides=(1,))
    texts = windows[cells.starts]
    if lengths.size and int(lengths.min()) != longest:
        letters = texts.view(np.uint8).reshape(-1, longest)
        letters[np.arange(longest) >= lengths[:, None]] = 0
    return cast(list[bytes], texts.tolist())  # without the trailing zeros


def _odd(block: bytes, lines: Cells, understood: Positions) -> Odd:
    odd = np.ones(lines.ends.size, bool)
    odd[understood] = False
    left = lines[odd]
    texts = [block[start : end + 1] for start, end in zip(left.starts.tolist(), left.ends.tolist(), strict=True)]
    return Odd(np.flatnonzero(odd).tolist(), texts)
