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

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders import symbol
from drivers.decoders.looking import MODULE, QUIET_ZONE, Grey, Located, read_flat, straightened
from drivers.decoders.reed_solomon import Words, corrected
from drivers.decoders.symbol import Bits, Layout
from drivers.decoders.unbending import unbent

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float32]
"""Square [row, column] of modules: above 0 dark, below 0 light; the further away, the surer."""

STEP = 2  # samples a module
TAPS = 10  # samples a side that the equaliser weighs: 5 modules
ROUNDS = 4  # of learning
UNSURE = 0.5  # of the modules are left out of the next round: the least sure
RIDGE = 0.002  # of the known modules' number: how strongly the equaliser stays a mere average
WINDOW = 5  # modules a side in which there are dark and light ones
SLACK = 4  # spare codewords a block that stay unused when some count as erased
ERASING = (0.0, 0.35, 0.7, 1.0)  # of the codewords that may count as erased, one try after another
FITTING = 0.5  # mean of the modules known beforehand, 1 when each is right: less, and it is another symbol
AGREEING = 0.8  # of the modules, weighed by how sure they are: less is a chance find
_NONE = np.zeros(0, np.float32)
DRAWN = 3  # pixels a module of the symbol drawn anew


def restored_texts(grey: Grey, located: Located, *, bent: bool) -> list[str]:
    """What the located symbol says; `bent`: once its modules were moved to where they should be."""
    square = straightened(grey, located)
    if bent:
        square = unbent(square, located.size, MODULE, QUIET_ZONE)
    modules = restored(square, (located.size - 17) // 4)
    if modules is None:
        return []
    framed = np.pad(np.where(modules, 0, 255).astype(np.uint8), QUIET_ZONE, constant_values=255)
    return read_flat(framed.repeat(DRAWN, axis=0).repeat(DRAWN, axis=1))


def restored(square: Grey, version: int) -> Bits | None:
    """The modules of a straightened symbol with its quiet zone, every one as it was drawn; None when
    that cannot be told."""
    shape = symbol.layout(version)
    around = _neighbourhoods(_evened(square), shape.size)
    known = shape.fixed.astype(np.float32)
    target = known
    for turn in range(ROUNDS):
        weights = _product(around, _learnt(around, target.ravel()), flags=0).reshape(known.shape)
        if (weights * known).clip(-1, 1).sum() < FITTING * np.abs(known).sum():
            return None
        attempt = _Attempt(weights, shape)
        if attempt.modules is not None:
            return attempt.modules
        if turn and not attempt.proven.any():
            return None
        known = np.where(attempt.proven, attempt.proven, known)
        sure = np.abs(weights) > np.quantile(np.abs(weights), UNSURE)
        target = np.where(known, known, np.sign(weights) * sure).astype(np.float32)
    return None


def _evened(square: Grey) -> Floats:
    """STEP samples a module: about -1 for the lightest and 1 for the darkest of the neighbourhood;
    nearer to 0 where the two differ little, as under a reflection."""
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (WINDOW * MODULE, WINDOW * MODULE))
    smooth = cv2.GaussianBlur(square, (0, 0), 0.3 * MODULE)
    side = len(square) // MODULE * STEP
    high, low, middle = (
        cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        for part in (cv2.dilate(smooth, window), cv2.erode(smooth, window), square)
    )
    high, low = (np.asarray(cv2.GaussianBlur(part, (0, 0), 0.5 * WINDOW * STEP), np.float32) for part in (high, low))
    spread = (high - low) / 2
    return np.asarray(((high + low) / 2 - middle) / (spread + 0.25 * float(np.median(spread)) + 1), np.float32)


def _neighbourhoods(samples: Floats, size: int) -> Floats:
    """(modules, weights of one equaliser): the samples around each module, and a constant."""
    first = QUIET_ZONE * STEP - (TAPS - STEP) // 2
    last = first + (size - 1) * STEP + TAPS
    windows = np.lib.stride_tricks.sliding_window_view(samples[first:last, first:last], (TAPS, TAPS))[::STEP, ::STEP]
    flat = windows.reshape(size * size, TAPS * TAPS)
    return np.hstack([flat, np.ones((len(flat), 1), np.float32)])


def _learnt(around: Floats, target: Floats) -> Floats:
    """Least squares over the modules whose target is not 0, held back towards the mean of the module itself."""
    plain = np.zeros(around.shape[1], np.float32)
    reach = (TAPS - STEP) // 2
    plain[:-1].reshape(TAPS, TAPS)[reach : reach + STEP, reach : reach + STEP] = 1 / STEP**2
    given = target != 0
    rows = around[given]
    ridge = RIDGE * len(rows)
    gram = _product(rows, rows) + ridge * np.eye(len(plain), dtype=np.float32)
    goal = _product(rows, target[given, None]) + ridge * plain[:, None]
    _, learnt = cv2.solve(gram, goal, flags=cv2.DECOMP_CHOLESKY)
    return np.asarray(learnt, np.float32)


def _product(one: Floats, other: Floats, flags: int = cv2.GEMM_1_T) -> Floats:
    """NumPy would start threads for it, which cost more than they give."""
    return np.asarray(cv2.gemm(one, other, 1.0, _NONE, 0.0, flags=flags), np.float32)


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
        for block in symbol.blocks(shape.version, number):
            fixed = _block_corrected(words[block.places], surety[block.places], block.spare)
            if fixed is not None:
                words[block.places] = fixed
                good[block.places] = True
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
