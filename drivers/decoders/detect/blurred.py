"""Finds a symbol whose finder patterns no reader recognises: blurred, smeared, half covered.

The modules together are a busy square on quiet ground: its outline gives four corners, about right.
The borders of the modules come at a regular distance: its frequency gives the version.  Then a blurred
finder pattern is looked for at each corner; three answer, which gives the corners well and says which
way up the symbol is.  Where blur leaves no regularity, the version is the one whose finder patterns answer.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats, middle
from drivers.decoders.detect.zxing import MODULE, QUIET_ZONE, Corners, Grey, Located, halved, square_corners
from drivers.decoders.qr.layout import FINDER

VERSIONS = 30  # larger ones are not told apart
SIZES = np.arange(1, VERSIONS + 1) * 4 + 17  # modules a side
LEAST_MODULE = 1.3  # pixels: what is smaller is not told apart
LIKELY = 5  # versions that are tried
BLURRED = 12  # versions, the smallest, that are tried where blur leaves no regularity
MODULES_BLURRED = 0.35  # sigma: what is blurred by fewer modules is regular
STEEPEST = 99  # of a hundred places, in the order of their change
BEST = 2  # of them that are worth more
SQUARE = 0.66  # its shortest side against its longest: what is narrower is hardly a symbol
GRAIN = 2  # pixels a side of what an outline is made of
FILLED = 0.9  # of the rectangle around it: what fills more has all its corners
LARGE = 500  # pixels a side: modules may be so large that they are no surface, unless halved
SPREAD = (5, 5)  # grains over which changes are added up to a surface
LEAST = (5, 5)  # grains: what is narrower is no surface
FULL = 0.5  # of the typical change of the surface: where it ends
REGULAR = 1.4  # times more than the usual size the likeliest must stand out
VERY_REGULAR = 2.0  # as it does where modules are seen well
FLAT = (162, 324)  # pixels a side in which the frequency is looked for: of small and of large symbols
TILES = 3  # a side: each has its own phase, for the corners are not exact
COARSE = 2  # pixels a module while the version is not certain
REACH = 3  # modules that a corner may be wrong
ALIKE = 0.5  # correlation with a finder pattern, 1 when it is one, -1 when light and dark are exchanged
SURELY = 0.62  # where two corners are so much alike, the third may be covered
CLIPPED = 1.5  # standard deviations of the modules from their mean


def placed(part: Grey, regular: float = REGULAR) -> Iterator[Located]:
    """Where a symbol may lie in `part`, the likeliest first.  `regular`: REGULAR or VERY_REGULAR; with this one only
    what is seen well is placed."""
    seen_well = regular >= VERY_REGULAR
    outlines = list(islice(_outlines(part), 1 if seen_well else None))
    nothing = True
    for outline in outlines:
        side = _longest(outline)
        flat = _flattened(part, outline, FLAT[side > FLAT[0]])
        sizes = _likely_sizes(flat, side, regular)
        for symbol in _upright(part, _tones(flat), [Located(outline, size) for size in sizes]):
            nothing = False
            yield symbol
    if nothing and not seen_well and outlines and _is_square(outlines[0]):
        yield from _placed_blurred(part, outlines[0])


def _placed_blurred(part: Grey, outline: Corners) -> Iterator[Located]:
    """Where blur leaves no regularity: every version that is not too fine; and the outline may be the paper's."""
    side, most = _longest(outline), _blur(part, outline) / MODULES_BLURRED
    sizes = [int(size) for size in SIZES[:BLURRED] if size * LEAST_MODULE <= side <= size * most]
    if not sizes:
        return
    tones = _tones(_flattened(part, outline, FLAT[0]))
    yield from _upright(part, tones, [Located(outline, size) for size in sizes])
    yield from _upright(part, tones, [Located(_without_quiet_zone(outline, size), size) for size in sizes])


def _without_quiet_zone(outline: Corners, size: int) -> Corners:
    centre = outline.mean(axis=0)
    return np.asarray(centre + (outline - centre) * (size / (size + 2 * QUIET_ZONE)), np.float32)


def _longest(outline: Corners) -> float:
    """Its longer side, in pixels."""
    return max(float(np.linalg.norm(outline[0] - outline[1])), float(np.linalg.norm(outline[1] - outline[2])))


