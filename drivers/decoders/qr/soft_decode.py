"""Decoding of a flat symbol from soft bits: modules are weighed, not thresholded; doubtful codewords count as erased.

A rectified symbol may still be blurred, unevenly lit and half covered by a reflection.  A good part of its modules is
known beforehand (function patterns).  A linear equaliser is trained on those, as a modem's is on a training sequence:
ridge regression (Hoerl and Kennard, 1970) from the samples around a module to the module's value.  It undoes defocus,
motion and half a module of misplacement alike.  Then it is trained again, decision-directed, on all confident modules
and on every block that was corrected.  A module whose soft bit stays near zero is doubtful, and its codeword may count
as erased: generalised minimum distance decoding (GMD; Forney, 1966) of each block.

A chance find must not become a text.  So every block keeps SLACK error correction codewords unused, and a corrected
symbol must agree with the soft bits.  The text is zxing-cpp's reading of the modules that are returned here.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats, median, multiply
from drivers.decoders.qr import layout
from drivers.decoders.qr.layout import QUIET_ZONE, Bits, Layout
from drivers.decoders.qr.reed_solomon import Words, correct_by_trials
from drivers.decoders.symbols import Grey

SoftBits = npt.NDArray[np.float32]
"""Square [row, column] of modules: above 0 dark, below 0 light; the further from 0, the more confident."""

SAMPLES = 2  # a module and side: half of those of a rectified symbol
TAPS = 10  # samples a side of the equaliser: 5 modules [6: -1, 14: -1]
ROUNDS = 4  # of learning [2: 0, 6: 0]
# of the number of known modules: how strongly the equaliser is held to a plain average [0.0005: 0, 0.008: -1]
RIDGE = 0.002
MOST_LEARNT = 1000  # modules, to twice as many, that one equaliser is learnt from: more take their time and add nothing
WINDOW = 5  # modules a side in which there are dark and light ones [3: 0, 8: 0]
SLACK = 4  # error correction codewords a block that stay unused when some count as erased [2: 0, 8: -3]
# of the codewords that may count as erased: the trials of GMD [(0,): -1, (0, 0.25, 0.5, 0.75, 1): 0]
ERASED = (0.0, 0.35, 0.7, 1.0)
# mean of the modules known beforehand, 1 when each is right: less is another symbol [0.45: 0, 0.65: 0]
FITTING = 0.55
AGREEING = 0.8  # of the modules, weighed by their confidence: less is a chance find [0.72: 0, 0.88: 0]
CONFIDENT = 0.55  # mean of all modules: less, and no block can be corrected [0.45: 0, 0.65: 0]
HOPEFUL = 0.15  # mean of the codewords of a block, likewise [0.05: 0, 0.3: 0]
LOST = 2  # of the most confident blocks that cannot be corrected: then the others cannot either [1: 0, 4: 0]
_REACH = (TAPS - SAMPLES) // 2
_FIRST = QUIET_ZONE * SAMPLES - _REACH


def decode_modules(samples: Grey, version: int) -> Bits | None:
    """Return the modules of a flat symbol, each as it was drawn; None when that cannot be determined.

    `samples`: the symbol with its quiet zone, SAMPLES a module and side."""
    return next((modules for modules in decode_in_rounds(samples, version) if modules is not None), None)


def decode_in_rounds(samples: Grey, version: int) -> Iterator[Bits | None]:
    """Yield after every round of learning: None, or at last the modules.  As `decode_modules`."""
    shape = layout.layout(version)
    normalised = _normalise(samples)
    windows = _neighbourhoods(normalised, shape.size)
    known = shape.fixed.astype(np.float32)
    target = known
    for number in range(ROUNDS):
        soft_bits = _equalise(normalised, _learn_equaliser(windows, target), shape.size)
        if (soft_bits * known).clip(-1, 1).sum() < FITTING * np.abs(known).sum():
            return
        if np.minimum(np.abs(soft_bits), 1).mean() < CONFIDENT:
            return
        correction = _Correction(soft_bits, shape)
        yield correction.modules
        if correction.modules is not None or (number and not correction.proven.any()):
            return
        known = np.where(correction.proven, correction.proven, known)
        confident = np.abs(soft_bits) > median(np.abs(soft_bits))
        target = np.where(known, known, np.sign(soft_bits) * confident).astype(np.float32)


def _normalise(samples: Grey) -> Floats:
    """Return about -1 for the lightest and 1 for the darkest of the neighbourhood.

    The values are nearer to 0 where the two differ little, as under a reflection."""
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (WINDOW * SAMPLES, WINDOW * SAMPLES))
    smooth = cv2.GaussianBlur(samples, (0, 0), 0.3 * SAMPLES)
    high, low = _smooth_widely(cv2.dilate(smooth, window)), _smooth_widely(cv2.erode(smooth, window))
    spread = np.asarray((high - low) / 2, np.float32)
    return np.asarray(((high + low) / 2 - samples) / (spread + 0.25 * median(spread) + 1), np.float32)


def _smooth_widely(part: npt.NDArray[Any]) -> Floats:
    """Blur at one value a module: it is as good as SAMPLES of them, and much faster."""
    side = len(part)
    small = cv2.resize(part, (side // SAMPLES, side // SAMPLES), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.5 * WINDOW), (side, side)), np.float32)


def _neighbourhoods(normalised: Floats, size: int) -> Floats:
    """Return a view, [row, column] of modules: the TAPS x TAPS samples around each."""
    first, last = _FIRST, _FIRST + (size - 1) * SAMPLES + TAPS
    windows = np.lib.stride_tricks.sliding_window_view(normalised[first:last, first:last], (TAPS, TAPS))
    return windows[::SAMPLES, ::SAMPLES]


def _learn_equaliser(windows: Floats, target: Floats) -> Floats:
    """Return TAPS * TAPS coefficients and a constant.

    Ridge regression over the modules whose target is not 0, held to the mean of the module itself."""
    plain = np.zeros((TAPS * TAPS + 1, 1), np.float32)
    plain[:-1].reshape(TAPS, TAPS)[_REACH : _REACH + SAMPLES, _REACH : _REACH + SAMPLES] = 1 / SAMPLES**2
    given = np.flatnonzero(target)
    given = given[:: max(1, len(given) // MOST_LEARNT)]
    row, column = np.divmod(given, len(target))
    rows = np.ones((len(given), len(plain)), np.float32)
    rows[:, :-1] = windows[row, column].reshape(len(rows), -1)
    ridge = RIDGE * len(rows)
    gram = multiply(rows, rows, cv2.GEMM_1_T) + ridge * np.eye(len(plain), dtype=np.float32)
    goal = multiply(rows, target[row, column, None], cv2.GEMM_1_T) + ridge * plain
    _, learnt = cv2.solve(gram, goal, flags=cv2.DECOMP_CHOLESKY)
    return np.asarray(learnt, np.float32).ravel()


def _equalise(normalised: Floats, equaliser: Floats, size: int) -> SoftBits:
    """Return the weighed samples around each module.

    Every phase of the grid is filtered by itself: no value between modules is computed."""
    soft_bits = np.full((size, size), equaliser[-1], np.float32)
    kernel = equaliser[:-1].reshape(TAPS, TAPS)
    for down in range(SAMPLES):
        for across in range(SAMPLES):
            part = np.ascontiguousarray(normalised[_FIRST + down :: SAMPLES, _FIRST + across :: SAMPLES])
            phase = kernel[down::SAMPLES, across::SAMPLES]
            soft_bits += cv2.filter2D(part, cv2.CV_32F, phase, anchor=(0, 0))[:size, :size]
    return soft_bits


@dataclass(slots=True, init=False)
class _Correction:
    """Correction of all blocks from soft bits."""

    modules: Bits | None  # when every block was corrected
    proven: npt.NDArray[np.int8]  # 1 dark, -1 light: the modules of the blocks that were corrected

    def __init__(self, soft_bits: SoftBits, shape: Layout) -> None:
        seen = soft_bits[shape.formats[..., 0], shape.formats[..., 1]].clip(-1, 1).sum(axis=0)
        format_info = int(np.argmax(layout.format_signs() @ seen))  # the one that correlates best
        row, column = shape.bits[..., 0], shape.bits[..., 1]
        masked = layout.data_mask(format_info & 7, shape.size)[row, column]
        words = np.packbits((soft_bits[row, column] > 0) ^ masked, axis=1)[:, 0]
        confidence = np.abs(soft_bits[row, column]).min(axis=1)
        good = np.zeros(len(words), np.bool_)
        lost = 0
        blocks = layout.blocks(shape.version, format_info)
        for block in sorted(blocks, key=lambda one: -confidence[one.places].mean()):
            mine = confidence[block.places]
            corrected = _correct_block(words[block.places], mine, block.ecc) if mine.mean() > HOPEFUL else None
            if corrected is not None:
                words[block.places] = corrected
                good[block.places] = True
            elif (lost := lost + 1) == LOST:
                break
        modules = layout.draw(shape, format_info, words)
        signs = np.where(modules, 1, -1).astype(np.int8)
        self.proven = np.zeros_like(signs)
        self.proven[row[good], column[good]] = signs[row[good], column[good]]
        agreement = ((soft_bits * signs).sum() / np.abs(soft_bits).sum() + 1) / 2
        self.modules = modules if good.all() and agreement >= AGREEING else None


def _correct_block(words: Words, confidence: Floats, ecc: int) -> Words | None:
    """Correct by GMD: one trial for each share of ERASED, the least confident codewords first."""
    most = max(ecc - SLACK, 0)
    trials = sorted({int(share * most) // 2 * 2 for share in ERASED})
    return correct_by_trials(words, ecc, np.argsort(confidence), trials, SLACK)
