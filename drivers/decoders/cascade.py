"""The steps of reading: a look and a second look (`looking`); the last looks at a symbol that was located and
resisted (`resisting`), where zbar has the last word; changed pictures of the places where a code may be
(`regions`, `variants`), the cheapest first, and the last looks at what those located."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

import cv2
import numpy as np

from drivers.decoders.looking import (
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
)
from drivers.decoders.placing import VERY_REGULAR, placed
from drivers.decoders.regions import Region, busy_regions
from drivers.decoders.resisting import Resisting, last_looks
from drivers.decoders.variants import CHEAP, FINE, LIVE, SHARPENED, STILL, WHOLE, WIDE, Variant, resized

MOST = 1920  # pixels a side: beyond, time grows and nothing else
LAST_LOOKS = 3  # of one still at most: a bound on time
BESIDE = 3  # regions beside a code that was read, and as many again as codes were: a bound on time
AS_LARGE = 0.75  # times as large as a code that was read: what is worth looking for
ROOM = 0.5  # times as wide as a code that was read: what another needs
MANY = 3  # codes in a picture: then there are more everywhere
SLANT = 2.5  # times as long as wide: no code is seen so
LARGEST = 2.5  # times the whole picture: what an enlarged region may be
EXTRA = 0.4  # of the picture, looked at once more in a frame that was not read
FINE_MOST = 2.0  # times the whole picture: what every frame may be enlarged to
LIVE_SIZE = 117  # modules a side: the last look at a larger one takes longer than a frame
LAST_LOOK_EVERY = 6  # frames: it costs as much as some variants


def read_still(grey: Grey) -> Found:
    """Everything that can be tried: a still does not come again."""
    found = look(grey)
    if max(grey.shape) > MOST:
        factor = MOST / max(grey.shape)
        grey = resized(grey, factor)
        found = _scaled(found, factor) if found.texts else look(grey)
    more = [last_looks(_resisting(grey, found.located))] if found.texts else []
    if len(found.texts) >= MANY:
        more += [_varied(grey, variant) for variant in SHARPENED]
    if not found.texts:
        found = first_read(_searched(grey, found.located))
    if found.texts:
        read = [symbol.corners for symbol in found.symbols]
        more += [_read_beside(grey, region, read) for region in _beside(grey, read)]
    for part in more:
        if part.texts:
            found = Found(each_once((*found.texts, *part.texts)), part.step, found.symbols)
    return found


def _searched(grey: Grey, located: Sequence[Located]) -> Iterator[Found]:
    """One step after another, the cheapest first; whoever reads on has not read anything yet."""
    resisting = _resisting(grey, located[:1])
    for one in resisting:  # it surely is there, and no cheap variant brings as much
        yield one.unbent()
        yield one.unrolled()
    signs = list(located)
    for variant in WHOLE:
        found = _varied(grey, variant)
        yield found
        signs += _others(found.located, signs)
    regions = busy_regions(grey, coarser=True)
    for variant in CHEAP:
        for region in regions:
            found = _in_region(grey, region, variant)
            yield found
            signs += _others(found.located, signs)
    tried = len(resisting)
    resisting += _resisting(grey, signs[tried:LAST_LOOKS])
    yield last_looks(resisting, tried)
    yield first_read(one.unrolled() for one in resisting[tried:])
    yield _varied(grey, WIDE)
    for region in regions:
        yield from _searched_region(grey, region, signs)


def _searched_region(grey: Grey, region: Region, located: Sequence[Located]) -> Iterator[Found]:
    """What costs more than looking."""
    symbols = list(placed(region.of(grey))) if region.slant < SLANT else []
    yield last_looks(_resisting(grey, (_moved(one, region) for one in symbols)))
    hopeful = symbols or any(region.holds(one.corners) for one in located)
    if not hopeful and region.area > grey.size / 4:
        return  # a wall that is busy all over
    signs: list[Located] = []
    for variant in STILL:
        if region.area * variant.factor**2 < LARGEST * grey.size:
            found = _in_region(grey, region, variant)
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
    first = _in_region(grey, region, SHARPENED[0])
    if first.texts or not (first.located or _holds_another(grey, region, read)):
        return first
    cheap = (_in_region(grey, region, variant) for variant in CHEAP if variant is not SHARPENED[0])
    steps = chain((last_looks(_resisting(grey, first.located)),), cheap, _searched_region(grey, region, first.located))
    return first_read(steps)


def _holds_another(grey: Grey, region: Region, read: Sequence[Corners]) -> bool:
    if region.narrow < AS_LARGE * min(float(cv2.contourArea(corners)) for corners in read) ** 0.5:
        return False
    symbols = (_moved(symbol, region) for symbol in placed(region.of(grey), VERY_REGULAR))
    return any(not any(inside(symbol.corners, place) for place in read) for symbol in symbols)


def _moved(symbol: Located, region: Region) -> Located:
    """From the region to the picture."""
    return Located(symbol.corners + np.array((region.left, region.top), np.float32), symbol.size)


def _resisting(grey: Grey, located: Iterable[Located]) -> list[Resisting]:
    return [Resisting(grey, one) for one in islice(located, LAST_LOOKS)]


def _in_region(grey: Grey, region: Region, variant: Variant) -> Found:
    found = _varied(region.of(grey), variant)
    symbols, located = (tuple(_moved(one, region) for one in part) for part in (found.symbols, found.located))
    return replace(found, symbols=symbols, located=located)


def _varied(grey: Grey, variant: Variant) -> Found:
    """A look at the changed picture; symbols lie where they do in the unchanged one."""
    found = _scaled(look(variant.change(grey), variant.binarizer, again=False), 1 / variant.factor)
    return replace(found, step=variant.name if found.texts else "")


def _scaled(found: Found, factor: float) -> Found:
    """As it lies in a picture that is so many times larger."""
    symbols, located = (
        tuple(Located(np.asarray((one.corners + 0.5) * factor - 0.5, np.float32), one.size) for one in part)
        for part in (found.symbols, found.located)
    )
    return replace(found, symbols=symbols, located=located)


class LiveEye:
    """Frames of a camera, one after another.  Where nothing was read each frame gets the best step there is
    and one more; the next frame of the same code gets the next one.  What was read already does not end
    the search for other codes in the same frame."""

    def __init__(self) -> None:
        self._turn = 0  # of frames
        self._next = 0  # of variants

    def read(self, grey: Grey) -> Found:
        found = look(grey)
        self._turn += 1
        more = self._more(grey, found)
        return Found(each_once((*found.texts, *more.texts)), more.step or found.step, found.symbols, found.located)

    def _more(self, grey: Grey, found: Found) -> Found:
        if len(found.texts) >= MANY:
            return _varied(grey, SHARPENED[self._turn % len(SHARPENED)])
        regions = busy_regions(grey, [symbol.corners for symbol in found.symbols])
        area = sum(region.area for region in regions)
        located = list(found.located)
        for variant in FINE:
            if area and area * variant.factor**2 < FINE_MOST * grey.size:
                fine = _all_varied(grey, regions, variant)
                if fine.texts:
                    return fine
                located += fine.located
                break
        located = [one for one in located if one.size <= LIVE_SIZE]
        if located and (self._turn % 2 or found.texts):
            return self._last_look(grey, located[0])
        if not found.texts and self._turn % LAST_LOOK_EVERY == LAST_LOOK_EVERY // 2:
            return _varied(grey, WHOLE[self._turn // LAST_LOOK_EVERY % len(WHOLE)])
        if not regions:
            return NOTHING
        if self._turn % LAST_LOOK_EVERY == 0:
            part = regions[self._turn // LAST_LOOK_EVERY % len(regions)].of(grey)
            symbol = next((one for one in placed(part) if one.size <= LIVE_SIZE), None)
            return self._last_look(part, symbol) if symbol else NOTHING
        return self._variants(grey, regions, area)

    def _last_look(self, grey: Grey, symbol: Located) -> Found:
        """Half of what a still gets; the next frame gets the other."""
        one = Resisting(grey, symbol)
        bent = self._turn // 2 % 2 == 1
        steps = (one.unbent, one.unrolled) if bent else (one.restored, one.by_zbar)
        return first_read(step() for step in steps)

    def _variants(self, grey: Grey, regions: Sequence[Region], area: int) -> Found:
        """As many in rotation as together look at EXTRA of the picture, at least one."""
        left = EXTRA * grey.size
        while True:
            variant = LIVE[self._next % len(LIVE)]
            self._next += 1
            found = _all_varied(grey, regions, variant)
            left -= area * max(variant.factor, 1.0) ** 2
            if found.texts or left < area:
                return found


def _all_varied(grey: Grey, regions: Sequence[Region], variant: Variant) -> Found:
    parts = [_in_region(grey, region, variant) for region in regions]
    texts = each_once(text for part in parts for text in part.texts)
    located = tuple(one for part in parts for one in part.located)
    return Found(texts, variant.name if texts else "", located=located)
