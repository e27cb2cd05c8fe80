"""Codes whose modules are separate dots: a blur of 0.3 module joins them.

The blur's width needs the distance of the dots.  Labelling of connected components measures it, so that other pictures
cost a labelling only.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.detect.regions import Region
from drivers.decoders.detect.zxing import GLOBAL, LOCAL, detect_and_decode
from drivers.decoders.failures import contain_failures
from drivers.decoders.filters import halve, resize, smooth
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, first_read

DOTTED = "dots joined"

FEWEST = 80  # dots: a symbol of 21 modules has some 200
MOST = 20_000  # blobs: noise
SAMPLE = 64  # dots whose nearest neighbour is sought
BLUR = 0.3  # of the distance of two dots; `tests/unit/decoders/test_dots.py` reads dots of 0.6 to 0.9 module with it
DARK = 0.4  # of the way from ink to paper: dots that nearly touch stay apart
MODULE = 5.0  # pixels a module at most when it is read
SIDE = 1000  # pixels: a larger part is halved before it is labelled


@contain_failures(lambda: NOTHING)
def join_dots(grey: Grey, region: Region) -> ReadResult:
    """Read a region that consists of dots."""
    return first_read(join_dots_in_parts(grey, region))


def join_dots_in_parts(grey: Grey, region: Region) -> Iterator[ReadResult]:
    """Yield a result after each part of the work of `join_dots`."""
    part, halvings = region.of(grey), 0
    while max(part.shape) > SIDE:
        part, halvings = halve(part), halvings + 1
    pitch = dot_pitch(part)
    yield NOTHING
    if pitch is None:
        return
    joined = smooth(part, BLUR * pitch)
    factor = min(1.0, MODULE / pitch)
    small = resize(joined, factor) if factor < 1 else joined
    yield NOTHING
    for binarizer in (GLOBAL, LOCAL):
        result = detect_and_decode(small, binarizer)
        placed = region.whole(result.scaled(2**halvings / factor))
        yield replace(placed, decoded_by=DOTTED, located=()) if placed.has_read else NOTHING


def dot_pitch(part: Grey) -> float | None:
    """Return the distance of neighbouring dots in pixels, None where there are few, or their sizes differ."""
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
    median = float(np.median(area[round_ones]))
    similar = round_ones & (area > 0.5 * median) & (area < 2 * median)
    dots = centres[1:][similar].astype(np.float32)
    if len(dots) < max(FEWEST, 0.5 * np.count_nonzero(area >= 3)):
        return None
    nearest = _nearest(dots)
    low, pitch, high_end = np.percentile(nearest, (20, 50, 80))
    if high_end > 1.5 * low or not 0.35 < median**0.5 / pitch < 1.0:
        return None
    return float(pitch)


def _nearest(dots: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the distances of some of them to their nearest neighbours."""
    some = dots[:: max(1, len(dots) // SAMPLE)]
    apart = np.square(some[:, None] - dots).sum(axis=2)
    apart[apart < 0.25] = np.inf  # itself
    return np.asarray(np.sqrt(apart.min(axis=1)), np.float32)
