"""Regions in which a symbol may lie: they change quickly both across and down, unlike writing and edges.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from drivers.decoders.filters import halve
from drivers.decoders.symbols import Corners, Grey, ReadResult, Symbol

CELL = 8  # pixels a side
LEAST = 20  # pixels a side: a small symbol of hardly a pixel a module [12: +1, 40: -2]
MARGIN = 2  # cells around: the quiet zone and modules that were too faint [1: -3, 4: -2]
MOST = 5  # regions of one picture, the largest first [2: -1, 10: 0]
BEYOND = 1.2  # times its size: the area that belongs to a symbol that was read
SHARE = 0.3  # of the change of the busiest cells (99.5th percentile): fainter ones are background [0.2: -2, 0.45: -3]
FAINT = 0.15  # likewise, after nothing was read in busier ones [0.1: 0, 0.22: -1]
FILLED = 0.3  # of the rectangle around busy cells [0.15: +1, 0.5: -2]
FAINT_FILLED = 0.5  # likewise, of a faint region [0.3: 0, 0.7: -1]
FAINT_LEAST = 64  # pixels a side [32: 0, 128: 0]
FAINT_MOST = 2  # regions [0: -1, 5: 0]

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Region:
    """An upright rectangle of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Its area in square pixels."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def narrow(self) -> int:
        """Its shorter side, in pixels."""
        return min(self.right - self.left, self.bottom - self.top)

    @property
    def elongation(self) -> float:
        """Its longer side over its shorter one."""
        return max(self.right - self.left, self.bottom - self.top) / self.narrow

    def scaled(self, factor: int) -> "Region":
        """Return it as it lies in a picture that is `factor` times as large."""
        return Region(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def holds(self, corners: Corners) -> bool:
        """Return whether the centre of `corners` lies in it."""
        x, y = corners.mean(axis=0)
        return bool(self.left <= x < self.right and self.top <= y < self.bottom)

    def of(self, grey: Grey) -> Grey:
        """Return this part of a picture: a view."""
        return grey[self.top : self.bottom, self.left : self.right]

    def whole(self, result: ReadResult) -> ReadResult:
        """Return a result of this part in the picture's coordinates."""
        return result.moved(self.left, self.top)

    def place(self, symbol: Symbol) -> Symbol:
        """Return a symbol of this part in the picture's coordinates."""
        return symbol.moved(self.left, self.top)


def busy_regions(grey: Grey, read: Iterable[Corners] = (), *, coarser: bool = False) -> list[Region]:
    """Return the busiest regions, the largest first.

    `read`: symbols that were read already, and are left out; `coarser`: include the halved picture, which shows
    large or blurred modules."""
    busy = _busy(grey, coarser=coarser)
    if busy is None:
        return []
    mask = _mask_above(busy, SHARE)
    for corners in read:
        middle = corners.mean(axis=0)
        around = ((middle + (corners - middle) * BEYOND) / CELL).round().astype(np.int32)
        cv2.fillConvexPoly(mask, around, 0)
        cv2.polylines(mask, [around], isClosed=True, color=0, thickness=3)
    return list(islice(_regions(mask, grey, FILLED, LEAST), MOST))


def faint_regions(grey: Grey, others: Iterable[Region]) -> list[Region]:
    """Return regions that are busy, but less than the `others`.

    Examples: a code in two dark greys beside black letters on white, or one half of a code in shadow."""
    busy = _busy(grey, coarser=True)
    if busy is None:
        return []
    mask = _mask_above(busy, FAINT)
    for one in others:
        mask[one.top // CELL : one.bottom // CELL, one.left // CELL : one.right // CELL] = 0
    return list(islice(_regions(mask, grey, FAINT_FILLED, FAINT_LEAST), FAINT_MOST))


def _mask_above(busy: Grey, share: float) -> Grey:
    _, mask = cv2.threshold(busy, max(4.0, share * _percentile_99_5(busy)), 255, cv2.THRESH_BINARY)
    return np.asarray(mask, np.uint8)


def _regions(mask: Grey, grey: Grey, filled: float, least: int) -> Iterator[Region]:
    """Yield regions, the largest first.

    `filled`: least share of the rectangle around it; `least`: its least side in pixels."""
    if not cv2.countNonZero(mask):
        return
    height, width = grey.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _SQUARE))
    for left, top, wide, high, area in sorted(stats[1:].tolist(), key=lambda row: -row[4])[:MOST]:
        if min(wide, high) * CELL >= least and area >= filled * wide * high:
            yield Region(
                max(left - MARGIN, 0) * CELL,
                max(top - MARGIN, 0) * CELL,
                min((left + wide + MARGIN) * CELL, width),
                min((top + high + MARGIN) * CELL, height),
            )


def _busy(grey: Grey, *, coarser: bool) -> Grey | None:
    """Return how much every cell of the picture changes; None where it has too few."""
    cells = (grey.shape[1] - 4) // CELL, (grey.shape[0] - 4) // CELL
    if min(cells) < 3:
        return None
    busy = _changes(grey, cells, CELL)
    if coarser:
        busy = np.asarray(cv2.max(busy, _changes(halve(grey), cells, CELL // 2)), np.uint8)
    return busy


def _changes(grey: Grey, cells: tuple[int, int], side: int) -> Grey:
    """Return how much changes both across and down, for every cell of `side` pixels."""
    width, height = cells[0] * side, cells[1] * side
    across = np.asarray(cv2.absdiff(grey[:height, 2 : width + 2], grey[:height, :width]), np.uint8)
    down = np.asarray(cv2.absdiff(grey[2 : height + 2, :width], grey[:height, :width]), np.uint8)
    return np.asarray(cv2.blur(cv2.min(_means(across, side), _means(down, side)), (3, 3)), np.uint8)


def _means(change: Grey, side: int) -> Grey:
    """Return the mean of every cell.  `side` is a power of 2: repeated halving is faster than one division."""
    while side > 1:
        change, side = halve(change), side // 2
    return change


def _percentile_99_5(values: Grey) -> int:
    """Return the value that one in 200 exceeds: `np.percentile` takes longer than all else here."""
    lower = np.cumsum(np.bincount(values.ravel(), minlength=256))
    return int(np.searchsorted(lower, values.size - values.size // 200))