def _is_square(outline: Corners) -> bool:
    sides = np.linalg.norm(outline - np.roll(outline, 1, axis=0), axis=1)
    return bool(sides.min() > SQUARE * sides.max())


def _upright(part: Grey, tones: Grey, guesses: Iterable[Located]) -> Iterator[Located]:
    """The best of them, moved to where the finder patterns are."""
    tried = [_Cornered(part, tones, guess, COARSE) for guess in guesses]
    for one in sorted(tried, key=lambda one: -one.alike)[:BEST]:
        if one.alike >= 0:
            for upright in one.turned():
                yield _Cornered(part, tones, upright, MODULE).settled()


def _blur(part: Grey, outline: Corners) -> float:
    """Sigma in pixels, as the steepest edges within tell: they rise by 0.4 of their height in a sigma."""
    (left, top), (right, bottom) = np.maximum(outline.min(axis=0), 0).astype(int), outline.max(axis=0).astype(int)
    smooth, change = _changes(part[top : bottom + 1, left : right + 1])
    low, high = np.percentile(smooth[::3, ::3], (5, 95))
    steepest = max(float(np.percentile(change[::3, ::3], STEEPEST)), 1.0)
    return float(np.sqrt(max((0.4 * (high - low) / steepest) ** 2 - 1, 0)))


def _changes(part: Grey) -> tuple[Grey, Grey]:
    """The part, smoothed by a sigma of one pixel, and how much it changes from pixel to pixel."""
    smooth = np.asarray(cv2.GaussianBlur(part, (0, 0), 1.0), np.uint8)
    across, down = cv2.absdiff(smooth[:-1, 1:], smooth[:-1, :-1]), cv2.absdiff(smooth[1:, :-1], smooth[:-1, :-1])
    return smooth, np.asarray(cv2.max(across, down), np.uint8)


def _outlines(part: Grey) -> Iterator[Corners]:
    yield from _outline(part)
    if max(part.shape) > LARGE:
        for outline in _outline(halved(part)):
            yield np.asarray((outline + 0.5) * 2 - 0.5, np.float32)


