"""The table of steps that may follow the first look at a frame, and what they do.

A step yields after every part of its work: a part is what has to end within a frame.  To add a step, add a row;
`README.md` beside this file describes it.  `scripts/bench read --steps` prints what each row reads and costs.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from drivers.decoders.budget import FrameBudget
from drivers.decoders.detect.blurred import locate_blurred_in_parts
from drivers.decoders.detect.dots import join_dots_in_parts
from drivers.decoders.detect.regions import Region, busy_regions
from drivers.decoders.detect.zxing import GLOBAL, detect_and_decode
from drivers.decoders.filters import is_dark
from drivers.decoders.live_state import LATER, LiveFrame, LiveMemory, LiveStep, Subject
from drivers.decoders.preprocess import (
    BRIGHTENED,
    FINE,
    LIVE,
    MANY,
    SHARPENED,
    WHOLE,
    Variant,
    read_changed,
    read_region,
    read_variant,
)
from drivers.decoders.recovery import SymbolRecovery
from drivers.decoders.runner import Cost
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol

ENLARGED = 2.0  # times the whole picture: the bound of enlarging a frame [1: 0, 4: 0]
# likewise, of the average of the last frames: its noise may look busy all over
# [2: -11 reads, +2.4 frames, 8: +3 reads, -0.2 frames]
AVERAGE_ENLARGED = 4.0
LARGEST = 117  # modules a side: recovery of a larger symbol takes longer than a frame
BLURRED = 3  # symbols of a frame that are located without a reader, at most [1: 0, 6: 0]
TILE = 0.6  # of a side of the picture: of many codes, one in its middle lies in several tiles whole
SOFT_DECODE = "soft decode located"
ADD_TO_AVERAGE, ADD_COST = "add to average", Cost(0.68, 1)
ENLARGED_LOOK, CHANGED_LOOK = "look at an enlarged region", "look at a region"
PIXELS = 200_000  # of such a region, that a look takes a ms for, until that was measured here
DEAR = 0.15  # of a frame's time: a dearer average skips frames while what it shows moves
SKIPPED = 3  # such frames, at most, from one that is added to the next


# When a step applies


def _many_read(frame: LiveFrame) -> bool:
    return len(frame.first.texts) + len(frame.first.parts) >= MANY


def _alone(frame: LiveFrame) -> bool:
    return frame.alone


def _busy(frame: LiveFrame) -> bool:
    return bool(frame.regions)


def _alone_and_busy(frame: LiveFrame) -> bool:
    return frame.alone and _busy(frame)


def _can_enlarge(frame: LiveFrame) -> bool:
    return _fine(frame.regions, ENLARGED * frame.grey.size, frame.memory.budget) is not None


def _averaged(frame: LiveFrame) -> bool:
    return frame.alone and frame.memory.average.ready


def _can_add(frame: LiveFrame) -> bool:
    """Return whether to average this frame; a slow device does with the fewer, the longer nothing has fitted."""
    if not frame.alone:
        return False
    memory = frame.memory
    dear = memory.budget.expected(ADD_TO_AVERAGE, _region(frame), ADD_COST) > DEAR * memory.budget.seconds
    return not dear or memory.age(ADD_TO_AVERAGE) > min(memory.average.misses, SKIPPED)


def _others_due(frame: LiveFrame) -> bool:
    return frame.alone and frame.memory.others.is_due(frame.memory.budget.monotonic())


def _located(frame: LiveFrame) -> bool:
    return frame.choose_target(SOFT_DECODE, LARGEST)


def _recovered(frame: LiveFrame) -> bool:
    """Return whether soft decoding was tried on the symbol: it is cheaper, and reads more."""
    return _located(frame) and frame.target is not None and frame.target.attempts.chance(SOFT_DECODE) < 1


# What a step does


def _sharpen_tile(frame: LiveFrame) -> Iterator[ReadResult]:
    """Sharpen one of four overlapping tiles of the picture, by turns."""
    turn = frame.memory.turn("sharpened")
    high, wide = frame.grey.shape
    down, across = (turn >> 1 & 1) * (high - round(TILE * high)), (turn & 1) * (wide - round(TILE * wide))
    tile = Region(across, down, across + round(TILE * wide), down + round(TILE * high))
    yield read_region(frame.grey, tile, SHARPENED[(turn >> 2) % len(SHARPENED)])


def _enlarge(frame: LiveFrame) -> Iterator[ReadResult]:
    for result in _read_enlarged(frame.grey, frame.regions, ENLARGED, frame.memory.budget):
        frame.locate(result.located)
        yield result


def _read_enlarged(grey: Grey, regions: Sequence[Region], most: float, budget: FrameBudget) -> Iterator[ReadResult]:
    """Enlarge, with the other threshold: it often locates a symbol where the first one reads nothing.

    `most`: times the whole picture."""
    variant = _fine(regions, most * grey.size, budget)
    if variant is None:
        return
    for region in regions:
        changed = variant.change(region.of(grey))
        yield NOTHING
        for binarizer in (variant.binarizer, GLOBAL):
            while budget.expected(ENLARGED_LOOK, changed.size, _unknown(changed.size)) > budget.left:
                yield LATER
            start = budget.now()
            result = read_variant(changed, variant, binarizer)
            budget.learn(ENLARGED_LOOK, changed.size, budget.now() - start)
            yield region.whole(result)


def _fine(regions: Sequence[Region], most: float, budget: FrameBudget) -> Variant | None:
    """Return the variant that enlarges the most, within the bound and the frame's time."""
    area, largest = _area(regions), max((region.area for region in regions), default=0)
    for variant in FINE:
        pixels = largest * variant.factor**2
        fits = budget.expected(ENLARGED_LOOK, pixels, _unknown(pixels)) < budget.left
        if 0 < area * variant.factor**2 <= most and fits:
            return variant
    return None


