"""The structure of a QR symbol, whatever its content is: function patterns, the order in which the other modules carry
codewords, data masks, format information, and how codewords form blocks.

Clauses, annexes and tables are those of ISO/IEC 18004:2015.  Everything is cached: a symbol of 177 modules takes some
MB.  `tests/unit/decoders/test_layout.py` compares all of it with symbols that segno draws.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]
"""Square [row, column] of modules: 1 dark, -1 light, 0 not fixed."""

Bits = npt.NDArray[np.bool_]
"""Square [row, column] of modules: True is dark."""

FINDER = 7  # modules a side of a finder pattern (6.3.3)
QUIET_ZONE = 4  # modules around a symbol (6.3.8)
FORMATS = 32  # error correction level and data mask: five bits (7.9)

ALIGNMENT: Signs = np.where(np.maximum(*np.abs(np.indices((5, 5)) - 2)) == 1, -1, 1).astype(np.int8)
"""An alignment pattern, 5 modules a side (6.3.6)."""

_FORMAT_MASK = 0b101010000010010  # XORed with the format information (7.9.1)
_FORMAT_DIVISOR = 0b10100110111  # generator polynomial of the (15, 5) BCH code (annex C)
_VERSION_DIVISOR = 0b1111100100101  # generator polynomial of the (18, 6) BCH code (annex D)
_ECC_CODEWORDS = tuple(
    tuple(int(number) for number in line.split())
    for line in (
        "10 16 26 18 24 16 18 22 22 26 30 22 22 24 24 28 28 26 26 26 26 28 28" + 17 * " 28",
        "7 10 15 20 26 18 20 24 30 18 20 24 26 30 22 24 28 30 28 28 28 28 30 30 26 28" + 14 * " 30",
        "17 28 22 16 22 28 26 26 24 28 24 28 22 24 24 30 28 28 26 28 30 24" + 18 * " 30",
        "13 22 18 26 18 24 18 22 20 24 28 26 24 20 30 24 28 28 26 30 28 30 30 30 30 28" + 14 * " 30",
    )
)
"""Error correction codewords of a block (table 9): by the first two bits of the format (M, L, H, Q), then by version 1
to 40."""

_BLOCKS = tuple(
    tuple(int(number) for number in line.split())
    for line in (
        "1 1 1 2 2 4 4 4 5 5 5 8 9 9 10 10 11 13 14 16 17 17 18 20 21 23 25 26 28 29 31 33 35 37 38 40 43 45 47 49",
        "1 1 1 1 1 2 2 2 2 4 4 4 4 4 6 6 6 6 7 8 8 9 9 10 12 12 12 13 14 15 16 17 18 19 19 20 21 22 24 25",
        "1 1 2 4 4 4 5 6 8 8 11 11 16 16 18 16 19 21 25 25 25 34 30 32 35 37 40 42 45 48 51 54 57 60 63 66 70 74 77 81",
        "1 1 2 2 4 4 6 6 8 8 8 10 12 16 12 17 16 18 21 20 23 23 25 27 29 34 34 35 38 40 43 45 48 51 53 56 59 62 65 68",
    )
)
"""Blocks of a symbol (table 9), likewise.  The first ones are as long as the others, or one codeword shorter."""


@dataclass(frozen=True, slots=True)
class Block:
    places: npt.NDArray[np.intp]  # of its codewords among those of the symbol
    ecc: int  # how many of them, the last ones, are for error correction


@dataclass(frozen=True, slots=True)
class Layout:
    version: int
    size: int  # modules a side
    fixed: Signs  # function patterns and version information; 0 where the format information is
    formats: npt.NDArray[np.intp]  # (2, 15, 2): row and column of the bits of both copies (7.9.1), highest bit first
    bits: npt.NDArray[np.intp]  # (codewords, 8, 2): row and column of the bits of every codeword (7.7.3)


@cache
def layout(version: int) -> Layout:
    """Return the structure of `version`, 1 to 40."""
    size = 17 + 4 * version
    fixed = np.zeros((size, size), np.int8)
    _draw_timing(fixed)
    _draw_alignment(fixed, version)
    _draw_finders(fixed)
    if version >= 7:
        _draw_version(fixed, version)
    formats = _format_places(size)
    free = fixed == 0
    free[formats[..., 0], formats[..., 1]] = False
    path = _zigzag(free)
    return Layout(version, size, fixed, formats, path[: len(path) // 8 * 8].reshape(-1, 8, 2))


@cache
def data_mask(number: int, size: int) -> Bits:
    """Return which modules data mask 0 to 7 inverts (7.8.2, table 10)."""
    row, column = np.indices((size, size))
    both = row * column
    patterns: tuple[npt.NDArray[np.intp], ...] = (
        (row + column) % 2,
        row % 2,
        column % 3,
        (row + column) % 3,
        (row // 2 + column // 3) % 2,
        both % 2 + both % 3,
        (both % 2 + both % 3) % 2,
        ((row + column) % 2 + both % 3) % 2,
    )
    return np.asarray(patterns[number] == 0)


@cache
def format_signs() -> npt.NDArray[np.int8]:
    """Return all 32 formats as modules, (32, 15): 1 dark, -1 light, highest bit first (7.9.1, annex C)."""
    words = [((number << 10) | _remainder(number << 10, _FORMAT_DIVISOR)) ^ _FORMAT_MASK for number in range(FORMATS)]
    return np.array([[1 if word >> bit & 1 else -1 for bit in range(14, -1, -1)] for word in words], np.int8)


@cache
def blocks(version: int, format_info: int) -> tuple[Block, ...]:
    """Return how the codewords of a symbol of this version and format are interleaved (7.6)."""
    ecc, count = (table[format_info >> 3][version - 1] for table in (_ECC_CODEWORDS, _BLOCKS))
    short, longer = divmod(len(layout(version).bits), count)
    sizes = [short - ecc + (block >= count - longer) for block in range(count)]
    places: list[list[int]] = [[] for _ in sizes]
    at = 0
    for turn in range(max(sizes)):
        for mine, data in zip(places, sizes, strict=True):
            if turn < data:
                mine.append(at)
                at += 1
    for _ in range(ecc):
        for mine in places:
            mine.append(at)
            at += 1
    return tuple(Block(np.array(mine, np.intp), ecc) for mine in places)


def draw(shape: Layout, format_info: int, codewords: npt.NDArray[np.uint8]) -> Bits:
    """Return the symbol that carries these codewords in this format."""
    masked = data_mask(format_info & 7, shape.size)
    modules = np.where(shape.fixed, shape.fixed > 0, masked)  # remainder bits are 0 before masking (7.7.3)
    modules[shape.formats[..., 0], shape.formats[..., 1]] = format_signs()[format_info] > 0
    row, column = shape.bits[..., 0], shape.bits[..., 1]
    modules[row, column] = np.unpackbits(codewords).reshape(-1, 8) ^ masked[row, column]
    return modules


def _draw_finders(fixed: Signs) -> None:
    far = len(fixed) - FINDER
    distance = np.maximum(*np.abs(np.indices((FINDER, FINDER)) - FINDER // 2))
    finder = np.where(distance == 2, -1, 1)
    for row, column in ((0, 0), (0, far), (far, 0)):
        fixed[max(row - 1, 0) : row + FINDER + 1, max(column - 1, 0) : column + FINDER + 1] = -1
        fixed[row : row + FINDER, column : column + FINDER] = finder
    fixed[far - 1, FINDER + 1] = 1  # the module that is always dark (7.9.1)


def _draw_timing(fixed: Signs) -> None:
    fixed[6, :] = fixed[:, 6] = np.where(np.arange(len(fixed)) % 2, -1, 1)


def _draw_alignment(fixed: Signs, version: int) -> None:
    for row, column in alignment_centres(version):
        fixed[row - 2 : row + 3, column - 2 : column + 3] = ALIGNMENT


def alignment_centres(version: int) -> list[tuple[int, int]]:
    """Return row and column of the central module of every alignment pattern (annex E).

    The patterns lie on a grid whose lines are an even number of modules apart; only the first gap may be narrower.
    That gives all of table E.1."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = (8 * version + 3 * count + 5) // (4 * count - 4) * 2
    first, last = 6, 4 * version + 10
    lines = [first, *range(last - step * (count - 2), last + 1, step)]
    finders = {(first, first), (first, last), (last, first)}
    return [(row, column) for row in lines for column in lines if (row, column) not in finders]


