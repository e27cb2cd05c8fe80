"""Location of a symbol whose finder patterns no reader recognises: blurred, smeared, half covered.

Its outline gives four corners, exact to some pixels (`outline`).  The borders of the modules come at a regular
distance: the peak of their discrete Fourier transform gives the version.  Then a blurred finder pattern is sought at
each corner (normalised cross-correlation); three of them give exact corners and the symbol's orientation.  Where blur
leaves no regularity, the version is the one whose finder patterns correlate best.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats, median
from drivers.decoders.detect.outline import find_outlines, gradients, is_square, longer_side
from drivers.decoders.qr.layout import FINDER, QUIET_ZONE
from drivers.decoders.rectify.perspective import MODULE, square_corners
from drivers.decoders.symbols import Corners, Grey, Symbol

VERSIONS = 30  # larger ones are not distinguished
SIZES = np.arange(1, VERSIONS + 1) * 4 + 17  # modules a side
LEAST_MODULE = 1.3  # pixels: smaller modules are not distinguished [1: 0, 1.7: -1]
LIKELY = 5  # versions that are tried [2: -4, 10: 0]
BLURRED = 12  # versions, the smallest, that are tried where blur leaves no regularity [6: 0, 20: 0]
MODULES_BLURRED = 0.35  # sigma: a blur of fewer modules leaves regularity [0.25: 0, 0.5: -1]
STEEPEST = 99  # percentile of the change from pixel to pixel [97: 0, 99.7: 0]
BEST = 2  # versions whose finder patterns correlate best, that are returned [1: -1, 4: 0]
REGULAR = 1.4  # times more than the median version the likeliest must stand out [1.2: 0, 1.7: 0]
VERY_REGULAR = 2.0  # likewise, where modules are sharp [1.6: 0, 2.5: 0]
# pixels a side in which the frequency is sought: of small and of large symbols [(108, 216): 0, (243, 486): -2]
FLAT = (162, 324)
TILES = 3  # a side: each has its own phase, for the corners are not exact [1: -7, 6: -1]
COARSE = 2  # pixels a module while the version is not certain [1: -5, 4: 0]
REACH = 3  # modules that a corner may be wrong [2: 0, 4: +1]
# correlation with a finder pattern, 1 when it is one, -1 when light and dark are exchanged [0.4: 0, 0.6: -3]
LEAST_SCORE = 0.5
SURE_SCORE = 0.62  # where two corners score so high, the third may be covered [0.54: +2, 0.72: 0]
CLIPPED = 1.5  # standard deviations of the modules from their mean [1: -1, 2.5: 0]


def locate_blurred(part: Grey, regular: float = REGULAR) -> Iterator[Symbol]:
    """Yield where a symbol may lie in `part`, the likeliest first.

    `regular`: REGULAR or VERY_REGULAR; with the latter only sharp symbols are located."""
    return (symbol for symbol in locate_blurred_in_parts(part, regular) if symbol is not None)


def locate_blurred_in_parts(part: Grey, regular: float = REGULAR) -> Iterator[Symbol | None]:
    """Yield what `locate_blurred` yields, and None after each part of the work."""
    seen_well = regular >= VERY_REGULAR
    outlines = list[Corners]()
    for outline in islice(find_outlines(part), 1 if seen_well else None):
        outlines.append(outline)
        yield None
    nothing = True
    for outline in outlines:
        side = longer_side(outline)
        flat = _flatten(part, outline, FLAT[1] if side > FLAT[0] else FLAT[0])
        sizes = _likely_sizes(flat, side, regular)
        yield None
        for symbol in _fit_finders(part, _tone_curve(flat), [Symbol(outline, size) for size in sizes]):
            nothing = False
            yield symbol
        yield None
    if nothing and not seen_well and outlines and is_square(outlines[0]):
        yield from _locate_irregular(part, outlines[0])


def _locate_irregular(part: Grey, outline: Corners) -> Iterator[Symbol | None]:
    """Yield every version that is not too fine, where blur leaves no regularity; the outline may be the paper's."""
    side, most = longer_side(outline), _blur(part, outline) / MODULES_BLURRED
    yield None
    sizes = [int(size) for size in SIZES[:BLURRED] if size * LEAST_MODULE <= side <= size * most]
    if not sizes:
        return
    tone_curve = _tone_curve(_flatten(part, outline, FLAT[0]))
    yield None
    yield from _fit_finders(part, tone_curve, [Symbol(outline, size) for size in sizes])
    yield None
    yield from _fit_finders(part, tone_curve, [Symbol(_without_quiet_zone(outline, size), size) for size in sizes])