def _soft_decode(frame: LiveFrame) -> Iterator[ReadResult]:
    recovery = frame.recovery()
    yield NOTHING
    yield from recovery.soft_decode_in_rounds()


def _dewarp(frame: LiveFrame) -> Iterator[ReadResult]:
    recovery = frame.recovery()
    yield NOTHING
    yield from recovery.dewarp_in_rounds()


def _unroll(frame: LiveFrame) -> Iterator[ReadResult]:
    recovery = frame.recovery()
    yield NOTHING
    yield from recovery.unroll_in_rounds()


def _zbar(frame: LiveFrame) -> Iterator[ReadResult]:
    recovery = frame.recovery()
    yield NOTHING
    yield recovery.decode_with_zbar()


def _add_to_average(frame: LiveFrame) -> Iterator[ReadResult]:
    frame.memory.average.add(frame.grey, frame.regions[0] if frame.regions else None)
    yield NOTHING


def _look_for_others(frame: LiveFrame) -> Iterator[ReadResult]:
    region = frame.regions[0] if frame.regions else None
    frame.memory.others.look(frame.grey, region, frame.memory.budget.monotonic())
    yield NOTHING


def _read_average(frame: LiveFrame) -> Iterator[ReadResult]:
    mean = frame.memory.average.mean()
    if mean is not None:
        for result in _read_mean(mean, frame.memory):
            yield replace(result, decoded_by=f"{result.decoded_by}, several frames") if result.has_read else result


def _read_mean(mean: Grey, memory: LiveMemory) -> Iterator[ReadResult]:
    """Read the average as a frame; a symbol that was located in it stays where it is."""
    average = memory.average
    first = detect_and_decode(mean)
    yield first
    average.located = [*first.located, *average.located][:1]
    if not average.located or memory.turn("average") % 2:
        for result in _read_enlarged(mean, busy_regions(mean), AVERAGE_ENLARGED, memory.budget):
            average.located = [*average.located, *result.located][:1]
            yield result
    for symbol in _small(list(average.located)):
        recovery = SymbolRecovery(mean, symbol)
        yield NOTHING
        yield from recovery.soft_decode_in_rounds()
        if memory.turn("average dewarped") % 2:
            yield from recovery.dewarp_in_rounds()


def _join_dots(frame: LiveFrame) -> Iterator[ReadResult]:
    yield from join_dots_in_parts(frame.grey, frame.regions[0])


def _normalise_light(frame: LiveFrame) -> Iterator[ReadResult]:
    variants = (BRIGHTENED, *WHOLE) if is_dark(frame.grey) else WHOLE
    yield read_changed(frame.grey, variants[frame.memory.turn("whole") % len(variants)])


