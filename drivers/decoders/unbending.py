"""Makes a bent symbol flat: cloth, crumpled paper, a bottle, or four corners that were guessed a little wrong.

Wherever the modules lie, their borders come at a regular distance.  The phase of that regularity says,
up to whole modules, how far a neighbourhood is from where it should be; from the finder patterns, whose
places are certain, the whole modules are carried on from neighbour to neighbour, the clearest first.
"""

import heapq

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.symbol import FINDER

Grey = npt.NDArray[np.uint8]
Shift = npt.NDArray[np.float32]
"""[row, column] of modules: how many modules away."""

REACH = 2.2  # modules: sigma of the neighbourhood whose phase is taken
STRIDE = 3  # modules between two neighbours that are followed: nearer ones say the same
_TURN = 2 * np.pi


def unbent(square: Grey, size: int, module: int, quiet: int) -> Grey:
    """The straightened symbol with every module where it should be, as well as can be told."""
    smooth = np.asarray(cv2.GaussianBlur(square, (0, 0), 0.25 * module), np.uint8)
    across = _shift(smooth, size, module, quiet)
    down = _shift(np.ascontiguousarray(smooth.T), size, module, quiet).T
    rows, columns = np.indices(square.shape, np.float32)
    flat = cv2.remap(
        square,
        columns + _everywhere(across, module, quiet),
        rows + _everywhere(np.ascontiguousarray(down), module, quiet),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(flat, np.uint8)


def _everywhere(shift: Shift, module: int, quiet: int) -> Shift:
    """For every pixel of the straightened symbol with its quiet zone, in pixels."""
    around = cv2.copyMakeBorder(shift, quiet, quiet, quiet, quiet, cv2.BORDER_REPLICATE)
    side = len(around) * module
    return np.asarray(cv2.resize(around, (side, side), interpolation=cv2.INTER_LINEAR) * module, np.float32)


def _shift(smooth: Grey, size: int, module: int, quiet: int) -> Shift:
    """How far to the right each module lies from its place."""
    first, last = quiet * module, (quiet + size) * module
    edges = cv2.absdiff(smooth[first:last, first + 1 : last + 1], smooth[first:last, first:last])
    turn = _TURN * np.arange(1, module + 1) / module
    wave = np.stack([np.cos(turn), -np.sin(turn)], axis=1).astype(np.float32)
    cells = edges.astype(np.float32).reshape(-1, size, module) @ wave
    both = cv2.GaussianBlur(cells.reshape(size, module, size, 2).sum(axis=1), (0, 0), REACH)
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
    wide = size + 1  # with one more place in every row, and a row above and below, which count as known
    parts, weights = (np.pad(values, ((1, 1), (0, 1))).ravel().tolist() for values in (part, -clear))
    known = np.pad(np.zeros((size, size), np.bool_), ((1, 1), (0, 1)), constant_values=True).ravel().tolist()
    shift = [0.0] * len(parts)
    first, last = FINDER // 2 // STRIDE, size - 1 - FINDER // 2 // STRIDE
    queue = [
        (-float("inf"), (row + 1) * wide + column, 0.0)
        for row, column in ((first, first), (first, last), (last, first))
    ]
    while queue:
        _, place, near = heapq.heappop(queue)
        if known[place]:
            continue
        known[place] = True
        mine = parts[place]
        shift[place] = mine = mine + round(near - mine)
        for beside in (place - wide, place + wide, place - 1, place + 1):
            if not known[beside]:
                heapq.heappush(queue, (weights[beside], beside, mine))
    return np.array(shift, np.float32).reshape(size + 2, wide)[1:-1, :-1]
