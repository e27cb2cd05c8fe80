"""The state of a still that is being read.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

import time
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice

import numpy as np

from drivers.decoders.detect.regions import Region, busy_regions
from drivers.decoders.qr.structured_append import MessageParts
from drivers.decoders.recovery import SymbolRecovery
from drivers.decoders.runner import Observer
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol, unique

RECOVERIES = 3  # symbols of one still, or of one region, that are recovered: a bound on time [1: -2, 6: 0]
SAME = 0.5  # pixels: symbols whose corners are nearer to each other are the same


class Still:
    """A picture, the texts read of it and the symbols located in it."""

    def __init__(self, grey: Grey, observe: Observer | None = None) -> None:
        self.grey, self.observe = grey, observe
        self.first = self.result = NOTHING
        self._message_parts = MessageParts()
        self.deadline = float("inf")  # processor seconds of this thread
        self.located: list[Symbol] = []  # and not read, by any step
        self.recoveries: list[SymbolRecovery] = []  # of the first of them

    @property
    def done(self) -> bool:
        return time.thread_time() > self.deadline

    @cached_property
    def regions(self) -> list[Region]:
        return busy_regions(self.grey, coarser=True)

    def start(self, first: ReadResult, seconds: float) -> None:
        """Continue from the first look for this many processor seconds."""
        self.first, self.deadline = first, time.thread_time() + seconds
        self.located = list(first.located)

    def add(self, result: ReadResult) -> None:
        known = self.result
        if not result.has_read:
            return
        texts, parts = self._message_parts.add((*known.parts, *result.parts))
        symbols = known.symbols if known.has_read else result.symbols
        self.result = ReadResult(
            unique((*known.texts, *result.texts, *texts)), result.decoded_by, symbols, parts=tuple(parts)
        )

    def recover(self, symbols: Iterable[Symbol]) -> list[SymbolRecovery]:
        """Return the recoveries of the first RECOVERIES symbols."""
        return [SymbolRecovery(self.grey, symbol) for symbol in islice(symbols, RECOVERIES)]


def new_symbols(located: Iterable[Symbol], known: Sequence[Symbol]) -> list[Symbol]:
    """Drop symbols that lie within a pixel of a known one."""
    return [
        one
        for one in located
        if not any(one.size == other.size and np.abs(one.corners - other.corners).max() < SAME for other in known)
    ]
