"""Measures of a picture and of the codes in it."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.ma  # np.percentile loads it at its first call, when a worker may open no file any more

from drivers.decoders.symbols import Grey, Symbol

WHITE = 250  # of 255: from here on a pixel is saturated


def sharpness(part: Grey) -> float:
    """Return the steepest change from pixel to pixel over the whole range: 1 is an edge one pixel wide."""
    low, high = np.percentile(part, (2, 98))
    if high - low < 8 or min(part.shape) < 4:
        return 0.0
    steep = np.percentile(cv2.absdiff(part[:, 1:], part[:, :-1]), 99)
    return float(min(1.0, steep / (high - low)))


def closest(grey: Grey, symbols: Sequence[Symbol]) -> Grey:
    """Return the part with the largest code, which must be sharp; all of the picture without one."""
    if not symbols:
        return grey
    corners = max((symbol.corners for symbol in symbols), key=cv2.contourArea)
    left, top = np.maximum(corners.min(axis=0), 0).astype(int)
    right, bottom = corners.max(axis=0).astype(int) + 1
    return grey[top:bottom, left:right]
