"""The fourth corner of a symbol, which has no finder pattern: its place determines the perspective.

Three corners are certain.  Each place of the fourth gives each alignment pattern (ISO/IEC 18004:2015, 6.3.6) a place:
the fourth is put where the mean correlation with all of them is highest.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.qr.layout import ALIGNMENT, QUIET_ZONE, alignment_centres
from drivers.decoders.rectify.perspective import MODULE, square_corners
from drivers.decoders.symbols import Grey, Symbol

PATTERN = len(ALIGNMENT)  # modules a side
REACH = 4 * MODULE  # pixels that the corner may be wrong, across and down
BLUR = 0.45 * MODULE  # pixels, of a pattern in a picture [0.25 module: 0, 0.7: 0]
LEAST_SCORE = 0.6  # mean correlation with the patterns: less is none [0.45: 0, 0.75: 0]
BETTER = 0.02  # than where it was: less is noise [0: 0, 0.06: 0]


def align(square: Grey, symbol: Symbol) -> Symbol:
    """Return the symbol with its fourth corner moved, `symbol` itself when no better place is found.

    `square`: the symbol rectified."""
    patterns = _within_reach((symbol.size - 17) // 4)
    if not patterns:
        return symbol
    scores = np.zeros((2 * REACH + 1, 2 * REACH + 1), np.float32)  # of every place of the corner
    for (left, top), moved in patterns:
        side = PATTERN * MODULE + 2 * REACH
        around = square[top : top + side, left : left + side]
        scores += cv2.matchTemplate(around, _pattern(), cv2.TM_CCOEFF_NORMED).ravel()[moved]
    scores /= len(patterns)
    if -scores.min() > scores.max():
        scores = -scores  # an inverted symbol
    down, across = np.unravel_index(np.argmax(scores), scores.shape)
    if scores[down, across] < max(LEAST_SCORE, scores[REACH, REACH] + BETTER):
        return symbol
    corners = square_corners(symbol.size)
    back = cv2.getPerspectiveTransform(corners, symbol.corners)
    corners[2] += across - REACH, down - REACH
    return Symbol(np.asarray(cv2.perspectiveTransform(corners[None], back)[0], np.float32), symbol.size)


@cache
def _within_reach(version: int) -> list[tuple[tuple[int, int], npt.NDArray[np.intp]]]:
    """Return, for every pattern, left and top of its surroundings in a rectified symbol, and their places.

    The surroundings always lie within the quiet zone.  The places are counted row by row: the pattern's one for
    every place of the corner."""
    size = 17 + 4 * version
    down, across = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    found = []
    for row, column in alignment_centres(version):
        left, top = ((QUIET_ZONE + at - PATTERN // 2) * MODULE - REACH for at in (column, row))
        u, v = (column + 0.5) / size, (row + 0.5) / size
        # moves (1, 1) and leaves the three other corners, to first order; never further than (1, 1) itself
        right, below = (np.rint(u * (v * across - (1 - u) * down)), np.rint(v * (u * down - (1 - v) * across)))
        places = (below + REACH) * (2 * REACH + 1) + right + REACH
        found.append(((left, top), places.astype(np.intp)))
    return found


@cache
def _pattern() -> Grey:
    """Return an alignment pattern, blurred as in a picture; its surroundings are grey, because they are unknown."""
    large = np.where(ALIGNMENT < 0, 255, 0).astype(np.uint8).repeat(MODULE, axis=0).repeat(MODULE, axis=1)
    framed = cv2.copyMakeBorder(large, MODULE, MODULE, MODULE, MODULE, cv2.BORDER_CONSTANT, value=128)
    return np.asarray(cv2.GaussianBlur(framed, (0, 0), BLUR)[MODULE:-MODULE, MODULE:-MODULE])
