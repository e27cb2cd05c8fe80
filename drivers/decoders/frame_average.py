"""The average of several frames of a code that is held still: differences from frame to frame disappear.

A sensor's noise in a dim hall, the stripes of a display, a lamp that wanders over the glass: each frame hides another
part of the code.  Hands are never still: before it is added, each frame is registered to the average by normalised
cross-correlation, to a fraction of a pixel (a parabola through the peak).  The average is exponential.  A code that
changes no longer correlates; then the average starts again.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import NONE, Floats
from drivers.decoders.detect.regions import Region
from drivers.decoders.filters import halve
from drivers.decoders.symbols import Grey, Symbol

FEWEST = 3  # frames that are worth reading [2: 0, 5: -6 reads, +1.0 frames]
WEIGHT = 8  # frames that count: about half a second [4: -5 reads, +0.2 frames, 16: +2 reads, +0.0 frames]
# correlation with the average; held still it is .9 even in noise [0.5: +1 reads, +0.0 frames, 0.85: 0]
LEAST_SCORE = 0.7
# halved pixels that the hand may move between two frames, across and down
# [4: 0 reads, +0.4 frames, 14: -4 reads, +0.4 frames]
AWAY = 8
COMPARED = 192  # halved pixels a side, of the middle [96: -15 reads, +2.6 frames, 320: 0]
SMOOTH = 1.0  # halved pixels, before frames are compared [0.5: 0 reads, +1.2 frames, 2: -5 reads, +0.6 frames]
BURNT = 248  # from here on a pixel is saturated [235: +2 reads, +0.2 frames, 255: 0]
LONGEST = 640  # pixels a side: a bound on time
SMALLEST = 80  # pixels a side [40: 0, 140: 0]


class FrameAverage:
    """One region of the last frames, averaged."""

    def __init__(self) -> None:
        self._region: Region | None = None
        self._mean: Floats = np.zeros((0, 0), np.float32)
        self._frames = 0
        self.misses = 0
        """Successive frames that did not fit: what they show moves."""
        self.located: list[Symbol] = []
        """Symbols that were located in it and not read."""

    def clear(self) -> None:
        """Start again with the next frame."""
        self._region = None

    def add(self, grey: Grey, region: Region | None) -> None:
        """Add a frame.  `region`: the region of a new average when the frame does not fit this one."""
        if self._region is None or not self._register(self._region.of(grey)):
            self.located.clear()
            self.misses += 1
            self._region = _middle(region) if region and region.narrow >= SMALLEST else None
            if self._region:
                self._mean, self._frames = self._region.of(grey).astype(np.float32), 1

    @property
    def ready(self) -> bool:
        """Whether it has enough frames."""
        return self._region is not None and self._frames >= FEWEST

    @property
    def size(self) -> int:
        """Its number of pixels."""
        return self._mean.size

    def mean(self) -> Grey | None:
        """Return the average, None while it has too few frames."""
        return self._grey() if self.ready else None

    def _grey(self) -> Grey:
        return np.asarray(cv2.normalize(self._mean, NONE, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U), np.uint8)

    def _register(self, part: Grey) -> bool:
        """Add a frame where it fits; return False where it does not."""
        if part.shape != self._mean.shape:
            return False  # the camera has another size now
        last = _comparable(self._grey())[AWAY:-AWAY, AWAY:-AWAY]
        match = cv2.matchTemplate(_comparable(part), last, cv2.TM_CCOEFF_NORMED)
        _, score, _, (x, y) = cv2.minMaxLoc(match)
        if score < LEAST_SCORE or not (0 < x < 2 * AWAY and 0 < y < 2 * AWAY):
            return False
        across = 2 * (x - AWAY + _peak(match[y, x - 1 : x + 2]))
        down = 2 * (y - AWAY + _peak(match[y - 1 : y + 2, x]))
        high, wide = part.shape
        moved = cv2.getRectSubPix(
            part, (wide, high), ((wide - 1) / 2 + across, (high - 1) / 2 + down), patchType=cv2.CV_32F
        )
        self._frames += 1
        self.misses = 0
        clear = np.less(moved, BURNT).view(np.uint8)
        cv2.accumulateWeighted(moved, self._mean, 1 / min(self._frames, WEIGHT), mask=clear)
        return True


def _middle(region: Region) -> Region:
    """Return the region, or the middle of one that is longer than LONGEST."""
    across, down = (max(side - LONGEST, 0) // 2 for side in (region.right - region.left, region.bottom - region.top))
    return Region(region.left + across, region.top + down, region.right - across, region.bottom - down)


def _comparable(part: Grey) -> Grey:
    """Return the middle alone: the edge may show something else, and large pictures take time."""
    small = halve(part)
    top, left = (max(side - COMPARED, 0) // 2 for side in small.shape)
    return np.asarray(cv2.GaussianBlur(small[top : top + COMPARED, left : left + COMPARED], (0, 0), SMOOTH), np.uint8)


def _peak(three: npt.NDArray[np.generic]) -> float:
    """Return where the parabola through three values peaks, from the middle one, which is the highest."""
    before, there, after = (float(value) for value in three.tolist())
    bend = before - 2 * there + after
    return (before - after) / (2 * bend) if bend else 0.0
