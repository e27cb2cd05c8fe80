"""Motion, and the health of the camera, from a picture made eight times smaller.

A gate is idle most of its day.  A frame without motion is not worth a decoder's time.  But a code that is held
perfectly still must never be missed: decoding continues for a while after every change, as long as codes are read, and
periodically in any case.
"""

import cv2
import numpy as np

from drivers.decoders.symbols import Grey

SMALLER = 8  # times
CHANGE = 6  # of 255: more than noise and a lamp's flicker make of 64 pixels together
CHANGED = 0.002  # of the small picture: about a code of three pixels a module at 480p
LINGER = 2.0  # seconds after a change in which every frame is decoded: each step has its turn
SETTLE = 0.5  # seconds that a camera takes to show a new exposure
EVERY = 0.5  # seconds between decoded frames without motion
GAP = 0.5  # seconds that one frame may add to a duration: a longer gap means that this process was held up
BLACK = 12  # of 255: no pixel of the small picture is lighter


def smaller(grey: Grey) -> Grey:
    """Return the picture, SMALLER times smaller, averaged by area."""
    size = (max(1, grey.shape[1] // SMALLER), max(1, grey.shape[0] // SMALLER))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def is_black(small: Grey) -> bool:
    """Return whether no pixel is lighter than BLACK."""
    return int(small.max()) <= BLACK


class MotionGate:
    """A choice of the frames that are worth decoding.  Times are monotonic seconds."""

    def __init__(self) -> None:
        self._known: Grey | None = None  # the picture after the last change
        self._until = self._due = self._settled = 0.0

    def is_worth_decoding(self, small: Grey, at: float) -> bool:
        """Return whether to decode this frame.  Call it with every frame."""
        if at < self._settled:
            self._known = small
        elif self._known is None or _differ(small, self._known):
            self._known = small
            self._until = at + LINGER
        if self._until <= at < self._due:
            return False
        self._due = at + EVERY
        return True

    def code_read(self, at: float) -> None:
        """Note that a code was read in the frame of this time: the next frames are all decoded."""
        self._until = at + LINGER

    def exposure_changed(self, at: float) -> None:
        """Note a changed exposure, which causes the next changes."""
        self._settled = at + SETTLE

    def in_motion(self, at: float) -> bool:
        """Return whether something changed, or was read, a short while ago."""
        return at < self._until


def _differ(small: Grey, other: Grey) -> bool:
    if small.shape != other.shape:
        return True
    change = small.astype(np.int16) - other
    change -= np.int16(np.median(change))  # the whole picture became lighter or darker: no motion
    return int((np.abs(change) > CHANGE).sum()) > max(2.0, CHANGED * small.size)


class CameraHealth:
    """A detector of a frozen camera and of a black picture.

    No two pictures of a sensor are equal to the last bit.  A network camera may repeat its last one while nothing
    changes, so it gets more time."""

    def __init__(self, frozen_after: float, black_after: float) -> None:
        self._limits = (frozen_after, black_after)
        self._last: tuple[Grey, Grey] | None = None
        self._at: float | None = None  # of the last frame
        self._frozen = self._black = 0.0  # seconds

    def problem(self, grey: Grey, small: Grey, at: float) -> tuple[str, str] | None:
        """Return the fault that has lasted too long, and what to do; None without one."""
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
                "It is opened again; plug it in again if that does not help",
            )
        if self._black > black_after:
            return "delivers only black pictures", "Take the cover off the lens, and give it some light"
        return None
