"""The steps of reading, cheapest first: a look and a second look (`looking`), changed pictures of the
places where a code may be (`regions`, `variants`), and for symbols that were located and resisted, the
last look (`restoring`)."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from drivers.readers.looking import Corners, Found, Grey, Located, each_once, inside, look
from drivers.readers.placing import VERY_REGULAR, placed
from drivers.readers.regions import Region, busy_regions
from drivers.readers.restoring import restored_texts
from drivers.readers.variants import LIVE, STILL, Variant, resized

MOST = 1920  # pixels a side: beyond, time grows and nothing else
RESTORED = "restored"
UNBENT = "unbent"
_NOTHING = Found((), "")
LAST_LOOKS = 3  # of one still at most: a bound on time
BESIDE = 3  # regions beside a code that was read, at most
SLANT = 2.5  # times as long as wide: no code is seen so
ENOUGH = 5  # variants after which there should be a sign of a code
LARGEST = 2.5  # times the whole picture: what an enlarged region may be
EXTRA = 0.4  # of the picture, looked at once more in a frame that was not read
LAST_LOOK_EVERY = 6  # frames: it costs as much as some variants


def read_still(grey: Grey) -> Found:
    """Everything that can be tried: a still does not come again."""
    if max(grey.shape) > MOST:
        large = look(grey)
        if large.texts:
            return large
        grey = resized(grey, MOST / max(grey.shape))
    found = look(grey)
    if found.texts:
        found = _with_last_looks(grey, found)
    if found.texts:
        read = [symbol.corners for symbol in found.symbols]
        more = [_read_beside(grey, region, read) for region in _beside(grey, read)]
    else:
        more = [_read_region(grey, region) for region in busy_regions(grey)]
    for part in more:
        if part.texts:
            found = Found(each_once((*found.texts, *part.texts)), part.step, found.symbols)
    return found


def _beside(grey: Grey, read: Sequence[Corners]) -> list[Region]:
    """Where another code may be, by the shape of it."""
    half = [np.asarray((corners + 0.5) / 2 - 0.5, np.float32) for corners in read]
    regions = [region.scaled(2) for region in busy_regions(resized(grey, 0.5), half)]
    likely = [region for region in regions if region.area < grey.size / 4 and region.slant < SLANT]
    return likely[:BESIDE]


def _read_beside(grey: Grey, region: Region, read: Sequence[Corners]) -> Found:
    """All steps where there surely is a code, else the first one."""
    if _holds_another(grey, region, read):
        return _read_region(grey, region)
    found = _varied(region.of(grey), STILL[0])
    return Found(found.texts, STILL[0].name) if found.texts else _NOTHING


def _holds_another(grey: Grey, region: Region, read: Sequence[Corners]) -> bool:
    offset = np.array((region.left, region.top), np.float32)
    symbols = placed(region.of(grey), VERY_REGULAR)
    return any(not any(inside(symbol.corners + offset, place) for place in read) for symbol in symbols)


def _read_region(grey: Grey, region: Region) -> Found:
    part = region.of(grey)
    located: list[Located] = []
    symbols: list[Located] = []
    for number, variant in enumerate(STILL):
        if number == ENOUGH:
            symbols = list(placed(part)) if region.slant < SLANT else []
            if not located and not symbols and region.area > grey.size / 4:
                return _NOTHING  # a wall that is busy all over
        if region.area * variant.factor**2 > LARGEST * grey.size:
            continue
        found = _varied(part, variant)
        if found.texts:
            return Found(found.texts, variant.name)
        located += found.located
    found = _last_looks(part, located, bent=False)
    if found.texts:
        return found
    for symbol in symbols:
        for bent in (True, False):
            if texts := restored_texts(part, symbol, bent=bent):
                return Found(each_once(texts), UNBENT if bent else RESTORED)
    return _last_looks(part, located, bent=True)


def _with_last_looks(grey: Grey, found: Found) -> Found:
    """What was read, and what a last look reads beside it."""
    texts, step = found.texts, found.step
    for bent in (False, True):
        more = _last_looks(grey, found.located, bent=bent)
        if more.texts:
            texts, step = each_once((*texts, *more.texts)), more.step
    return Found(texts, step, found.symbols)


def _last_looks(grey: Grey, located: Sequence[Located], *, bent: bool) -> Found:
    for symbol in located[:LAST_LOOKS]:
        if texts := restored_texts(grey, symbol, bent=bent):
            return Found(each_once(texts), UNBENT if bent else RESTORED)
    return _NOTHING


def _varied(grey: Grey, variant: Variant) -> Found:
    """A look at the changed picture; symbols lie where they do in the unchanged one."""
    found = look(variant.change(grey), variant.binarizer)

    def back(symbol: Located) -> Located:
        return Located(np.asarray((symbol.corners + 0.5) / variant.factor - 0.5, np.float32), symbol.size)

    symbols, located = (tuple(back(one) for one in part) for part in (found.symbols, found.located))
    return Found(found.texts, found.step, symbols, located)


class LiveEye:
    """Frames of a camera, one after another.  Where nothing was read each frame gets one step more; the
    next frame of the same code gets the next one.  What was read already does not end the search for
    other codes in the same frame."""

    def __init__(self) -> None:
        self._turn = 0  # of frames
        self._next = 0  # of variants

    def read(self, grey: Grey) -> Found:
        found = look(grey)
        self._turn += 1
        more = self._one_step_more(grey, found)
        return Found(each_once((*found.texts, *more.texts)), more.step or found.step, found.symbols, found.located)

    def _one_step_more(self, grey: Grey, found: Found) -> Found:
        bent = self._turn // 2 % 2 == 1
        if found.located and (self._turn % 2 or found.texts):
            return _last_looks(grey, found.located[:1], bent=bent)
        regions = busy_regions(grey, [symbol.corners for symbol in found.symbols])
        if not regions:
            return _NOTHING
        if self._turn % LAST_LOOK_EVERY == 0:
            part = regions[self._turn // LAST_LOOK_EVERY % len(regions)].of(grey)
            return _last_looks(part, list(islice(placed(part), 1)), bent=bent)
        return self._variants(regions, grey)

    def _variants(self, regions: Sequence[Region], grey: Grey) -> Found:
        """As many in rotation as together look at EXTRA of the picture, at least one."""
        area = sum(region.area for region in regions)
        left = EXTRA * grey.size
        while True:
            variant = LIVE[self._next % len(LIVE)]
            self._next += 1
            texts = [text for region in regions for text in _varied(region.of(grey), variant).texts]
            left -= area * max(variant.factor, 1.0) ** 2
            if texts or left < area:
                return Found(each_once(texts), variant.name if texts else "")
