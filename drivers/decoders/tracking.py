"""What is known of a symbol from frame to frame: where it was, how it looked, and which steps failed on it.

A step that failed on a symbol will fail again on the same picture of it.  Each failure halves its chance, until the
symbol looks different; and as noise differs from frame to frame, a failure is slowly forgotten.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from drivers.decoders.symbols import Grey, Symbol, lies_in

FAILED = 0.5  # the chance of a step after a failure, of its chance before
MOST_FAILED = 4.0  # failures that count: a chance never ends
REMEMBERED = 0.93  # by frame: of a failure
CHANGED = 0.25  # of all failures, once it looks different
CELLS = 12  # a side, of the picture by which looks are compared
DIFFERENT, MEAN_DIFFERENT = 24, 9  # of 255: of one cell, and of all
CELLS_DIFFERENT = 0.08  # of all cells
GROWN = 1.06  # times larger or smaller modules
UNSEEN = 8  # frames after which a symbol is forgotten
MOST = 4  # symbols that are remembered: a picture may show any number


class Attempts:
    """The failures of steps on one thing as it looks now."""

    def __init__(self) -> None:
        self._failed: dict[str, float] = {}

    def chance(self, step: str) -> float:
        """Return what is left of the step's chance: 1 before it failed."""
        return float(FAILED ** self._failed.get(step, 0.0))

    def fail(self, step: str) -> None:
        """Note a failure."""
        self._failed[step] = min(self._failed.get(step, 0.0) + 1, MOST_FAILED)

    def fade(self, share: float = REMEMBERED) -> None:
        """Keep this share of all failures."""
        for step in self._failed:
            self._failed[step] *= share


class PictureLook:
    """How a part of a picture looks, for comparison."""

    def __init__(self) -> None:
        self._cells: Grey | None = None
        self._module = 0.0

    def differs(self, part: Grey, module: float = 1.0) -> bool:
        """Return whether it looks different than when this was last true.  `module`: pixels a module."""
        step = max(1, min(part.shape) // (4 * CELLS))  # some pixels of each cell are enough
        cells = np.asarray(
            cv2.resize(np.ascontiguousarray(part[::step, ::step]), (CELLS, CELLS), interpolation=cv2.INTER_AREA),
            np.uint8,
        )
        if self._cells is not None:
            change = cv2.absdiff(cells, self._cells)
            same_size = module < GROWN * self._module and self._module < GROWN * module
            same = change.mean() < MEAN_DIFFERENT and (change > DIFFERENT).mean() < CELLS_DIFFERENT
            if same_size and same:
                return False
        self._cells, self._module = cells, module
        return True


class TrackedSymbol:
    """A symbol that was located and not read."""

    def __init__(self, symbol: Symbol, frame: int) -> None:
        self.symbol, self.seen = symbol, frame
        self.attempts = Attempts()
        self._look = PictureLook()

    def see(self, symbol: Symbol, grey: Grey, frame: int) -> None:
        """Note its place in a frame."""
        if frame != self.seen:
            self.attempts.fade()
        self.symbol, self.seen = symbol, frame
        high, wide = grey.shape
        left, top = np.maximum(symbol.corners.min(axis=0), 0).astype(int)
        right, bottom = np.minimum(symbol.corners.max(axis=0).astype(int) + 1, (wide, high))
        part = grey[top:bottom, left:right]
        if part.size and self._look.differs(part, symbol.module):
            self.attempts.fade(CHANGED)


class Tracker:
    """The symbols of the last frames that were not read."""

    def __init__(self) -> None:
        self._known: list[TrackedSymbol] = []

    def see(self, located: Iterable[Symbol], grey: Grey, frame: int) -> None:
        """Note the symbols that were located in a frame; may be called several times for one frame."""
        for symbol in located:
            known = next((one for one in self._known if _same(one.symbol, symbol)), None)
            if known is None:
                known = TrackedSymbol(symbol, frame)
                self._known.insert(0, known)
            elif known.seen == frame:
                continue
            known.see(symbol, grey, frame)
        del self._known[MOST:]

    def is_missing(self, frame: int) -> bool:
        """Return whether the symbols of the last frames are not located in this one."""
        recent = [one for one in self._known if frame - one.seen <= UNSEEN]
        return bool(recent) and all(one.seen < frame for one in recent)

    def in_view(self, frame: int) -> list[TrackedSymbol]:
        """Return the symbols of this frame; forget those that are gone."""
        self._known = [one for one in self._known if frame - one.seen <= UNSEEN]
        return [one for one in self._known if one.seen == frame]


def _same(one: Symbol, other: Symbol) -> bool:
    return one.size == other.size and lies_in(other.corners, one.corners)
