"""Dewarping of a symbol: cloth, crumpled paper, a bottle, or four corners that are a little wrong.

The borders of the modules come at a regular distance.  The phase of that regularity gives the displacement of a
neighbourhood, up to whole modules.  Quality-guided phase unwrapping (Ghiglia and Pritt, "Two-Dimensional Phase
Unwrapping", 1998, chapter 4) finds the whole modules.  It starts from the finder patterns, whose places are certain,
and goes from neighbour to neighbour, the clearest phase first.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

import heapq

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats
from drivers.decoders.qr.layout import FINDER, QUIET_ZONE
from drivers.decoders.rectify.perspective import MODULE
from drivers.decoders.symbols import Grey

Shift = npt.NDArray[np.float32]
"""[row, column] of modules: the distance of each from its place, in modules."""

REACH = 2.2  # modules: sigma of the neighbourhood whose phase is taken [1.6: -1, 3: -1]
# modules between two neighbours that are unwrapped: with a sigma of REACH nearer ones have the same phase [2: 0, 5: -1]
STRIDE = 3
_CIRCLE = 2 * np.pi


def flatten(square: Grey, size: int, pixels: int) -> Grey:
    """Return a rectified symbol of `size` modules, `pixels` a module, with every module in its place."""
    smooth = suppress_texture(square)
    across = _shift(smooth, size)
    down = _shift(np.ascontiguousarray(smooth.T), size).T
    wide = MODULE // pixels
    means = cv2.blur(square, (wide, wide), anchor=(0, 0))
    rows, columns = np.indices((len(square) // wide, len(square) // wide), np.float32) * wide
    flat = cv2.remap(
        means,
        columns + _interpolate(across, pixels),
        rows + _interpolate(np.ascontiguousarray(down), pixels),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(flat, np.uint8)


def suppress_texture(square: Grey) -> Grey:
    """Blur a rectified symbol so that details smaller than modules make no borders."""
    return np.asarray(cv2.GaussianBlur(square, (0, 0), 0.25 * MODULE), np.uint8)


def borders(smooth: Grey, size: int) -> Floats:
    """Return the change from each pixel of a rectified symbol, without its quiet zone, to the next on its right."""
    first, last = QUIET_ZONE * MODULE, (QUIET_ZONE + size) * MODULE
    change = cv2.absdiff(smooth[first:last, first + 1 : last + 1], smooth[first:last, first:last])
    return np.asarray(change, np.float32)


def _interpolate(shift: Shift, pixels: int) -> Shift:
    """Return, for every pixel of the flat symbol with its quiet zone, pixels of the rectified one."""
    around = cv2.copyMakeBorder(shift, QUIET_ZONE, QUIET_ZONE, QUIET_ZONE, QUIET_ZONE, cv2.BORDER_REPLICATE)
    side = len(around) * pixels
    return np.asarray(cv2.resize(around, (side, side), interpolation=cv2.INTER_LINEAR) * MODULE, np.float32)


def _shift(smooth: Grey, size: int) -> Shift:
    """Return how far to the right each module lies from its place, from the first harmonic of its borders."""
    turn = _CIRCLE * np.arange(1, MODULE + 1) / MODULE
    wave = np.stack([np.cos(turn), -np.sin(turn)], axis=1).astype(np.float32)
    cells = borders(smooth, size).reshape(-1, size, MODULE) @ wave
    both = cv2.GaussianBlur(cells.reshape(size, MODULE, size, 2).sum(axis=1), (0, 0), REACH)
    quality, angle = cv2.cartToPolar(both[..., 0], both[..., 1])
    wrapped = 0.5 - ((angle / _CIRCLE + 0.5) % 1.0)  # -angle / _CIRCLE, between -0.5 and 0.5
    return np.asarray(cv2.GaussianBlur(_unwrap(wrapped, quality), (0, 0), 1.0), np.float32)


def _unwrap(wrapped: Shift, quality: Floats) -> Shift:
    """Add whole modules to `wrapped`, so that neighbours differ by less than half of one."""
    coarse = _unwrap_by_quality(wrapped[::STRIDE, ::STRIDE], quality[::STRIDE, ::STRIDE])
    around = coarse.repeat(STRIDE, axis=0).repeat(STRIDE, axis=1)[: len(wrapped), : len(wrapped)]
    return np.asarray(wrapped + np.round(around - wrapped), np.float32)


def _unwrap_by_quality(wrapped: Shift, quality: Floats) -> Shift:
    """Unwrap from the three finder patterns outwards, the neighbour of the highest quality first."""
    size = len(wrapped)
    wide = size + 1  # with one more place in every row, and a row above and below, which count as reached
    parts, costs = np.zeros((2, size + 2, wide), np.float32)
    parts[1:-1, :-1], costs[1:-1, :-1] = wrapped, -quality
    beyond = np.ones((size + 2, wide), np.bool_)
    beyond[1:-1, :-1] = False
    costs, reached = costs.ravel(), beyond.ravel().tolist()
    first, last = FINDER // 2 // STRIDE, size - 1 - FINDER // 2 // STRIDE
    seeds = [(row + 1) * wide + column for row, column in ((first, first), (first, last), (last, first))]
    costs[seeds] = -np.inf
    places = np.argsort(costs)
    ranks = np.argsort(places).tolist()  # integers are compared faster
    places, shift = places.tolist(), parts.ravel().tolist()
    near = [0.0] * len(shift)
    queue = [0, 1, 2]
    for place in seeds:
        reached[place] = True
    while queue:
        place = places[heapq.heappop(queue)]
        shift[place] = mine = shift[place] + round(near[place] - shift[place])
        for beside in (place - wide, place + wide, place - 1, place + 1):
            if not reached[beside]:
                reached[beside] = True
                near[beside] = mine
                heapq.heappush(queue, ranks[beside])
    return np.array(shift, np.float32).reshape(size + 2, wide)[1:-1, :-1]
