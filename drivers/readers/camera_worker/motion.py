"""Looks at a picture made eight times smaller: is anything happening, and is the camera well?

A gate is idle most of its day.  A frame in which nothing stirs is not worth a decoder's time; but a
code that is held perfectly still must never be missed, so decoding goes on for a while after every
change, as long as codes are being read, and now and then whatever happens.
"""

import cv2
import numpy as np

from drivers.decoders.symbols import Grey

SMALLER = 8  # times
CHANGE = 6  # of 255: more than noise and a lamp's flicker make of 64 pixels together
CHANGED = 0.002  # of the small picture: about a code of three pixels a module at 480p
LINGER = 2.0  # seconds after a change in which every frame is decoded: each step has its turn
SETTLE = 0.5  # seconds that a camera takes to show a new exposure
EVERY = 0.5  # seconds: so often a frame is decoded in which nothing stirs
GAP = 0.5  # seconds that one frame may add to how long something lasts: what is more, this process was held up
BLACK = 12  # of 255: no pixel of the small picture is lighter


def smaller(grey: Grey) -> Grey:
    size = (max(1, grey.shape[1] // SMALLER), max(1, grey.shape[0] // SMALLER))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def is_black(small: Grey) -> bool:
    return int(small.max()) <= BLACK


class MotionGate:
    """Which frames are worth decoding.  Times are monotonic seconds."""

    def __init__(self) -> None:
        self._known: Grey | None = None  # as it looked after the last change
        self._until = self._due = self._settled = 0.0

    def worth_a_look(self, small: Grey, at: float) -> bool:
        """Call it with every frame."""
        if at < self._settled:
            self._known = small
        elif self._known is None or _differ(small, self._known):
            self._known = small
            self._until = at + LINGER
        if self._until <= at < self._due:
            return False
        self._due = at + EVERY
        return True

    def read(self, at: float) -> None:
        """A code was read in the frame of this time: it is followed frame by frame."""
        self._until = at + LINGER

    def settle(self, at: float) -> None:
        """The exposure was changed: what changes now is the camera's doing."""
        self._settled = at + SETTLE

    def stirs(self, at: float) -> bool:
        """Whether something changed, or was read, a short while ago."""
        return at < self._until


def _differ(small: Grey, other: Grey) -> bool:
    if small.shape != other.shape:
        return True
    change = small.astype(np.int16) - other
    change -= np.int16(np.median(change))  # the whole picture grew lighter or darker: no one came
    return int((np.abs(change) > CHANGE).sum()) > max(2.0, CHANGED * small.size)


class CameraHealth:
    """Tells a camera that hands out the same picture for ever, and one that sees nothing.

    No two pictures of a sensor are alike to the last bit; a network camera may repeat its last one
    while nothing changes, so it is given more time."""

    def __init__(self, frozen_after: float, black_after: float) -> None:
        self._limits = (frozen_after, black_after)
        self._last: tuple[Grey, Grey] | None = None
        self._at: float | None = None  # of the last frame
        self._frozen = self._black = 0.0  # seconds

    def problem(self, grey: Grey, small: Grey, at: float) -> tuple[str, str] | None:
        """What is wrong for too long now, and what to do; None when it is well."""
        last, self._last = self._last, (grey, small)
        passed = 0.0 if self._at is None else min(at - self._at, GAP)
        self._at = at
        new = last is None or not np.array_equal(small, last[1]) or not np.array_equal(grey, last[0])
        self._frozen = 0.0 if new else self._frozen + passed
        self._black = self._black + passed if is_black(small) else 0.0
        frozen_after, black_after = self._limits
        if self._frozen > frozen_after:
            return (
                "delivers the same picture again and again",
                "It is opened anew; plug it in again if that does not help",
            )
        if self._black > black_after:
            return "sees only black", "Take the cover off the lens, and give it some light"
        return None
