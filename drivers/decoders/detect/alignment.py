"""Finds the fourth corner, which has no finder pattern: where it lies tells how much a symbol leans away.

Three corners are certain.  Wherever the fourth lies, every alignment pattern then has its place: the corner
is moved until they are, all together, most alike what they should be.
"""

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.detect.zxing import MODULE, QUIET_ZONE, Grey, Located, square_corners
from drivers.decoders.qr.layout import ALIGNMENT, alignment_centres

PATTERN = len(ALIGNMENT)  # modules a side
REACH = 4 * MODULE  # pixels that the corner may be wrong, across and down
BLUR = 0.45 * MODULE  # of a pattern as it is seen
ALIKE = 0.6  # mean correlation with the patterns: less is none
BETTER = 0.02  # than where it was: less is noise


def aligned(square: Grey, symbol: Located) -> Located:
    """`square`: the symbol straightened; the same symbol when nothing better is found."""
    patterns = _within_reach((symbol.size - 17) // 4)
    if not patterns:
        return symbol
    alike = np.zeros((2 * REACH + 1, 2 * REACH + 1), np.float32)  # of every place of the corner
    for (left, top), moved in patterns:
        side = PATTERN * MODULE + 2 * REACH
        around = square[top : top + side, left : left + side]
        alike += cv2.matchTemplate(around, _pattern(), cv2.TM_CCOEFF_NORMED).ravel()[moved]
    alike /= len(patterns)
    if -alike.min() > alike.max():
        alike = -alike  # an inverted symbol
    down, across = np.unravel_index(np.argmax(alike), alike.shape)
    if alike[down, across] < max(ALIKE, alike[REACH, REACH] + BETTER):
        return symbol
    corners = square_corners(symbol.size)
    back = cv2.getPerspectiveTransform(corners, symbol.corners)
    corners[2] += across - REACH, down - REACH
    return Located(np.asarray(cv2.perspectiveTransform(corners[None], back)[0], np.float32), symbol.size)


@cache
def _within_reach(version: int) -> list[tuple[tuple[int, int], npt.NDArray[np.intp]]]:
    """Of every pattern: left and top of its surroundings in a straightened symbol, within whose quiet zone they
    always are; and which place in them, counted row by row, is the pattern's for every place of the corner."""
    size = 17 + 4 * version
    down, across = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    found = []
    for row, column in alignment_centres(version):
        left, top = ((QUIET_ZONE + at - PATTERN // 2) * MODULE - REACH for at in (column, row))
        u, v = (column + 0.5) / size, (row + 0.5) / size
        # what moves (1, 1) and leaves the three other corners, to first order; never further than (1, 1) itself
        right, below = (np.rint(u * (v * across - (1 - u) * down)), np.rint(v * (u * down - (1 - v) * across)))
        places = (below + REACH) * (2 * REACH + 1) + right + REACH
        found.append(((left, top), places.astype(np.intp)))
    return found


@cache
def _pattern() -> Grey:
    """Blurred as it is seen; of what is around it nothing is known."""
    large = np.where(ALIGNMENT < 0, 255, 0).astype(np.uint8).repeat(MODULE, axis=0).repeat(MODULE, axis=1)
    framed = cv2.copyMakeBorder(large, MODULE, MODULE, MODULE, MODULE, cv2.BORDER_CONSTANT, value=128)
    return np.asarray(cv2.GaussianBlur(framed, (0, 0), BLUR)[MODULE:-MODULE, MODULE:-MODULE])
