"""The table of steps by which the frames of a camera are read, one frame after another.

Each frame gets the best steps.  Where nothing was read it gets one more, by its number in a cycle of six: the next
frames of the same code get the next ones.  To add a step, add a row; `README.md` beside this file describes it.
`scripts/bench read --steps` prints what each row reads and costs.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from drivers.decoders.detect.blurred import locate_blurred
from drivers.decoders.detect.dots import join_dots
from drivers.decoders.detect.regions import Region, busy_regions
from drivers.decoders.detect.zxing import GLOBAL, detect_and_decode
from drivers.decoders.frame_average import FrameAverage
from drivers.decoders.preprocess import FINE, LIVE, MANY, SHARPENED, WHOLE, read_changed, read_regions
from drivers.decoders.qr.structured_append import MessagePart, MessageParts
from drivers.decoders.recovery import SymbolRecovery
from drivers.decoders.runner import Cost, Observer, ReadStep, run_steps
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol, unique

CYCLE = 6  # frames
EXTRA = 0.4  # of the picture, changed and read again in a frame that was not read [0.15: 0, 1: 0]
ENLARGED = 2.0  # times the whole picture: the bound of enlarging a frame [1: 0, 4: 0]
# likewise, of the average of the last frames: its noise may look busy all over
# [2: -11 reads, +2.4 frames, 8: +3 reads, -0.2 frames]
AVERAGE_ENLARGED = 4.0
LARGEST = 117  # modules a side: recovery of a larger symbol takes longer than a frame
BLURRED = 3  # symbols of a frame that are located without a reader, at most [1: 0, 6: 0]
SOFT_DECODED = 2  # symbols of every frame [1: 0, 4: +1 reads, +0.0 frames]
IN_TURN = 20.0  # seconds within which the next part of a message is shown
SLOW = 0.2  # seconds of processor: a slower first look found too many patterns, as the other steps would


class LiveReader:
    """Reader of successive frames.  A text that was read does not end the search for other codes in the same frame.

    For one thread."""

    def __init__(self, observe: Observer | None = None) -> None:
        """Start without frames.  `observe`: called with each step that ran."""
        self._observe = observe
        self._memory = _Memory()

    def read(self, grey: Grey) -> ReadResult:
        """Read the next frame."""
        self._memory.frames += 1
        frame = LiveFrame(grey, self._memory)
        for _ in run_steps(STEPS, frame, self._observe):
            pass
        return frame.result()

    def skip_frame(self) -> None:
        """Mark a gap: the next frame is not averaged with those before."""
        self._memory.average.clear()


class _Memory:
    """State that is kept from frame to frame."""

    def __init__(self) -> None:
        self.average = FrameAverage()
        self.frames = 0
        self._message_parts, self._parts_until = MessageParts(), 0.0
        self._recoveries = self._variants = 0

    @property
    def cycle(self) -> int:
        """The number of completed cycles."""
        return self.frames // CYCLE

    def join_parts(self, parts: Sequence[MessagePart]) -> tuple[list[str], list[MessagePart]]:
        """Return the texts that these parts complete with those of earlier frames, and the parts that miss others."""
        if not parts:
            return [], []
        now = time.monotonic()
        if now > self._parts_until:
            self._message_parts.clear()
        self._parts_until = now + IN_TURN
        return self._message_parts.add(parts)

    def recover_next(self, recovery: SymbolRecovery) -> ReadResult:
        """Recover the symbol, each time in another way."""
        ways = (recovery.dewarp, recovery.unroll, recovery.decode_with_zbar)
        self._recoveries += 1
        return ways[self._recoveries % len(ways)]()

    def read_next_variants(self, grey: Grey, regions: list[Region]) -> Iterator[ReadResult]:
        """Read with the next variants in rotation: those that together cover EXTRA of the picture, at least one."""
        area = _area(regions)
        left = EXTRA * grey.size
        while True:
            variant = LIVE[self._variants % len(LIVE)]
            self._variants += 1
            yield next(read_regions(grey, regions, variant))
            left -= area * max(variant.factor, 1.0) ** 2
            if left < area:
                return


class LiveFrame:
    """A frame that is being read."""

    def __init__(self, grey: Grey, memory: _Memory, enlarged: float = ENLARGED) -> None:
        self.grey, self.memory, self.enlarged = grey, memory, enlarged
        self.first: ReadResult | None = None
        self.more = NOTHING  # of the steps after the first one
        self.slow = False
        self.located: list[Symbol] = []  # and not read
        self.recovery: SymbolRecovery | None = None  # of the first of them that soft decoding failed on

    @property
    def done(self) -> bool:
        return self.slow or self.more.has_read

    @property
    def alone(self) -> bool:
        """Whether no other code was read in this frame."""
        return not (self.first and self.first.has_read)

    @cached_property
    def regions(self) -> list[Region]:
        """Busy regions without a code that was read."""
        return busy_regions(self.grey, [symbol.corners for symbol in self.first.symbols] if self.first else [])

    def add(self, result: ReadResult) -> None:
        if self.first is None:
            self.first = result
        elif result.has_read:
            self.more = result

    def result(self) -> ReadResult:
        """Return all that the steps read together."""
        first = self.first or NOTHING
        decoded_by = self.more.decoded_by or first.decoded_by
        joined, parts = self.memory.join_parts((*first.parts, *self.more.parts))
        texts = unique((*first.texts, *self.more.texts, *joined))
        return ReadResult(texts, decoded_by, first.symbols, first.located, tuple(parts))


# When a step applies

Condition = Callable[[LiveFrame], bool]


def _always(_: LiveFrame) -> bool:
    return True


def _many_read(frame: LiveFrame) -> bool:
    return frame.first is not None and len(frame.first.texts) + len(frame.first.parts) >= MANY


def _alone(frame: LiveFrame) -> bool:
    return frame.alone


def _busy(frame: LiveFrame) -> bool:
    return bool(frame.regions)


def _located(frame: LiveFrame) -> bool:
    return bool(frame.located)


def _averaged(frame: LiveFrame) -> bool:
    return frame.memory.average.ready


def _on(frames: set[int], *conditions: Condition) -> Condition:
    """Return a condition: in these frames of a cycle, where all conditions hold."""
    return lambda frame: frame.memory.frames % CYCLE in frames and all(holds(frame) for holds in conditions)


def _recoverable(frames: set[int]) -> Condition:
    """Return a condition: in these frames of a cycle, and beside a code that was read in every frame."""
    return lambda frame: frame.recovery is not None and (frame.memory.frames % CYCLE in frames or not frame.alone)


# What a step does


def _detect(frame: LiveFrame) -> Iterator[ReadResult]:
    start = time.thread_time()
    first = detect_and_decode(frame.grey)
    frame.slow = time.thread_time() - start > SLOW
    frame.located = list(first.located)
    yield first


def _sharpen_whole(frame: LiveFrame) -> Iterator[ReadResult]:
    yield read_changed(frame.grey, SHARPENED[frame.memory.frames % len(SHARPENED)])


def _add_to_average(frame: LiveFrame) -> Iterable[ReadResult]:
    if frame.alone:
        frame.memory.average.add(frame.grey, frame.regions[0] if frame.regions else None)
    else:
        frame.memory.average.clear()
    return ()


def _enlarge(frame: LiveFrame) -> Iterator[ReadResult]:
    """Enlarge, with the other threshold: it often locates a symbol where the first one reads nothing."""
    area, most = _area(frame.regions), frame.enlarged * frame.grey.size
    variant = next((one for one in FINE if area * one.factor**2 <= most), None)
    for result in read_regions(frame.grey, frame.regions, variant, GLOBAL) if variant else ():
        frame.located += result.located
        yield result


def _soft_decode(frame: LiveFrame) -> Iterator[ReadResult]:
    for symbol in islice(_small(frame.located), SOFT_DECODED):
        recovery = SymbolRecovery(frame.grey, symbol)
        frame.recovery = frame.recovery or recovery
        yield recovery.soft_decode()


def _read_average(frame: LiveFrame) -> Iterator[ReadResult]:
    mean = frame.memory.average.mean()
    if mean is None:
        return
    average = LiveFrame(mean, frame.memory, AVERAGE_ENLARGED)
    for result in run_steps(AVERAGE_STEPS, average):
        if result.has_read:
            yield replace(result, decoded_by=f"{result.decoded_by}, several frames")
            return


def _recover_next(frame: LiveFrame) -> Iterator[ReadResult]:
    if frame.recovery:
        yield frame.memory.recover_next(frame.recovery)


def _join_dots(frame: LiveFrame) -> Iterator[ReadResult]:
    yield join_dots(frame.grey, frame.regions[0])


def _normalise_light(frame: LiveFrame) -> Iterator[ReadResult]:
    yield read_changed(frame.grey, WHOLE[frame.memory.cycle % len(WHOLE)])


def _locate_blurred(frame: LiveFrame) -> Iterator[ReadResult]:
    part = frame.regions[frame.memory.cycle % len(frame.regions)].of(frame.grey)
    recoveries = []
    for symbol in _small(islice(locate_blurred(part), BLURRED)):
        recoveries.append(SymbolRecovery(part, symbol))
        yield recoveries[-1].soft_decode()
    if recoveries:
        yield frame.memory.recover_next(recoveries[0])


def _change_regions(frame: LiveFrame) -> Iterator[ReadResult]:
    yield from frame.memory.read_next_variants(frame.grey, frame.regions)


def _small(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    return (one for one in symbols if one.size <= LARGEST)


def _area(regions: Iterable[Region]) -> int:
    return sum(region.area for region in regions)


_LOOK = ReadStep("first look", Cost(0.89, 2.1), _always, _detect)
_ENLARGE = ReadStep("sharpen and enlarge regions", Cost(0.78, 2), _busy, _enlarge)
_SOFT = ReadStep("soft decode located", Cost(7.1, 12), _located, _soft_decode)

STEPS: tuple[ReadStep[LiveFrame], ...] = (
    # Every frame
    _LOOK,
    ReadStep("many codes: sharpen whole", Cost(17, 20), _many_read, _sharpen_whole, last=True),
    ReadStep("add to average", Cost(0.68, 1), _always, _add_to_average),
    _ENLARGE,
    _SOFT,
    # One of these a frame, by its number in a cycle of CYCLE
    ReadStep("read average", Cost(3, 6.3), _on({1, 4}, _averaged), _read_average, last=True),
    ReadStep("dewarp, unroll or zbar, by turns", Cost(2.7, 4.5), _recoverable({1, 2, 4}), _recover_next, last=True),
    ReadStep("join dots", Cost(1.5, 2.6), _on({3}, _alone, _busy), _join_dots),
    ReadStep("normalise light of whole", Cost(0.28, 0.56), _on({3}, _alone), _normalise_light, last=True),
    ReadStep("locate blurred symbol", Cost(4.7, 6.5), _on({0}, _busy), _locate_blurred, last=True),
    ReadStep("change regions, by turns", Cost(0.68, 1.6), _busy, _change_regions, last=True),
)
"""In this order, until a row reads a text that the first look did not.  Costs are means of `scripts/bench read --steps
--many 4`."""

AVERAGE_STEPS: tuple[ReadStep[LiveFrame], ...] = (
    _LOOK,
    replace(_ENLARGE, applies=lambda frame: frame.alone and _busy(frame)),
    replace(_SOFT, applies=lambda frame: frame.alone and _located(frame)),
    ReadStep(
        "dewarp, unroll or zbar, by turns", Cost(2.7, 4.5), lambda frame: frame.recovery is not None, _recover_next
    ),
)
"""For the average of the last frames."""
