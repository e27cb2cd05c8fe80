"""Reading the frames of a camera, one after another: where nothing was read each gets the best steps there are and
one more; the next frame of the same code gets the next one."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from drivers.decoders.detect.blurred import placed
from drivers.decoders.detect.dots import joined
from drivers.decoders.detect.regions import Region, busy_regions
from drivers.decoders.detect.zxing import GLOBAL, NOTHING, Found, Grey, Located, each_once, look
from drivers.decoders.failures import shielded
from drivers.decoders.frame_average import Stack
from drivers.decoders.preprocess import FINE, LIVE, MANY, SHARPENED, WHOLE
from drivers.decoders.recovery import Resisting
from drivers.decoders.varying import in_regions, varied

EXTRA = 0.4  # of the picture, looked at once more in a frame that was not read
ENLARGED = 2.0  # times the whole picture: what every frame may be enlarged to
STACK_ENLARGED = 4.0  # likewise, of what the last frames show together: its noise may look busy all over
LARGEST = 117  # modules a side: the last look at a larger one takes longer than a frame
CYCLE = 6  # frames: in the last of them symbols are placed
PLACED = 3  # symbols at most
RESTORED = 2  # symbols of every frame
STACKED = (1, 4)  # of a cycle: what the last frames show together
RESISTED = (1, 2, 4)  # of a cycle: another last look
SLOW = 0.2  # seconds of processor: a look that took longer met a crowd of patterns, and the others would, too
UNEVEN = 3  # of a cycle: uneven light, and dots


class LiveEye:
    """What was read already does not end the search for other codes in the same frame."""

    def __init__(self) -> None:
        self._stack = Stack()
        self._turn = 0  # of frames
        self._last = 0  # of last looks
        self._next = 0  # of variants

    def read(self, grey: Grey) -> Found:
        start = time.thread_time()
        found = look(grey)
        self._turn += 1
        if time.thread_time() - start > SLOW:
            return found
        more = self._more(grey, found)
        return Found(each_once((*found.texts, *more.texts)), more.step or found.step, found.symbols, found.located)

    def blink(self) -> None:
        """A frame is left out: the next one is not added to those before."""
        self._stack.forget()

    @shielded(lambda: NOTHING)
    def _more(self, grey: Grey, found: Found) -> Found:
        if len(found.texts) >= MANY:
            return varied(grey, SHARPENED[self._turn % len(SHARPENED)])
        regions = busy_regions(grey, [symbol.corners for symbol in found.symbols])
        if found.texts:
            self._stack.forget()
        else:
            self._stack.add(grey, regions[0] if regions else None)
        best, resisting = _best(grey, found, regions, ENLARGED)
        return best if best.texts else self._by_turns(grey, regions, resisting, alone=not found.texts)

    def _by_turns(self, grey: Grey, regions: Sequence[Region], resisting: Resisting | None, *, alone: bool) -> Found:
        """`alone`: no other code was read in this frame."""
        step, cycle = self._turn % CYCLE, self._turn // CYCLE
        if step in STACKED and (mean := self._stack.mean()) is not None:
            return self._stacked(mean)
        if resisting and (step in RESISTED or not alone):
            return self._last_look(resisting)
        if step == UNEVEN and alone:
            if (dotted := joined(grey, regions[0]) if regions else NOTHING).texts:
                return dotted
            return varied(grey, WHOLE[cycle % len(WHOLE)])
        if not regions:
            return NOTHING
        if step == 0:
            return self._placed(regions[cycle % len(regions)].of(grey))
        return self._variants(grey, regions)

    def _stacked(self, mean: Grey) -> Found:
        found, resisting = look(mean), None
        if not found.texts:
            found, resisting = _best(mean, found, busy_regions(mean), STACK_ENLARGED)
        if resisting:
            found = self._last_look(resisting)
        return replace(found, step=f"{found.step}, several frames") if found.texts else NOTHING

    def _placed(self, part: Grey) -> Found:
        found, resisting = _restored(part, _small(islice(placed(part), PLACED)))
        return self._last_look(resisting) if resisting else found

    def _last_look(self, resisting: Resisting) -> Found:
        """Each time another one."""
        looks = (resisting.unbent, resisting.unrolled, resisting.by_zbar)
        self._last += 1
        return looks[self._last % len(looks)]()

    def _variants(self, grey: Grey, regions: Sequence[Region]) -> Found:
        """As many in rotation as together look at EXTRA of the picture, at least one."""
        area = _area(regions)
        left = EXTRA * grey.size
        while True:
            variant = LIVE[self._next % len(LIVE)]
            self._next += 1
            found = next(in_regions(grey, regions, variant))
            left -= area * max(variant.factor, 1.0) ** 2
            if found.texts or left < area:
                return found


def _best(grey: Grey, found: Found, regions: Sequence[Region], most: float) -> tuple[Found, Resisting | None]:
    """What pays in every frame, and the symbol that resisted it.  `most`: times the whole picture, what there is time
    to enlarge.  Where the one threshold reads nothing the other often finds the place."""
    located = list(found.located)
    area = _area(regions)
    variant = next((one for one in FINE if area and area * one.factor**2 <= most * grey.size), None)
    for fine in in_regions(grey, regions, variant, GLOBAL) if variant else ():
        if fine.texts:
            return fine, None
        located += fine.located
    return _restored(grey, islice(_small(located), RESTORED))


def _restored(grey: Grey, symbols: Iterable[Located]) -> tuple[Found, Resisting | None]:
    """Of these the one that can be, else the first one."""
    first = None
    for symbol in symbols:
        resisting = Resisting(grey, symbol)
        found = resisting.restored()
        if found.texts:
            return found, None
        first = first or resisting
    return NOTHING, first


def _small(symbols: Iterable[Located]) -> Iterator[Located]:
    return (one for one in symbols if one.size <= LARGEST)


def _area(regions: Sequence[Region]) -> int:
    return sum(region.area for region in regions)
