"""Filters of grey pictures: sizes, blurs, thresholds, light."""

from functools import cache

import cv2
import numpy as np

from drivers.decoders.symbols import Grey


def halve(grey: Grey) -> Grey:
    """Average squares of four pixels.  An odd last row or column is left out: exactly four pixels to one is many
    times faster than any other ratio."""
    height, width = grey.shape[0] // 2, grey.shape[1] // 2
    if not height or not width:
        return grey
    return np.asarray(
        cv2.resize(grey[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def resize(grey: Grey, factor: float) -> Grey:
    """Make the picture `factor` times as large: cubic when it grows, by area when it shrinks.  Each side keeps at
    least one pixel."""
    height, width = (max(1, round(side * factor)) for side in grey.shape)
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, (width, height), interpolation=method), np.uint8)


def smooth(grey: Grey, sigma: float) -> Grey:
    """Blur by a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.uint8)


def sharpen(grey: Grey, sigma: float, amount: float) -> Grey:
    """Apply an unsharp mask: add `amount` times the detail that a blur of `sigma` pixels removes."""
    blurred = cv2.GaussianBlur(grey, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(grey, 1 + amount, blurred, -amount, 0), np.uint8)


def threshold(grey: Grey, around: int, darker: int = 2) -> Grey:
    """Make black the pixels that are at least `darker` (of 255) below the mean of their neighbourhood, `around`
    pixels a side."""
    method, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    return np.asarray(cv2.adaptiveThreshold(grey, 255, method, kind, around, darker), np.uint8)


def normalise_light(grey: Grey, around: int) -> Grey:
    """Divide each pixel by the paper around it: a morphological closing of `around` pixels, which fills narrower ink.
    Unlike a mean, a closing keeps the edge of a shadow where it is."""
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((around, around), np.uint8))
    return np.asarray(cv2.divide(grey, paper, scale=PAPER), np.uint8)


def is_dark(grey: Grey) -> bool:
    """Return whether more than half of the picture is darker than DARK."""
    some = grey[:: max(1, grey.shape[0] // 60), :: max(1, grey.shape[1] // 80)]
    return bool(np.count_nonzero(some < DARK) > some.size / 2)


def brighten(grey: Grey) -> Grey:
    """Apply a logarithmic table: a dark code beside a lamp gets contrast, and the lamp keeps its edge.

    The steepest gain, that of black, is STEEP / log(1 + STEEP): 3.6."""
    return np.asarray(cv2.LUT(grey, _logarithms()), np.uint8)


@cache
def _logarithms() -> Grey:
    tones = np.log1p(STEEP * np.arange(256) / 255) / np.log1p(STEEP)
    return np.asarray((255 * tones).round(), np.uint8)


def invert(grey: Grey) -> Grey:
    """Exchange dark and light."""
    return np.asarray(cv2.bitwise_not(grey), np.uint8)


DARK = 64  # of 255: dark codes beside a drawn lamp have paper below it
STEEP = 8.0  # texts of 80 such pictures, 56 without a table [20: -3]
PAPER = 230
"""Grey of paper once light is normalised: below 255, so that noise lighter than the closing is not clipped."""