def _outline(part: Grey) -> Iterator[Corners]:
    """The four corners of the largest busy surface, clockwise; then those of the rectangle around it, of which a
    corner may be missing."""
    if min(part.shape) < 8 * GRAIN:
        return
    _, change = _changes(part)
    surface = cv2.blur(halved(change).astype(np.float32), SPREAD)
    busy = surface[surface > 0.5 * float(surface.max())]
    if not len(busy):
        return
    mask = (surface > FULL * middle(busy)).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones(SPREAD, np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(LEAST, np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    length = cv2.arcLength(hull, closed=True)
    for share in (0.03, 0.05, 0.08, 0.12):
        four = cv2.approxPolyDP(hull, share * length, closed=True)
        if len(four) == 4:
            break
    box = _clockwise(cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float32))
    corners = _clockwise(four.reshape(-1, 2).astype(np.float32)) if len(four) == 4 else box
    if cv2.contourArea(corners) < 21 * 21 / GRAIN**2:
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


def _flattened(part: Grey, outline: Corners, side: int) -> Grey:
    corners = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    back = cv2.getPerspectiveTransform(outline, corners)
    return np.asarray(cv2.warpPerspective(part, back, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _tones(flat: Grey) -> Grey:
    """What to take each tone for: none is darker or lighter than modules are.  The paper round a faint symbol
    counts for no more than they."""
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(flat))
    low, high = mean - CLIPPED * deviation, mean + CLIPPED * deviation
    return np.arange(256).clip(max(int(low), 0), min(int(high), 255)).astype(np.uint8)


def _likely_sizes(flat: Grey, side: float, regular: float) -> list[int]:
    """`side`: of the outline, in pixels of the picture."""
    score = np.zeros(VERSIONS, np.float32)
    waves = _waves(len(flat))
    for upright in (flat, np.ascontiguousarray(flat.T)):
        edges = cv2.absdiff(upright[:, 1:], upright[:, :-1])
        bands = cv2.resize(edges, (len(flat), TILES), interpolation=cv2.INTER_AREA).astype(np.float32)
        bands -= cv2.blur(bands, (len(flat) // 8 * 2 + 1, 1))
        tiles = bands.reshape(TILES, TILES, -1).transpose(1, 0, 2) @ waves
        score += np.hypot(tiles[..., :VERSIONS], tiles[..., VERSIONS:]).sum(axis=(0, 1))
    score *= SIZES  # blur takes more from what is fine
    possible = side >= SIZES * LEAST_MODULE
    score, sizes = score[possible], SIZES[possible]
    if not len(sizes) or score.max() <= regular * middle(score):
        return []
    return [int(size) for size in sizes[np.argsort(score)[::-1]][:LIKELY]]


@cache
def _waves(side: int) -> Floats:
    """(tiles, places of a tile, cosines and sines of every size)."""
    turns = 2 * np.pi * np.outer(np.arange(side) / side, SIZES)
    both = np.hstack([np.cos(turns), np.sin(turns)]).astype(np.float32)
    return both.reshape(TILES, side // TILES, 2 * VERSIONS)


class _Cornered:
    """A symbol whose place is about right, held against finder patterns in its corners, at `module` pixels a module."""

    def __init__(self, part: Grey, tones: Grey, guess: Located, module: int) -> None:
        template = _finder(module)
        reach = len(template) + 2 * REACH * module
        near, far = (QUIET_ZONE - REACH) * module, (QUIET_ZONE + guess.size + REACH) * module - reach
        whole = square_corners(guess.size, module)
        alike, places = np.zeros((2, 4)), np.zeros((2, 4, 2), np.float32)  # as printed, and inverted
        for corner, place in enumerate(((near, near), (far, near), (far, far), (near, far))):
            flat = cv2.getPerspectiveTransform(guess.corners, whole - np.array(place, np.float32))
            around = cv2.warpPerspective(
                part, flat, (reach, reach), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            around = cv2.LUT(around, tones)
            match = cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED)
            least, most, where_least, where_most = cv2.minMaxLoc(match)
            alike[:, corner] = most, -least
            places[:, corner] = where_most, where_least
            if corner == 2 and not _hopeful(alike):
                break
        scores = np.sort(alike, axis=1)
        scores = np.maximum(scores[:, 1] - ALIKE, scores[:, 2] - SURELY)
        inverted = int(np.argmax(scores))
        self.alike = float(scores[inverted])
        """How well they answer: below 0 there is no symbol."""
        self._guess, self._corners = guess, whole
        self._each, self._moves = alike[inverted], places[inverted] - REACH * module

    def turned(self) -> Iterator[Located]:
        """Moved to where the finder patterns are, and upright; two of them leave open which way up it is."""
        best = np.argsort(-self._each).tolist()
        for odd in best[3:] if self._each[best[2]] >= ALIKE else best[3:1:-1]:
            yield self._moved(odd)

    def settled(self) -> Located:
        """Moved, of a symbol that is upright already."""
        return self._moved(2)

    def _moved(self, odd: int) -> Located:
        """`odd`: the corner without a finder pattern, which is the lower right one."""
        moves = self._moves.copy()
        sure = self._each >= ALIKE
        sure[odd] = False
        moves[~sure] = moves[sure].mean(axis=0) if sure.any() else 0
        if sure.sum() == 3:
            moves[odd] = moves[odd - 1] + moves[(odd + 1) % 4] - moves[odd - 2]
        back = cv2.getPerspectiveTransform(self._corners, self._guess.corners)
        moved = cv2.perspectiveTransform((self._corners + moves)[None], back)[0]
        return Located(np.roll(moved, -((odd + 2) % 4), axis=0).astype(np.float32), self._guess.size)


def _hopeful(alike: npt.NDArray[np.float64]) -> bool:
    """Of three corners: whether the fourth may still make it three, or two that surely are."""
    return bool(((alike >= ALIKE).sum(axis=1) >= 2).any() or (alike >= SURELY).any())


@cache
def _finder(module: int) -> Grey:
    """A finder pattern, a little blurred.  What is around it is not looked at: not everybody leaves a quiet zone."""
    distance = np.maximum(*np.abs(np.indices((FINDER + 2, FINDER + 2)) - (FINDER + 1) // 2))
    ink = np.where((distance == 2) | (distance == 4), 255, 0).astype(np.uint8)
    large = ink.repeat(module, axis=0).repeat(module, axis=1)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 0.6 * module), np.uint8)[module:-module, module:-module]