def _without_quiet_zone(outline: Corners, size: int) -> Corners:
    centre = outline.mean(axis=0)
    return np.asarray(centre + (outline - centre) * (size / (size + 2 * QUIET_ZONE)), np.float32)


def _fit_finders(part: Grey, tone_curve: Grey, guesses: Iterable[Symbol]) -> Iterator[Symbol]:
    """Yield the BEST of the guesses, moved to their finder patterns, and upright."""
    tried = [_FinderFit(part, tone_curve, guess, COARSE) for guess in guesses]
    for fit in sorted(tried, key=lambda one: -one.score)[:BEST]:
        if fit.score >= 0:
            for upright in fit.upright():
                yield _FinderFit(part, tone_curve, upright, MODULE).settled()


def _blur(part: Grey, outline: Corners) -> float:
    """Return sigma in pixels, from the steepest edges within: a blurred edge rises by 0.4 (1 / sqrt(2 pi)) of its
    height in a sigma."""
    (left, top), (right, bottom) = np.maximum(outline.min(axis=0), 0).astype(int), outline.max(axis=0).astype(int)
    smooth, change = gradients(part[top : bottom + 1, left : right + 1])
    low, high = np.percentile(smooth[::3, ::3], (5, 95))
    steepest = max(float(np.percentile(change[::3, ::3], STEEPEST)), 1.0)
    return float(np.sqrt(max((0.4 * (high - low) / steepest) ** 2 - 1, 0)))


