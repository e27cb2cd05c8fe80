"""The table of steps by which one region of a still is searched, and the regions to search.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterator, Sequence
from functools import partial

import cv2
import numpy as np

from drivers.decoders.detect.blurred import VERY_REGULAR, locate_blurred
from drivers.decoders.detect.regions import Region, busy_regions, faint_regions
from drivers.decoders.filters import halve
from drivers.decoders.preprocess import CHEAP, SHARPENED, STILL, Variant, read_region
from drivers.decoders.recovery import recover_first
from drivers.decoders.runner import Cost, ReadStep, run_steps
from drivers.decoders.still_state import Still, new_symbols
from drivers.decoders.symbols import NOTHING, Corners, ReadResult, Symbol, first_read, lies_in

BESIDE = 3  # regions beside codes that were read, plus one per code: a bound on time [1: 0, 8: 0]
AS_LARGE = 0.75  # times as large as a code that was read: smaller regions are not searched for another [0.5: 0, 1: 0]
ROOM = 0.5  # times as wide as a code that was read: the room that another needs [0.25: 0, 1: 0]
ELONGATED = 2.5  # times as long as wide: no code has this shape [1.8: 0, 4: 0]
LARGEST = 2.5  # times the whole picture: the bound of an enlarged region [1: 0, 5: 0]
WALL = 1 / 4  # of the picture: a larger region may be a wall that is busy all over [0.1: 0, 0.5: 0]


class RegionSearch:
    """One region of a still, and the symbols that were located in it."""

    def __init__(self, still: Still, region: Region, located: Sequence[Symbol]) -> None:
        self.still, self.region = still, region
        self.known = located  # by steps before
        self.blurred: list[Symbol] = []
        self.located: list[Symbol] = []  # by the steps of this search
        self.result = NOTHING

    @property
    def done(self) -> bool:
        return self.result.has_read or self.still.done

    def add(self, result: ReadResult) -> None:
        self.result = result


def _is_compact(search: RegionSearch) -> bool:
    return search.region.elongation < ELONGATED


def _is_hopeful(search: RegionSearch) -> bool:
    """Return whether a symbol was located in the region, or it is no wall."""
    located = search.blurred or any(search.region.holds(one.corners) for one in search.known)
    return bool(located) or search.region.area <= search.still.grey.size * WALL


def _locate_blurred(search: RegionSearch) -> Iterator[ReadResult]:
    region, still = search.region, search.still
    search.blurred = list(locate_blurred(region.of(still.grey)))
    yield recover_first(still.recover(region.place(one) for one in search.blurred))


def _read_changed(variant: Variant, search: RegionSearch) -> Iterator[ReadResult]:
    if search.region.area * variant.factor**2 < LARGEST * search.still.grey.size:
        result = read_region(search.still.grey, search.region, variant)
        search.located += new_symbols(result.located, (*search.known, *search.located))
        yield result


def _recover_located(search: RegionSearch) -> Iterator[ReadResult]:
    yield recover_first(search.still.recover(search.located))


def _changed(variant: Variant, cost: Cost) -> ReadStep[RegionSearch]:
    return ReadStep(f"in region: {variant.name}", cost, _is_hopeful, partial(_read_changed, variant))


REGION_STEPS: tuple[ReadStep[RegionSearch], ...] = (
    ReadStep("in region: blurred symbols", Cost(6, 8.5), _is_compact, _locate_blurred),
    _changed(STILL[0], Cost(0.11, 0.12)),  # halved
    _changed(STILL[1], Cost(0.23, 0.29)),  # enlarged
    _changed(STILL[2], Cost(0.25, 0.35)),  # sharpened
    _changed(STILL[3], Cost(0.13, 0.21)),  # smoothed
    _changed(STILL[4], Cost(0.26, 0.47)),  # doubled
    ReadStep("in region: recover located", Cost(1.4, 2.4), _is_hopeful, _recover_located),
)
"""In this order, until one reads a text.  Costs are means of `scripts/bench read --steps --many 4`."""


def search_region(still: Still, region: Region, located: Sequence[Symbol]) -> Iterator[ReadResult]:
    """Run the table on one region.  `located`: symbols of earlier steps, which are not tried again."""
    return run_steps(REGION_STEPS, RegionSearch(still, region, located), still.observe)


def search_faint_regions(still: Still) -> Iterator[ReadResult]:
    """Search regions that are less busy than the others, the cheap changes first."""
    for region in faint_regions(still.grey, still.regions):
        yield first_read(read_region(still.grey, region, variant) for variant in CHEAP)
        yield from search_region(still, region, ())


def read_beside(still: Still) -> Iterator[ReadResult]:
    """Read codes beside those that were read: one result a region."""
    read = [symbol.corners for symbol in still.result.symbols]
    for region in _regions_beside(still, read):
        yield first_read(_search_beside(still, region, read))


def _search_beside(still: Still, region: Region, read: Sequence[Corners]) -> Iterator[ReadResult]:
    """Run all steps where a code is certain, else the first one."""
    first = read_region(still.grey, region, SHARPENED[0])
    yield first
    if not first.located and not _holds_another(still, region, read):
        return
    yield recover_first(still.recover(first.located))
    for variant in CHEAP:
        if variant is not SHARPENED[0]:
            yield read_region(still.grey, region, variant)
    yield from search_region(still, region, first.located)


def _regions_beside(still: Still, read: Sequence[Corners]) -> list[Region]:
    """Return where another code may be, by the region's shape."""
    if len(read) == 1 and _fills(still, read[0]):
        return []
    half = [np.asarray((corners + 0.5) / 2 - 0.5, np.float32) for corners in read]
    regions = [region.scaled(2) for region in busy_regions(halve(still.grey), half)]
    likely = [region for region in regions if region.area < still.grey.size * WALL and region.elongation < ELONGATED]
    return likely[: BESIDE + len(read)]


def _fills(still: Still, code: Corners) -> bool:
    """Return whether no side has room for another code, half as large."""
    high, wide = still.grey.shape
    (left, top), (right, bottom) = code.min(axis=0), code.max(axis=0)
    return bool(max(left, top, wide - right, high - bottom) < ROOM * max(right - left, bottom - top))


def _holds_another(still: Still, region: Region, read: Sequence[Corners]) -> bool:
    if region.narrow < AS_LARGE * min(float(cv2.contourArea(corners)) for corners in read) ** 0.5:
        return False
    symbols = (region.place(symbol) for symbol in locate_blurred(region.of(still.grey), VERY_REGULAR))
    return any(not any(lies_in(symbol.corners, place) for place in read) for symbol in symbols)
