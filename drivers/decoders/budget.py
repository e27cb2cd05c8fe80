"""The processor time of one frame: what this device has for it, and what each step takes on this device.

A frame that takes longer than the camera's next one makes every verdict later.  So steps are divided into parts, and a
part begins only where it is expected to end in time.  All times are seconds of the reading thread's processor.
"""

import math
import time
from collections.abc import Callable

import cv2
import numpy as np

from drivers.decoders.runner import Cost
from drivers.decoders.symbols import Grey

PERIOD = 1 / 15  # seconds from frame to frame, where nothing else is configured
SHARE = 0.85  # of the period for reading: capture, motion and reports take the rest
# Seconds of an x86 core: more in one frame reads nothing earlier, and warms.  First reads of 24 clips carried up at
# 480 and 720 lines and of 12 in a dim hall, frames [0.0115: 18.1, 13.7, 7.2; 0.02: 17.8, 13.1, 5.3; 0.056: as 0.03]
MOST = 0.03
REFERENCE = 0.00094  # seconds that `_calibrate` takes on the x86 core on which MOST and all `Cost`s were measured
FASTEST = 0.05  # of the time that the reference takes: a clock that stands still is for tests
LONG = 0.002  # seconds of a frame, from which on the share of a core that this thread gets is measured
FORGETS = 0.1  # the weight of the newest value in learned ones
PARTS = 16  # of a step, that are distinguished
PIXELS_480, PIXELS_720 = 640 * 480, 1280 * 720  # of the pictures of a `Cost`
PART = 3.0  # ms of an x86 core: nine in ten parts of every step take no more (600 frames of held clips)
BY_MAGNITUDE = 3  # magnitudes from a work to the double of it
UNUSED = 0.995  # by frame: an expectation that keeps a part from running falls, so that it is tried again


class FrameBudget:
    """The processor time of successive frames.  For one thread."""

    def __init__(
        self,
        period: float = PERIOD,
        clock: Callable[[], float] = time.thread_time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Measure how fast this device is, which takes some ms.  `period`: seconds from frame to frame; `clock`: of
        this thread's processor."""
        self._period, self._clock, self.monotonic = period, clock, monotonic
        self._share = 1.0  # of a core, that this thread gets while it works
        self._slowness = max(_calibrate(clock) / REFERENCE, FASTEST)
        self._expected: dict[tuple[str, int, int], float] = {}
        self._began = self._began_at = 0.0
        self._large = 0.0  # how much of the way from PIXELS_480 to PIXELS_720 the frame's pixels are
        self.seconds = 0.0
        """Of the present frame."""

    def begin(self, pixels: int = PIXELS_480) -> None:
        """Begin a frame of so many pixels."""
        self._large = max(0.0, (pixels - PIXELS_480) / (PIXELS_720 - PIXELS_480))
        self.seconds = min(self._period * SHARE * self._share, MOST * self._slowness)
        self._began, self._began_at = self._clock(), self.monotonic()

    def end(self) -> None:
        """End a frame: another program may have had the core meanwhile, or a quota ended."""
        spent, passed = self.spent, self.monotonic() - self._began_at
        if spent > LONG:
            share = min(1.0, spent / max(passed, spent))
            self._share += FORGETS * (share - self._share)
        for part in self._expected:
            self._expected[part] *= UNUSED

    @property
    def spent(self) -> float:
        """Seconds since the present frame began."""
        return self._clock() - self._began

    @property
    def left(self) -> float:
        """Seconds of the present frame that are left."""
        return self.seconds - self.spent

    def now(self) -> float:
        """Return this thread's processor time."""
        return self._clock()

    def expected(self, name: str, work: float, cost: Cost, number: int = 0) -> float:
        """Return the seconds that a part of this step is expected to take at most.

        `work`: a measure of its size, such as pixels; `cost`: of the whole step, until it has run here; `number`: of
        the part, from 0."""
        magnitude, number = _magnitude(work), min(number, PARTS - 1)
        known = self._expected.get((name, magnitude, number))
        if known is not None:
            return known
        others = [one for one in self._expected if (one[0], one[2]) == (name, number)]
        if others:  # in proportion to the nearest size
            nearest = min(others, key=lambda one: abs(one[1] - magnitude))
            return float(self._expected[nearest] * 2 ** ((magnitude - nearest[1]) / BY_MAGNITUDE))
        whole = cost.p480 + self._large * (cost.p720 - cost.p480)
        return min(whole, PART) / 1000 * self._slowness

    def learn(self, name: str, work: float, seconds: float, number: int = 0) -> None:
        """Note what a part took."""
        part = name, _magnitude(work), min(number, PARTS - 1)
        before = self._expected.get(part, seconds)
        self._expected[part] = max(seconds, before + FORGETS * (seconds - before))


def _magnitude(work: float) -> int:
    """Return the same number for works that differ by a quarter or less."""
    return round(BY_MAGNITUDE * math.log2(max(work, 1.0)))


def _calibrate(clock: Callable[[], float]) -> float:
    """Return the seconds of a fixed piece of work, of the kind that reading consists of."""
    picture = _test_picture()
    times = []
    for _ in range(9):
        start = clock()
        cv2.matchTemplate(cv2.GaussianBlur(picture, (0, 0), 1.5), picture[:16, :16], cv2.TM_CCOEFF_NORMED)
        times.append(clock() - start)
    return min(times)


def _test_picture() -> Grey:
    """Return stripes and squares without a code."""
    rows, columns = np.indices((240, 320))
    return np.asarray(((rows // 7 + columns // 5) % 2) * 160 + 40, np.uint8)