def _draw_version(fixed: Signs, version: int) -> None:
    word = (version << 12) | _remainder(version << 12, _VERSION_DIVISOR)
    far = len(fixed) - 11
    for bit in range(18):
        sign = 1 if word >> bit & 1 else -1
        fixed[bit // 3, far + bit % 3] = fixed[far + bit % 3, bit // 3] = sign


def _format_places(size: int) -> npt.NDArray[np.intp]:
    near = [(8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)] + [(row, 8) for row in (7, 5, 4, 3, 2, 1, 0)]
    far = [(size - 1 - bit, 8) for bit in range(7)] + [(8, size - 8 + bit) for bit in range(8)]
    return np.array([near, far], np.intp)


def _zigzag(free: Bits) -> npt.NDArray[np.intp]:
    """Return row and column of the free modules, in the order in which they are filled (7.7.3)."""
    size = len(free)
    path = []
    columns = [column - (column <= 6) for column in range(size - 1, 0, -2)]  # the timing pattern is skipped
    for turn, right in enumerate(columns):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        path += [(row, column) for row in rows for column in (right, right - 1) if free[row, column]]
    return np.array(path, np.intp)


def _remainder(word: int, divisor: int) -> int:
    """Return the remainder of a division of polynomials over GF(2)."""
    while word.bit_length() >= divisor.bit_length():
        word ^= divisor << (word.bit_length() - divisor.bit_length())
    return word
