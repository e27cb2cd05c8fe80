"""Where a code may be: places that change quickly both across and down, as writing and edges do not."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from drivers.decoders.looking import Corners, Grey, halved

CELL = 8  # pixels a side of what is judged at once
LEAST = 20  # pixels a side: a small symbol of hardly a pixel a module
MARGIN = 2  # cells around: the quiet zone and what was too faint
MOST = 5  # regions of one picture, the largest first
BEYOND = 1.2  # times its size: what belongs to a symbol that was read
SHARE = 0.3  # of the changes of the busiest places: fainter ones are background

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Region:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """In pixels."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def narrow(self) -> int:
        """Its shorter side, in pixels."""
        return min(self.right - self.left, self.bottom - self.top)

    @property
    def slant(self) -> float:
        """How many times longer than wide it is, or wider than long."""
        return max(self.right - self.left, self.bottom - self.top) / self.narrow

    def scaled(self, factor: int) -> "Region":
        return Region(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def holds(self, corners: Corners) -> bool:
        """Whether the middle of these lies in it."""
        x, y = corners.mean(axis=0)
        return bool(self.left <= x < self.right and self.top <= y < self.bottom)

    def of(self, grey: Grey) -> Grey:
        return grey[self.top : self.bottom, self.left : self.right]


def busy_regions(grey: Grey, read: Iterable[Corners] = (), *, coarser: bool = False) -> list[Region]:
    """`read`: symbols that are no question any more; `coarser`: the halved picture counts, too, in which large or
    blurred modules are seen."""
    height, width = grey.shape
    cells = (width - 4) // CELL, (height - 4) // CELL
    if min(cells) < 3:
        return []
    busy = _busy(grey, cells, CELL)
    if coarser:
        busy = np.asarray(cv2.max(busy, _busy(halved(grey), cells, CELL // 2)), np.uint8)
    least = max(4.0, SHARE * _high(busy))
    _, mask = cv2.threshold(busy, least, 255, cv2.THRESH_BINARY)
    for corners in read:
        middle = corners.mean(axis=0)
        around = ((middle + (corners - middle) * BEYOND) / CELL).round().astype(np.int32)
        cv2.fillConvexPoly(mask, around, 0)
        cv2.polylines(mask, [around], isClosed=True, color=0, thickness=3)
    if not cv2.countNonZero(mask):
        return []
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _SQUARE), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    found = []
    for left, top, wide, high, area in sorted(stats[1:].tolist(), key=lambda row: -row[4])[:MOST]:
        if min(wide, high) * CELL < LEAST or area < 0.3 * wide * high:
            continue
        found.append(
            Region(
                max(left - MARGIN, 0) * CELL,
                max(top - MARGIN, 0) * CELL,
                min((left + wide + MARGIN) * CELL, width),
                min((top + high + MARGIN) * CELL, height),
            )
        )
    return found


def _busy(grey: Grey, cells: tuple[int, int], side: int) -> Grey:
    """How much changes both across and down, of every cell of `side` pixels."""
    width, height = cells[0] * side, cells[1] * side
    across = np.asarray(cv2.absdiff(grey[:height, 2 : width + 2], grey[:height, :width]), np.uint8)
    down = np.asarray(cv2.absdiff(grey[2 : height + 2, :width], grey[:height, :width]), np.uint8)
    return np.asarray(cv2.blur(cv2.min(_means(across, side), _means(down, side)), (3, 3)), np.uint8)


def _means(change: Grey, side: int) -> Grey:
    """Of every cell.  `side` is a power of 2: halving again and again is faster than once."""
    while side > 1:
        change, side = halved(change), side // 2
    return change


def _high(values: Grey) -> int:
    """What one in 200 is higher than: `np.percentile` takes longer than all else here."""
    lower = np.cumsum(np.bincount(values.ravel(), minlength=256))
    return int(np.searchsorted(lower, values.size - values.size // 200))
