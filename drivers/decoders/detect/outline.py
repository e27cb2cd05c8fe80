"""The outline of a symbol by its texture: the modules together are a busy square on quiet ground.

The gradient, averaged over some pixels, is thresholded; the convex hull of the largest surface, simplified by Douglas
and Peucker (`approxPolyDP`) to four corners, is the outline, right to some pixels.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterator

import cv2
import numpy as np

from drivers.decoders.arithmetic import median
from drivers.decoders.filters import halve, smooth
from drivers.decoders.symbols import Corners, Grey

SQUARE = 0.66  # its shortest side against its longest: a narrower outline is hardly a symbol [0.5: 0, 0.8: 0]
GRAIN = 2  # pixels a side: the resolution of an outline
FILLED = 0.9  # of the rectangle around it: an outline that fills more has all its corners [0.8: -1, 0.97: 0]
# pixels a side: modules may be so large that they are no surface, unless the part is halved [350: 0, 800: 0]
LARGE = 500
SPREAD = (5, 5)  # grains over which changes are averaged to a surface [(3, 3): -9, (9, 9): -3]
LEAST = (5, 5)  # grains: a narrower area is no surface [(3, 3): +1, (9, 9): -2]
FULL = 0.5  # of the typical change of the surface: where it ends [0.35: -2, 0.65: -3]
# of the hull's length: tolerances of `approxPolyDP`, until four corners are left
# [(0.05,): 0, (0.02, 0.04, 0.06, 0.1, 0.15): 0]
CORNERED = (0.03, 0.05, 0.08, 0.12)
SMALLEST = 21 * 21  # square pixels: a symbol of version 1 at a pixel a module


def find_outlines(part: Grey) -> Iterator[Corners]:
    """Yield the four corners of possible symbols, clockwise: of the part, then of the halved part."""
    yield from _find_outline(part)
    if max(part.shape) > LARGE:
        for outline in _find_outline(halve(part)):
            yield np.asarray((outline + 0.5) * 2 - 0.5, np.float32)


def longer_side(outline: Corners) -> float:
    """Return the longer of the first two sides, in pixels."""
    return max(float(np.linalg.norm(outline[0] - outline[1])), float(np.linalg.norm(outline[1] - outline[2])))


def is_square(outline: Corners) -> bool:
    """Return whether no side is much shorter than another."""
    sides = np.linalg.norm(outline - np.roll(outline, 1, axis=0), axis=1)
    return bool(sides.min() > SQUARE * sides.max())


def gradients(part: Grey) -> tuple[Grey, Grey]:
    """Return the part, smoothed by a sigma of one pixel, and how much it changes from pixel to pixel."""
    even = smooth(part, 1.0)
    across, down = cv2.absdiff(even[:-1, 1:], even[:-1, :-1]), cv2.absdiff(even[1:, :-1], even[:-1, :-1])
    return even, np.asarray(cv2.max(across, down), np.uint8)


def _find_outline(part: Grey) -> Iterator[Corners]:
    """Yield the largest busy surface; then the rectangle around it, because a corner may be missing."""
    if min(part.shape) < 8 * GRAIN:
        return
    _, change = gradients(part)
    surface = cv2.blur(halve(change).astype(np.float32), SPREAD)
    busy = surface[surface > 0.5 * float(surface.max())]
    if not len(busy):
        return
    mask = (surface > FULL * median(busy)).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones(SPREAD, np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(LEAST, np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    length = cv2.arcLength(hull, closed=True)
    for tolerance in CORNERED:
        polygon = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(polygon) == 4:
            break
    box = _clockwise(cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float32))
    corners = _clockwise(polygon.reshape(-1, 2).astype(np.float32)) if len(polygon) == 4 else box
    if cv2.contourArea(corners) < SMALLEST / GRAIN**2:
        return
    yield _in_pixels(corners)
    if cv2.contourArea(corners) < FILLED * cv2.contourArea(box):
        yield _in_pixels(box)


def _in_pixels(corners: Corners) -> Corners:
    spread = corners - corners.mean(axis=0)
    spread *= 1 + 0.5 / np.maximum(np.abs(spread), 1)  # a grain is counted from its middle
    return np.asarray((corners.mean(axis=0) + spread + 0.5) * GRAIN, np.float32)


def _clockwise(corners: Corners) -> Corners:
    away = corners - corners.mean(axis=0)
    return corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