def _locate_blurred(frame: LiveFrame) -> Iterator[ReadResult]:
    region = frame.regions[frame.memory.turn("blurred") % len(frame.regions)]
    part = region.of(frame.grey)
    recoveries = []
    for symbol in locate_blurred_in_parts(part):
        yield NOTHING
        if symbol is None or symbol.size > LARGEST:
            continue
        recoveries.append(SymbolRecovery(part, symbol))
        yield NOTHING
        yield from recoveries[-1].soft_decode_in_rounds()
        if len(recoveries) == BLURRED:
            break
    for recovery in recoveries[:1]:
        if frame.memory.turn("blurred, dewarped") % 2:
            yield from recovery.unroll_in_rounds()
        else:
            yield from recovery.dewarp_in_rounds()


def _change_regions(frame: LiveFrame) -> Iterator[ReadResult]:
    variant, budget = LIVE[frame.memory.turn("variant") % len(LIVE)], frame.memory.budget
    look = f"{CHANGED_LOOK}: {variant.name}"
    for region in frame.regions:
        pixels = region.area * max(1.0, variant.factor**2)
        while budget.expected(look, pixels, _unknown(pixels)) > budget.left:
            yield LATER
        start = budget.now()
        result = read_region(frame.grey, region, variant)
        budget.learn(look, pixels, budget.now() - start)
        yield result


def _unknown(pixels: float) -> Cost:
    """Return what a look at so many pixels takes, until that was measured here."""
    return Cost(pixels / PIXELS, pixels / PIXELS)


def _small(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    return (one for one in symbols if one.size <= LARGEST)


def _area(regions: Iterable[Region]) -> int:
    return sum(region.area for region in regions)


# The size of a part of a step


def _picture(frame: LiveFrame) -> float:
    return float(frame.grey.size)


def _largest_region(frame: LiveFrame) -> float:
    return float(max(region.area for region in frame.regions))


def _region(frame: LiveFrame) -> float:
    """Return the size of the region that may be averaged."""
    return float(frame.memory.average.size or (frame.regions[0].area if frame.regions else 1))


def _mean(frame: LiveFrame) -> float:
    return float(frame.memory.average.size)


def _modules(frame: LiveFrame) -> float:
    return float(frame.target.symbol.size**2) if frame.target else 1.0


ADD = LiveStep(ADD_TO_AVERAGE, ADD_COST, 1.0, _can_add, _add_to_average, _region, Subject.FRAME)

OTHERS = LiveStep("other symbols", Cost(0.5, 0.9), 0.0, _others_due, _look_for_others, _picture, Subject.FRAME)
"""At the end of a frame, once a second for each kind.  It reads nothing: a person is shown a hint."""

STEPS: tuple[LiveStep, ...] = (
    LiveStep("many codes: sharpen a tile", Cost(5, 6), 0.5, _many_read, _sharpen_tile, _picture),
    LiveStep(
        "sharpen and enlarge regions", Cost(0.78, 2), 0.05, _can_enlarge, _enlarge, _largest_region, Subject.MISSING
    ),
    LiveStep(SOFT_DECODE, Cost(3, 5), 0.15, _located, _soft_decode, _modules, Subject.SYMBOL),
    LiveStep("read average", Cost(3, 6.3), 0.15, _averaged, _read_average, _mean, Subject.AVERAGE, extra=True),
    LiveStep("dewarp", Cost(2.7, 4.5), 0.05, _recovered, _dewarp, _modules, Subject.SYMBOL),
    LiveStep("unroll", Cost(2.7, 4.5), 0.02, _recovered, _unroll, _modules, Subject.SYMBOL),
    LiveStep("zbar", Cost(2.7, 4.5), 0.002, _recovered, _zbar, _modules, Subject.SYMBOL),
    LiveStep("join dots", Cost(1.5, 2.6), 0.003, _alone_and_busy, _join_dots, _largest_region, extra=True),
    LiveStep("normalise light of whole", Cost(0.28, 0.56), 0.005, _alone, _normalise_light, _picture, extra=True),
    LiveStep("locate blurred symbol", Cost(4.7, 6.5), 0.03, _busy, _locate_blurred, _largest_region, extra=True),
    LiveStep("change regions, by turns", Cost(0.68, 1.6), 0.01, _busy, _change_regions, _largest_region, extra=True),
)
"""What may follow the first look.  Costs and chances are means of `scripts/bench read --steps --many 4`; they are where
a device begins: it learns its own costs."""
