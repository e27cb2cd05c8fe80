"""The last look at a symbol whose place and version are known: its modules are not thresholded but
weighed, and doubtful codewords count as erased.

A straightened symbol still is blurred, unevenly lit and half covered by a reflection.  A good part of
its modules is known beforehand (finder, timing and alignment patterns).  From those an equaliser is
learnt, as a modem learns a line: the weights of a module's neighbourhood that give back what is known.
It undoes defocus, motion and half a module of misplacement alike.  It is then learnt again from all
modules that it is sure of, and from every block that was corrected.  What stays near zero is doubtful,
and correction is told so.

Nothing is believed lightly: every block keeps SLACK spare codewords unused, a corrected symbol must
agree with what was seen, and the text itself is zxing-cpp's reading of the symbol drawn anew.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats, middle, product
from drivers.decoders.detect.zxing import QUIET_ZONE, Grey, halved, read_flat
from drivers.decoders.qr import layout as symbol
from drivers.decoders.qr.layout import Bits, Layout
from drivers.decoders.qr.reed_solomon import Words, corrected
from drivers.decoders.rectify.dewarp import unbent

Weights = npt.NDArray[np.float32]
"""Square [row, column] of modules: above 0 dark, below 0 light; the further away, the surer."""

STEP = 2  # samples a module: half of those of a straightened symbol
TAPS = 10  # samples a side that the equaliser weighs: 5 modules
ROUNDS = 4  # of learning
RIDGE = 0.002  # of the known modules' number: how strongly the equaliser stays a mere average
WINDOW = 5  # modules a side in which there are dark and light ones
SLACK = 4  # spare codewords a block that stay unused when some count as erased
ERASING = (0.0, 0.35, 0.7, 1.0)  # of the codewords that may count as erased, one try after another
FITTING = 0.55  # mean of the modules known beforehand, 1 when each is right: less, and it is another symbol
AGREEING = 0.8  # of the modules, weighed by how sure they are: less is a chance find
SURE = 0.55  # mean of all modules: less, and nothing of it will be corrected
HOPEFUL = 0.15  # mean of the codewords of a block, likewise
LOST = 2  # blocks of the surest: then the others are, too
DRAWN = 3  # pixels a module of the symbol drawn anew
_REACH = (TAPS - STEP) // 2
_FIRST = QUIET_ZONE * STEP - _REACH


def restored_texts(square: Grey, size: int, *, bent: bool) -> list[str]:
    """What a straightened symbol of `size` modules says; `bent`: once its modules were moved to where they
    should be."""
    modules = restored(unbent(square, size, STEP) if bent else halved(square), (size - 17) // 4)
    if modules is None:
        return []
    side = (size + 2 * QUIET_ZONE) * DRAWN
    large = cv2.resize(_framed(modules), (side, side), interpolation=cv2.INTER_NEAREST)
    return read_flat(np.asarray(large, np.uint8))


def _framed(modules: Bits) -> Grey:
    framed = np.full((len(modules) + 2 * QUIET_ZONE, len(modules) + 2 * QUIET_ZONE), 255, np.uint8)
    framed[QUIET_ZONE:-QUIET_ZONE, QUIET_ZONE:-QUIET_ZONE][modules] = 0
    return framed


def restored(samples: Grey, version: int) -> Bits | None:
    """The modules of a flat symbol, STEP samples a module, with its quiet zone: every one as it was drawn; None
    when that cannot be told."""
    shape = symbol.layout(version)
    even = _evened(samples)
    windows = _neighbourhoods(even, shape.size)
    known = shape.fixed.astype(np.float32)
    target = known
    for turn in range(ROUNDS):
        weights = _weighed(even, _learnt(windows, target), shape.size)
        if (weights * known).clip(-1, 1).sum() < FITTING * np.abs(known).sum():
            return None
        if np.minimum(np.abs(weights), 1).mean() < SURE:
            return None
        attempt = _Attempt(weights, shape)
        if attempt.modules is not None:
            return attempt.modules
        if turn and not attempt.proven.any():
            return None
        known = np.where(attempt.proven, attempt.proven, known)
        sure = np.abs(weights) > middle(np.abs(weights))
        target = np.where(known, known, np.sign(weights) * sure).astype(np.float32)
    return None


def _evened(samples: Grey) -> Floats:
    """About -1 for the lightest and 1 for the darkest of the neighbourhood; nearer to 0 where the two differ
    little, as under a reflection."""
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (WINDOW * STEP, WINDOW * STEP))
    smooth = cv2.GaussianBlur(samples, (0, 0), 0.3 * STEP)
    high, low = _evenly(cv2.dilate(smooth, window)), _evenly(cv2.erode(smooth, window))
    spread = np.asarray((high - low) / 2, np.float32)
    return np.asarray(((high + low) / 2 - samples) / (spread + 0.25 * middle(spread) + 1), np.float32)


def _evenly(part: npt.NDArray[Any]) -> Floats:
    """Smoothed widely: a value a module is as good as STEP of them, and faster by far."""
    side = len(part)
    small = cv2.resize(part, (side // STEP, side // STEP), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.5 * WINDOW), (side, side)), np.float32)


def _neighbourhoods(even: Floats, size: int) -> Floats:
    """A view, [row, column] of modules: the TAPS x TAPS samples around each."""
    first, last = _FIRST, _FIRST + (size - 1) * STEP + TAPS
    return np.lib.stride_tricks.sliding_window_view(even[first:last, first:last], (TAPS, TAPS))[::STEP, ::STEP]


def _learnt(windows: Floats, target: Floats) -> Floats:
    """The equaliser, TAPS * TAPS weights and a constant: least squares over the modules whose target is not 0, held
    back towards the mean of the module itself."""
    plain = np.zeros((TAPS * TAPS + 1, 1), np.float32)
    plain[:-1].reshape(TAPS, TAPS)[_REACH : _REACH + STEP, _REACH : _REACH + STEP] = 1 / STEP**2
    given = target != 0
    rows = np.ones((np.count_nonzero(given), len(plain)), np.float32)
    rows[:, :-1] = windows[given].reshape(len(rows), -1)
    ridge = RIDGE * len(rows)
    gram = product(rows, rows, cv2.GEMM_1_T) + ridge * np.eye(len(plain), dtype=np.float32)
    goal = product(rows, target[given, None], cv2.GEMM_1_T) + ridge * plain
    _, learnt = cv2.solve(gram, goal, flags=cv2.DECOMP_CHOLESKY)
    return np.asarray(learnt, np.float32).ravel()


def _weighed(even: Floats, equaliser: Floats, size: int) -> Weights:
    """The samples around each module, weighed.  Every phase of the grid by itself: no value between modules is
    worked out."""
    weights = np.full((size, size), equaliser[-1], np.float32)
    kernel = equaliser[:-1].reshape(TAPS, TAPS)
    for down in range(STEP):
        for across in range(STEP):
            part = np.ascontiguousarray(even[_FIRST + down :: STEP, _FIRST + across :: STEP])
            weights += cv2.filter2D(part, cv2.CV_32F, kernel[down::STEP, across::STEP], anchor=(0, 0))[:size, :size]
    return weights


@dataclass(slots=True, init=False)
class _Attempt:
    """Correction of all blocks from these weights."""

    modules: Bits | None  # when every block was corrected
    proven: npt.NDArray[np.int8]  # 1 dark, -1 light: the modules of the blocks that were corrected

    def __init__(self, weights: Weights, shape: Layout) -> None:
        seen = weights[shape.formats[..., 0], shape.formats[..., 1]].clip(-1, 1).sum(axis=0)
        number = int(np.argmax(symbol.format_signs() @ seen))
        row, column = shape.bits[..., 0], shape.bits[..., 1]
        turned = symbol.mask(number & 7, shape.size)[row, column]
        words = np.packbits((weights[row, column] > 0) ^ turned, axis=1)[:, 0]
        surety = np.abs(weights[row, column]).min(axis=1)
        good = np.zeros(len(words), np.bool_)
        lost = 0
        for block in sorted(symbol.blocks(shape.version, number), key=lambda one: -surety[one.places].mean()):
            sure = surety[block.places]
            fixed = _block_corrected(words[block.places], sure, block.spare) if sure.mean() > HOPEFUL else None
            if fixed is not None:
                words[block.places] = fixed
                good[block.places] = True
            elif (lost := lost + 1) == LOST:
                break
        modules = symbol.drawn(shape, number, words)
        signs = np.where(modules, 1, -1).astype(np.int8)
        self.proven = np.zeros_like(signs)
        self.proven[row[good], column[good]] = signs[row[good], column[good]]
        agreement = ((weights * signs).sum() / np.abs(weights).sum() + 1) / 2
        self.modules = modules if good.all() and agreement >= AGREEING else None


def _block_corrected(words: Words, surety: Floats, spare: int) -> Words | None:
    doubtful = np.argsort(surety)
    tried = set()
    for share in ERASING:
        erased = doubtful[: int(share * max(spare - SLACK, 0)) // 2 * 2]
        if len(erased) in tried:
            continue
        tried.add(len(erased))
        good = corrected(words, spare, erased)
        if good is None:
            continue
        errors = np.flatnonzero(good != words)
        if 2 * len(np.setdiff1d(errors, erased)) + len(erased) <= spare - SLACK:
            return good
    return None
