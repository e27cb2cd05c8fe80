"""The hint for a person whose code was located and not read: from where and how the symbol lies in the picture.

The reasons are tested in the order in which they keep a code from being read: what is not in the picture, what is too
small, what no light shows, and only then what is not sharp.
"""

import cv2
import numpy as np

from drivers.decoders.symbols import Grey, ReadResult, Symbol
from gate.core.coaching import Hint

LEAST_MODULE = 2.0  # pixels: of smaller modules fewer than nine in ten symbols are read, by any step
EDGE = 2.0  # pixels from the border of the picture: the quiet zone is outside already
WHITE = 250  # of 255: from here on a pixel is saturated
CELLS = 12  # a side, in which glare is sought: each of some modules, so that it has dark ones
GLARING = 0.06  # of the cells
LEAST_CONTRAST = 40  # of 255, from the dark modules to the light ones
MOVED = 1.5  # modules from frame to frame: a smear of as many at the longest exposure
SMEARED = 1.7  # times steeper in one direction than in the other
EDGE_WIDTH = 0.9  # modules: wider edges are out of focus
NEAR = 0.4  # of the picture's height: a code as large as that is nearer than lenses are set for


class Coach:
    """The hints of one camera's successive frames.  For one thread."""

    def __init__(self) -> None:
        self._last: Symbol | None = None

    def hint(self, grey: Grey, result: ReadResult) -> Hint | None:
        """Return what to change first; None where a text was read, or nothing was located."""
        last, self._last = self._last, None
        if result.texts:
            return None
        if result.parts:
            return Hint.NEXT_PART
        if result.other:
            return Hint.OTHER_SYMBOL
        if not result.located:
            return None
        self._last = symbol = max(result.located, key=lambda one: one.module)
        return _of_place(grey, symbol) or _of_light(_part(grey, symbol)) or _of_sharpness(grey, symbol, last)


def _of_place(grey: Grey, symbol: Symbol) -> Hint | None:
    height, width = grey.shape
    low, high = symbol.corners.min(axis=0), symbol.corners.max(axis=0)
    if min(low) < EDGE or high[0] > width - EDGE or high[1] > height - EDGE:
        return Hint.WHOLE_CODE
    return Hint.CLOSER if symbol.module < LEAST_MODULE else None


def _part(grey: Grey, symbol: Symbol) -> Grey:
    left, top = np.maximum(symbol.corners.min(axis=0), 0).astype(int)
    right, bottom = symbol.corners.max(axis=0).astype(int) + 1
    return grey[top:bottom, left:right]


def _of_light(part: Grey) -> Hint | None:
    cells = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    if float((cells >= WHITE - 5).mean()) > GLARING:
        return Hint.LESS_GLARE
    dark, light = np.percentile(part[::2, ::2], (5, 95))
    return Hint.BRIGHTER if light - dark < LEAST_CONTRAST else None


def _of_sharpness(grey: Grey, symbol: Symbol, last: Symbol | None) -> Hint:
    if last is not None and last.size == symbol.size:
        moved = float(np.linalg.norm(symbol.corners.mean(axis=0) - last.corners.mean(axis=0)))
        if moved > MOVED * symbol.module:
            return Hint.HOLD_STILL
    part = _part(grey, symbol)
    dark, light = np.percentile(part[::2, ::2], (5, 95))
    across = float(np.percentile(cv2.absdiff(part[:, 1:], part[:, :-1]), 99))
    down = float(np.percentile(cv2.absdiff(part[1:], part[:-1]), 99))
    if max(across, down) > SMEARED * min(across, down):
        return Hint.HOLD_STILL
    edge = (light - dark) / max(across, down, 1.0)  # pixels
    side = symbol.module * symbol.size
    if edge > EDGE_WIDTH * symbol.module and side > NEAR * grey.shape[0]:
        return Hint.FURTHER
    return Hint.HOLD_STILL
