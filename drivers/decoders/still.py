"""The table of steps by which a still is read: no second frame follows, so every step is tried.

To add a step, add a row; `README.md` beside this file describes it.  `scripts/bench read --steps` prints what each row
reads and costs.
"""

from collections.abc import Iterator
from functools import partial

from drivers.decoders.detect.dots import join_dots
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.filters import brighten, is_dark, resize
from drivers.decoders.preprocess import CHEAP, MANY, SHARPENED, WHOLE, WIDE, Variant, read_changed, read_region
from drivers.decoders.recovery import recover_first
from drivers.decoders.runner import Cost, Observer, ReadStep, run_steps
from drivers.decoders.still_regions import read_beside, search_faint_regions, search_region
from drivers.decoders.still_state import RECOVERIES, Still, new_symbols
from drivers.decoders.symbols import Grey, ReadResult, first_read

MOST = 1920  # pixels a side: a larger picture is made smaller
BUDGET = 6.0  # seconds of processor for one still: a slow board needs 3 for the worst photograph of the collection


def read_still(grey: Grey, observe: Observer | None = None) -> ReadResult:
    """Read all QR codes of a picture, with every step of the table.  Takes a second or more where nothing is read.

    `observe`: called with each step that ran."""
    still = Still(grey, observe)
    for _ in run_steps(STEPS, still, observe):
        pass
    return still.result if still.result.has_read else still.first


# When a step applies


def _always(_: Still) -> bool:
    return True


def _unread(still: Still) -> bool:
    return not still.result.has_read


def _unread_located(still: Still) -> bool:
    return not still.result.has_read and bool(still.located)


def _unread_dark(still: Still) -> bool:
    return not still.result.has_read and is_dark(still.grey)


def _read(still: Still) -> bool:
    return still.result.has_read


def _read_at_once(still: Still) -> bool:
    """Return whether the first look read a code; others were located in it."""
    return bool(still.first.has_read and still.first.located)


def _many_read(still: Still) -> bool:
    return len(still.first.texts) + len(still.first.parts) >= MANY


# What a step does


def _detect(still: Still) -> Iterator[ReadResult]:
    first = detect_and_decode(still.grey)
    if max(still.grey.shape) > MOST:
        factor = MOST / max(still.grey.shape)
        still.grey = resize(still.grey, factor)
        first = first.scaled(factor) if first.has_read else detect_and_decode(still.grey)
    still.start(first, BUDGET)
    yield first


def _brighten(still: Still) -> Iterator[ReadResult]:
    """Look at the brightened picture; all steps after this one do."""
    still.grey = brighten(still.grey)
    result = detect_and_decode(still.grey)
    still.located += new_symbols(result.located, still.located)
    yield result


def _dewarp_first(still: Still) -> Iterator[ReadResult]:
    still.recoveries = still.recover(still.located[:1])
    yield still.recoveries[0].dewarp()


def _unroll_first(still: Still) -> Iterator[ReadResult]:
    yield still.recoveries[0].unroll()


def _change_whole(variant: Variant, still: Still) -> Iterator[ReadResult]:
    result = read_changed(still.grey, variant)
    still.located += new_symbols(result.located, still.located)
    yield result


def _change_regions(variant: Variant, still: Still) -> Iterator[ReadResult]:
    for region in still.regions:
        result = read_region(still.grey, region, variant)
        still.located += new_symbols(result.located, still.located)
        yield result


def _join_dots(still: Still) -> Iterator[ReadResult]:
    for region in still.regions:
        yield join_dots(still.grey, region)


def _recover_located(still: Still) -> Iterator[ReadResult]:
    tried = len(still.recoveries)
    still.recoveries += still.recover(still.located[tried:RECOVERIES])
    yield recover_first(still.recoveries, dewarped=tried)
    yield first_read(one.unroll() for one in still.recoveries[tried:])


def _search_regions(still: Still) -> Iterator[ReadResult]:
    for region in still.regions:
        yield from search_region(still, region, still.located)


def _recover_beside(still: Still) -> Iterator[ReadResult]:
    yield recover_first(still.recover(still.first.located))


def _sharpen_whole(still: Still) -> Iterator[ReadResult]:
    for variant in SHARPENED:
        yield read_changed(still.grey, variant)


def _whole(variant: Variant, cost: Cost) -> ReadStep[Still]:
    return ReadStep(f"whole: {variant.name}", cost, _unread, partial(_change_whole, variant))


def _regions(variant: Variant, cost: Cost) -> ReadStep[Still]:
    return ReadStep(f"regions: {variant.name}", cost, _unread, partial(_change_regions, variant))


STEPS: tuple[ReadStep[Still], ...] = (
    ReadStep("first look", Cost(0.97, 1.9), _always, _detect),
    # Until one reads a code, the cheapest first
    ReadStep("brighten a dark picture", Cost(1.2, 2.2), _unread_dark, _brighten),
    ReadStep("dewarp the first located", Cost(7.8, 9.4), _unread_located, _dewarp_first),
    ReadStep("unroll the first located", Cost(1.8, 5.7), _unread_located, _unroll_first),
    _whole(WHOLE[0], Cost(0.23, 0.39)),  # quartered, normalised
    _whole(WHOLE[1], Cost(0.26, 0.57)),  # halved, normalised
    _regions(CHEAP[0], Cost(0.72, 1.6)),  # global
    _regions(CHEAP[1], Cost(0.9, 2)),  # sharpened hard
    _regions(CHEAP[2], Cost(0.53, 1.2)),  # threshold
    _regions(CHEAP[3], Cost(0.31, 0.77)),  # inverted
    _regions(CHEAP[4], Cost(0.29, 0.69)),  # median
    ReadStep("regions: join dots", Cost(2, 3.1), _unread, _join_dots),
    ReadStep("recover located", Cost(13, 48), _unread_located, _recover_located),
    _whole(WIDE, Cost(0.33, 0.78)),  # halved, threshold
    ReadStep("search busy regions", Cost(10, 17), _unread, _search_regions),
    ReadStep("search faint regions", Cost(0.62, 3), _unread, search_faint_regions),
    # Others beside a code that was read
    ReadStep("recover beside a code", Cost(7.1, 7.6), _read_at_once, _recover_beside),
    ReadStep("many codes: sharpen whole", Cost(32, 34), _many_read, _sharpen_whole),
    ReadStep("regions beside a code", Cost(0.89, 0.93), _read, read_beside),
)
"""In this order.  Costs are means of `scripts/bench read --steps --many 4`."""
