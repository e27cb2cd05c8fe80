"""The steps of reading: a look and a second look (`looking`); the last looks at a symbol that was located and
resisted (`resisting`), where zbar has the last word; changed pictures of the places where a code may be
(`regions`, `variants`), the cheapest first, and the last looks at what those located."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import cv2
import numpy as np

from drivers.decoders.detect.blurred import VERY_REGULAR, placed
from drivers.decoders.detect.dots import joined
from drivers.decoders.detect.regions import Region, busy_regions, faint_regions
from drivers.decoders.detect.zxing import (
    NOTHING,
    Corners,
    Found,
    Grey,
    Located,
    each_once,
    first_read,
    halved,
    inside,
    look,
    scaled,
)
from drivers.decoders.failures import shielded
from drivers.decoders.preprocess import CHEAP, MANY, SHARPENED, STILL, WHOLE, WIDE, resized
from drivers.decoders.recovery import Resisting, last_looks
from drivers.decoders.varying import in_region, moved, varied

MOST = 1920  # pixels a side: beyond, time grows and nothing else
LAST_LOOKS = 3  # of one still at most: a bound on time
BUDGET = 6.0  # seconds of processor for one still: a slow board needs 3 for the worst photograph of the collection
BESIDE = 3  # regions beside a code that was read, and as many again as codes were: a bound on time
AS_LARGE = 0.75  # times as large as a code that was read: what is worth looking for
ROOM = 0.5  # times as wide as a code that was read: what another needs
SLANT = 2.5  # times as long as wide: no code is seen so
LARGEST = 2.5  # times the whole picture: what an enlarged region may be


def read_still(grey: Grey) -> Found:
    """Everything that can be tried: a still does not come again."""
    found = look(grey)
    if max(grey.shape) > MOST:
        factor = MOST / max(grey.shape)
        grey = resized(grey, factor)
        found = scaled(found, factor) if found.texts else look(grey)
    more = _more(grey, found, time.thread_time() + BUDGET)
    return more if more.texts else found


@shielded(lambda: NOTHING)
def _more(grey: Grey, found: Found, end: float) -> Found:
    """What was found, and what else there is.  `end`: the thread's processor time, in seconds."""
    more = [last_looks(_resisting(grey, found.located))] if found.texts else []
    if len(found.texts) >= MANY:
        more += [varied(grey, variant) for variant in SHARPENED]
    if not found.texts:
        found = first_read(_until(end, _searched(grey, found.located)))
    if found.texts:
        read = [symbol.corners for symbol in found.symbols]
        more += _until(end, (_read_beside(grey, region, read) for region in _beside(grey, read)))
    for part in more:
        if part.texts:
            found = Found(each_once((*found.texts, *part.texts)), part.step, found.symbols)
    return found


def _until(end: float, steps: Iterable[Found]) -> Iterator[Found]:
    """Steps for as long as there is time."""
    for found in steps:
        yield found
        if time.thread_time() > end:
            return


def _searched(grey: Grey, located: Sequence[Located]) -> Iterator[Found]:
    """One step after another, the cheapest first; whoever reads on has not read anything yet."""
    resisting = _resisting(grey, located[:1])
    for one in resisting:  # it surely is there, and no cheap variant brings as much
        yield one.unbent()
        yield one.unrolled()
    signs = list(located)
    for variant in WHOLE:
        found = varied(grey, variant)
        yield found
        signs += _others(found.located, signs)
    regions = busy_regions(grey, coarser=True)
    for variant in CHEAP:
        for region in regions:
            found = in_region(grey, region, variant)
            yield found
            signs += _others(found.located, signs)
    for region in regions:
        yield joined(grey, region)
    tried = len(resisting)
    resisting += _resisting(grey, signs[tried:LAST_LOOKS])
    yield last_looks(resisting, tried)
    yield first_read(one.unrolled() for one in resisting[tried:])
    yield varied(grey, WIDE)
    for region in regions:
        yield from _searched_region(grey, region, signs)
    for region in faint_regions(grey, regions):
        yield first_read(in_region(grey, region, variant) for variant in CHEAP)
        yield from _searched_region(grey, region, ())


def _searched_region(grey: Grey, region: Region, located: Sequence[Located]) -> Iterator[Found]:
    """What costs more than looking."""
    symbols = list(placed(region.of(grey))) if region.slant < SLANT else []
    yield last_looks(_resisting(grey, (moved(one, region) for one in symbols)))
    hopeful = symbols or any(region.holds(one.corners) for one in located)
    if not hopeful and region.area > grey.size / 4:
        return  # a wall that is busy all over
    signs: list[Located] = []
    for variant in STILL:
        if region.area * variant.factor**2 < LARGEST * grey.size:
            found = in_region(grey, region, variant)
            yield found
            signs += _others(found.located, (*located, *signs))
    yield last_looks(_resisting(grey, signs))


def _others(located: Iterable[Located], known: Sequence[Located]) -> list[Located]:
    """Those that do not lie to the pixel where one of the known ones does."""
    return [
        one
        for one in located
        if not any(one.size == other.size and np.abs(one.corners - other.corners).max() < 0.5 for other in known)
    ]


def _beside(grey: Grey, read: Sequence[Corners]) -> list[Region]:
    """Where another code may be, by the shape of it."""
    if len(read) == 1 and _fills(grey, read[0]):
        return []
    half = [np.asarray((corners + 0.5) / 2 - 0.5, np.float32) for corners in read]
    regions = [region.scaled(2) for region in busy_regions(halved(grey), half)]
    likely = [region for region in regions if region.area < grey.size / 4 and region.slant < SLANT]
    return likely[: BESIDE + len(read)]


def _fills(grey: Grey, code: Corners) -> bool:
    """Whether there is no room for another, half as large, on any side of it."""
    high, wide = grey.shape
    (left, top), (right, bottom) = code.min(axis=0), code.max(axis=0)
    return bool(max(left, top, wide - right, high - bottom) < ROOM * max(right - left, bottom - top))


def _read_beside(grey: Grey, region: Region, read: Sequence[Corners]) -> Found:
    """All steps where there surely is a code, else the first one."""
    first = in_region(grey, region, SHARPENED[0])
    if first.texts or not (first.located or _holds_another(grey, region, read)):
        return first
    cheap = (in_region(grey, region, variant) for variant in CHEAP if variant is not SHARPENED[0])
    steps = chain((last_looks(_resisting(grey, first.located)),), cheap, _searched_region(grey, region, first.located))
    return first_read(steps)


def _holds_another(grey: Grey, region: Region, read: Sequence[Corners]) -> bool:
    if region.narrow < AS_LARGE * min(float(cv2.contourArea(corners)) for corners in read) ** 0.5:
        return False
    symbols = (moved(symbol, region) for symbol in placed(region.of(grey), VERY_REGULAR))
    return any(not any(inside(symbol.corners, place) for place in read) for symbol in symbols)


def _resisting(grey: Grey, located: Iterable[Located]) -> list[Resisting]:
    return [Resisting(grey, one) for one in islice(located, LAST_LOOKS)]
