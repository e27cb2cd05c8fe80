"""Makes a bent symbol flat: cloth, crumpled paper, a bottle, or four corners that were guessed a little wrong.

Wherever the modules lie, their borders come at a regular distance.  The phase of that regularity says,
up to whole modules, how far a neighbourhood is from where it should be; from the finder patterns, whose
places are certain, the whole modules are carried on from neighbour to neighbour, the clearest first.
"""

import heapq

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats
from drivers.decoders.detect.zxing import MODULE, QUIET_ZONE, Grey
from drivers.decoders.qr.layout import FINDER

Shift = npt.NDArray[np.float32]
"""[row, column] of modules: how many modules away."""

REACH = 2.2  # modules: sigma of the neighbourhood whose phase is taken
STRIDE = 3  # modules between two neighbours that are followed: nearer ones say the same
_TURN = 2 * np.pi


def unbent(square: Grey, size: int, step: int) -> Grey:
    """The straightened symbol, `step` pixels a module, with every module where it should be, as well as can be
    told."""
    smooth = smoothed(square)
    across = _shift(smooth, size)
    down = _shift(np.ascontiguousarray(smooth.T), size).T
    wide = MODULE // step
    means = cv2.blur(square, (wide, wide), anchor=(0, 0))
    rows, columns = np.indices((len(square) // wide, len(square) // wide), np.float32) * wide
    flat = cv2.remap(
        means,
        columns + _everywhere(across, step),
        rows + _everywhere(np.ascontiguousarray(down), step),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(flat, np.uint8)


def smoothed(square: Grey) -> Grey:
    """A straightened symbol in which what is smaller than modules makes no borders."""
    return np.asarray(cv2.GaussianBlur(square, (0, 0), 0.25 * MODULE), np.uint8)


def borders(smooth: Grey, size: int) -> Floats:
    """How much changes from each pixel of a straightened symbol, without its quiet zone, to the next on its right."""
    first, last = QUIET_ZONE * MODULE, (QUIET_ZONE + size) * MODULE
    change = cv2.absdiff(smooth[first:last, first + 1 : last + 1], smooth[first:last, first:last])
    return np.asarray(change, np.float32)


def _everywhere(shift: Shift, step: int) -> Shift:
    """For every pixel of the flat symbol with its quiet zone: pixels of the straightened one."""
    around = cv2.copyMakeBorder(shift, QUIET_ZONE, QUIET_ZONE, QUIET_ZONE, QUIET_ZONE, cv2.BORDER_REPLICATE)
    side = len(around) * step
    return np.asarray(cv2.resize(around, (side, side), interpolation=cv2.INTER_LINEAR) * MODULE, np.float32)


def _shift(smooth: Grey, size: int) -> Shift:
    """How far to the right each module lies from its place."""
    turn = _TURN * np.arange(1, MODULE + 1) / MODULE
    wave = np.stack([np.cos(turn), -np.sin(turn)], axis=1).astype(np.float32)
    cells = borders(smooth, size).reshape(-1, size, MODULE) @ wave
    both = cv2.GaussianBlur(cells.reshape(size, MODULE, size, 2).sum(axis=1), (0, 0), REACH)
    clear, angle = cv2.cartToPolar(both[..., 0], both[..., 1])
    part = 0.5 - ((angle / _TURN + 0.5) % 1.0)  # -angle / _TURN, between -0.5 and 0.5
    return np.asarray(cv2.GaussianBlur(_carried_on(part, clear), (0, 0), 1.0), np.float32)


def _carried_on(part: Shift, clear: npt.NDArray[np.float32]) -> Shift:
    """Whole modules added to `part`, so that neighbours differ by less than half of one."""
    near = _followed(part[::STRIDE, ::STRIDE], clear[::STRIDE, ::STRIDE])
    around = near.repeat(STRIDE, axis=0).repeat(STRIDE, axis=1)[: len(part), : len(part)]
    return np.asarray(part + np.round(around - part), np.float32)


def _followed(part: Shift, clear: Shift) -> Shift:
    size = len(part)
    wide = size + 1  # with one more place in every row, and a row above and below, which count as reached
    parts, weights = np.zeros((2, size + 2, wide), np.float32)
    parts[1:-1, :-1], weights[1:-1, :-1] = part, -clear
    beyond = np.ones((size + 2, wide), np.bool_)
    beyond[1:-1, :-1] = False
    weights, reached = weights.ravel(), beyond.ravel().tolist()
    first, last = FINDER // 2 // STRIDE, size - 1 - FINDER // 2 // STRIDE
    seeds = [(row + 1) * wide + column for row, column in ((first, first), (first, last), (last, first))]
    weights[seeds] = -np.inf
    places = np.argsort(weights)
    ranks = np.argsort(places).tolist()  # whole numbers are compared faster
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