def _flatten(part: Grey, outline: Corners, side: int) -> Grey:
    corners = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    back = cv2.getPerspectiveTransform(outline, corners)
    return np.asarray(cv2.warpPerspective(part, back, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _tone_curve(flat: Grey) -> Grey:
    """Return a look-up table of 256 tones, none darker or lighter than modules are.

    So the paper round a faint symbol has no more weight than its modules."""
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(flat))
    low, high = mean - CLIPPED * deviation, mean + CLIPPED * deviation
    return np.arange(256).clip(max(int(low), 0), min(int(high), 255)).astype(np.uint8)


def _likely_sizes(flat: Grey, side: float, regular: float) -> list[int]:
    """Return modules a side, the likeliest first.  `side`: of the outline, in pixels of the picture."""
    score = np.zeros(VERSIONS, np.float32)
    waves = _waves(len(flat))
    for upright in (flat, np.ascontiguousarray(flat.T)):
        edges = cv2.absdiff(upright[:, 1:], upright[:, :-1])
        bands = cv2.resize(edges, (len(flat), TILES), interpolation=cv2.INTER_AREA).astype(np.float32)
        bands -= cv2.blur(bands, (len(flat) // 8 * 2 + 1, 1))
        tiles = bands.reshape(TILES, TILES, -1).transpose(1, 0, 2) @ waves
        score += np.hypot(tiles[..., :VERSIONS], tiles[..., VERSIONS:]).sum(axis=(0, 1))
    score *= SIZES  # blur weakens fine modules more
    possible = side >= SIZES * LEAST_MODULE
    score, sizes = score[possible], SIZES[possible]
    if not len(sizes) or score.max() <= regular * median(score):
        return []
    return [int(size) for size in sizes[np.argsort(score)[::-1]][:LIKELY]]


@cache
def _waves(side: int) -> Floats:
    """Return cosines and sines of every size: (tiles, places of a tile, cosines and sines)."""
    turns = 2 * np.pi * np.outer(np.arange(side) / side, SIZES)
    both = np.hstack([np.cos(turns), np.sin(turns)]).astype(np.float32)
    return both.reshape(TILES, side // TILES, 2 * VERSIONS)


class _FinderFit:
    """A guess of a symbol's place, correlated with finder patterns in its corners, at `module` pixels a module."""

    def __init__(self, part: Grey, tone_curve: Grey, guess: Symbol, module: int) -> None:
        template = _finder(module)
        reach = len(template) + 2 * REACH * module
        near, far = (QUIET_ZONE - REACH) * module, (QUIET_ZONE + guess.size + REACH) * module - reach
        whole = square_corners(guess.size, module)
        corner_scores, places = np.zeros((2, 4)), np.zeros((2, 4, 2), np.float32)  # as printed, and inverted
        for corner, place in enumerate(((near, near), (far, near), (far, far), (near, far))):
            flat = cv2.getPerspectiveTransform(guess.corners, whole - np.array(place, np.float32))
            around = cv2.warpPerspective(
                part, flat, (reach, reach), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            around = cv2.LUT(around, tone_curve)
            match = cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED)
            least, most, where_least, where_most = cv2.minMaxLoc(match)
            corner_scores[:, corner] = most, -least
            places[:, corner] = where_most, where_least
            if corner == 2 and not _is_hopeful(corner_scores):
                break
        sorted_scores = np.sort(corner_scores, axis=1)
        scores = np.maximum(sorted_scores[:, 1] - LEAST_SCORE, sorted_scores[:, 2] - SURE_SCORE)
        inverted = int(np.argmax(scores))
        self.score = float(scores[inverted])
        """Correlation of the corners: below 0 there is no symbol."""
        self._guess, self._corners = guess, whole
        self._corner_scores, self._moves = corner_scores[inverted], places[inverted] - REACH * module

    def upright(self) -> Iterator[Symbol]:
        """Yield the symbol moved to its finder patterns and upright; two patterns leave its orientation open."""
        best = np.argsort(-self._corner_scores).tolist()
        for odd in best[3:] if self._corner_scores[best[2]] >= LEAST_SCORE else best[3:1:-1]:
            yield self._moved(odd)

    def settled(self) -> Symbol:
        """Return the symbol moved to its finder patterns, for a guess that is upright already."""
        return self._moved(2)

    def _moved(self, odd: int) -> Symbol:
        """Return the symbol moved.  `odd`: the corner without a finder pattern, which is the lower right one."""
        moves = self._moves.copy()
        sure = self._corner_scores >= LEAST_SCORE
        sure[odd] = False
        moves[~sure] = moves[sure].mean(axis=0) if sure.any() else 0
        if sure.sum() == 3:
            moves[odd] = moves[odd - 1] + moves[(odd + 1) % 4] - moves[odd - 2]
        back = cv2.getPerspectiveTransform(self._corners, self._guess.corners)
        moved = cv2.perspectiveTransform((self._corners + moves)[None], back)[0]
        return Symbol(np.roll(moved, -((odd + 2) % 4), axis=0).astype(np.float32), self._guess.size)


def _is_hopeful(scores: npt.NDArray[np.float64]) -> bool:
    """Return whether the fourth corner may still make it three of these three, or two that are sure."""
    return bool(((scores >= LEAST_SCORE).sum(axis=1) >= 2).any() or (scores >= SURE_SCORE).any())


@cache
def _finder(module: int) -> Grey:
    """Return a finder pattern, a little blurred, without its surroundings: some codes have no quiet zone."""
    distance = np.maximum(*np.abs(np.indices((FINDER + 2, FINDER + 2)) - (FINDER + 1) // 2))
    ink = np.where((distance == 2) | (distance == 4), 255, 0).astype(np.uint8)
    large = ink.repeat(module, axis=0).repeat(module, axis=1)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 0.6 * module), np.uint8)[module:-module, module:-module]
