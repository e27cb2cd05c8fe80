"""Cheap changes to a picture that nothing was read in: each makes some other fault bearable.

In the order of what they bring for what they cost, measured on frames that the first and the second
look failed on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from drivers.decoders.detect.zxing import GLOBAL, LOCAL, Grey, halved, sharpened, thresholded


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    change: Callable[[Grey], Grey]
    binarizer: zxingcpp.Binarizer = LOCAL
    factor: float = 1.0  # how much larger it makes the picture


def _threshold(grey: Grey, around: int) -> Grey:
    return thresholded(np.asarray(cv2.blur(grey, (3, 3)), np.uint8), around)


def _evened(grey: Grey, around: int) -> Grey:
    """Every pixel as a share of the paper around it: ink narrower than `around` is closed up.  Unlike a mean, that
    keeps the edge of a shadow where it is."""
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((around, around), np.uint8))
    return np.asarray(cv2.divide(grey, paper, scale=230), np.uint8)


def _smoothed(grey: Grey, sigma: float) -> Grey:
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.uint8)


def resized(grey: Grey, factor: float) -> Grey:
    """At least one pixel remains of every side."""
    height, width = (max(1, round(side * factor)) for side in grey.shape)
    way = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, (width, height), interpolation=way), np.uint8)


WHOLE = (
    Variant("quartered, evened", lambda grey: _evened(halved(halved(grey)), 15), GLOBAL, 0.25),
    Variant("halved, evened", lambda grey: _evened(halved(grey), 25), GLOBAL, 0.5),
)
"""For the whole picture: uneven light, and large modules."""

WIDE = Variant("halved, threshold", lambda grey: _threshold(halved(grey), 25), GLOBAL, 0.5)
"""For the whole picture, too: reflections."""


def _enlarged_sharp(name: str, factor: float) -> Variant:
    return Variant(name, lambda grey: resized(sharpened(grey, 1.0, 6.0), factor), factor=factor)


FINE = (_enlarged_sharp("sharpened, tripled", 3.0), _enlarged_sharp("sharpened, doubled", 2.0))
"""Small modules, and a little out of focus: what a code is that comes nearer."""

SHARPENED = (Variant("sharpened hard", lambda grey: sharpened(grey, 1.5, 4.0)), FINE[-1])
"""What reads most beside a code that was read."""

MANY = 3  # codes in a picture: then there are more everywhere, and SHARPENED is for the whole of it

CHEAP = (
    Variant("global", lambda grey: _smoothed(grey, 0.7), GLOBAL),
    SHARPENED[0],
    Variant("threshold", lambda grey: _threshold(grey, 31), GLOBAL),
    Variant("inverted", lambda grey: np.asarray(cv2.bitwise_not(grey), np.uint8)),
    Variant("median", lambda grey: np.asarray(cv2.medianBlur(grey, 3), np.uint8)),
)

_COSTLY = (
    Variant("halved", halved, factor=0.5),
    Variant("enlarged", lambda grey: resized(grey, 1.5), factor=1.5),
    Variant("sharpened", lambda grey: sharpened(grey, 2.5, 2.0), GLOBAL),
    Variant("smoothed", lambda grey: _smoothed(grey, 1.0)),
)

LIVE = (*CHEAP, *_COSTLY)
"""One a frame, in rotation."""

STILL = (*_COSTLY, Variant("doubled", lambda grey: resized(grey, 2.0), factor=2.0))
"""After the cheap ones, until one reads something: a still does not come again."""
