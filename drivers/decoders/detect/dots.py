"""Codes whose modules are dots apart from each other: joined by a blur of 0.3 module, the others read them.

Its width needs the distance of the dots.  That is measured, so that other pictures cost a labelling only.
"""

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.detect.regions import Region
from drivers.decoders.detect.zxing import GLOBAL, LOCAL, NOTHING, Found, Grey, Located, first_read, halved, look, scaled
from drivers.decoders.failures import shielded
from drivers.decoders.preprocess import resized
from drivers.decoders.varying import moved

DOTTED = "dots joined"

FEWEST = 80  # dots: a symbol of 21 modules has some 200
MOST = 20_000  # blobs: noise
SAMPLE = 64  # dots whose nearest neighbour is looked for
BLUR = 0.3  # of the distance of two dots; `tests/unit/test_dots.py` reads dots of 0.6 to 0.9 module with it
DARK = 0.4  # of the way from ink to paper: dots that nearly touch stay apart
MODULE = 5.0  # pixels a module at most when it is looked at
SIDE = 1000  # pixels: a larger part is halved before it is labelled


@shielded(lambda: NOTHING)
def joined(grey: Grey, region: Region) -> Found:
    """What is read in a region that consists of dots."""
    part, halvings = region.of(grey), 0
    while max(part.shape) > SIDE:
        part, halvings = halved(part), halvings + 1
    pitch = dot_pitch(part)
    if pitch is None:
        return NOTHING
    smooth = np.asarray(cv2.GaussianBlur(part, (0, 0), BLUR * pitch), np.uint8)
    factor = min(1.0, MODULE / pitch)
    small = resized(smooth, factor) if factor < 1 else smooth
    found = scaled(first_read(look(small, way) for way in (GLOBAL, LOCAL)), 2**halvings / factor)
    symbols: tuple[Located, ...] = tuple(moved(one, region) for one in found.symbols)
    return Found(found.texts, DOTTED, symbols) if found.texts else NOTHING


def dot_pitch(part: Grey) -> float | None:
    """The distance of neighbouring dots in pixels, None where there are few, or they are not alike."""
    ink, paper = np.percentile(part[::4, ::4], (5, 95))
    if paper - ink < 30:
        return None
    dark = np.asarray(part < ink + DARK * (paper - ink)).view(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(dark, connectivity=4)
    if not FEWEST <= count <= MOST:
        return None
    wide, high, area = (stats[1:, column].astype(np.float32) for column in (2, 3, 4))
    round_ones = (area >= 3) & (np.maximum(wide, high) <= 1.7 * np.minimum(wide, high)) & (area > 0.55 * wide * high)
    if np.count_nonzero(round_ones) < FEWEST:
        return None
    middle = float(np.median(area[round_ones]))
    alike = round_ones & (area > 0.5 * middle) & (area < 2 * middle)
    dots = centres[1:][alike].astype(np.float32)
    if len(dots) < max(FEWEST, 0.5 * np.count_nonzero(area >= 3)):
        return None
    nearest = _nearest(dots)
    low, pitch, high_end = np.percentile(nearest, (20, 50, 80))
    if high_end > 1.5 * low or not 0.35 < middle**0.5 / pitch < 1.0:
        return None
    return float(pitch)


def _nearest(dots: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of some of them the distance to the next."""
    some = dots[:: max(1, len(dots) // SAMPLE)]
    apart = np.square(some[:, None] - dots).sum(axis=2)
    apart[apart < 0.25] = np.inf  # itself
    return np.asarray(np.sqrt(apart.min(axis=1)), np.float32)
