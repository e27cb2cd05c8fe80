"""The last methods to read a symbol that was located and not decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain

import cv2
import numpy as np

from drivers.decoders.detect.alignment import align
from drivers.decoders.detect.blurred import locate_blurred
from drivers.decoders.detect.zbar import decode_with_zbar
from drivers.decoders.detect.zxing import decode_flat
from drivers.decoders.failures import contain_failures
from drivers.decoders.filters import halve, smooth
from drivers.decoders.qr.layout import QUIET_ZONE, Bits, layout
from drivers.decoders.qr.layout import draw as draw_symbol
from drivers.decoders.qr.soft_decode import SAMPLES, decode_in_rounds
from drivers.decoders.rectify.cylinder import unroll_in_parts
from drivers.decoders.rectify.dewarp import flatten
from drivers.decoders.rectify.perspective import rectify, square_corners
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol, first_read, unique

SOFT_DECODED = "soft decode"
DEWARPED = "dewarp"
UNROLLED = "unroll"
ZBAR = "zbar"

DRAWN = 3  # pixels a module of a drawn symbol: zxing-cpp reads it as a pure one


class SymbolRecovery:
    """One located symbol, rectified once for all methods."""

    def __init__(self, grey: Grey, symbol: Symbol) -> None:
        self._grey, self._square = grey, rectify(grey, symbol)
        self._symbol = align(self._square, symbol)
        if self._symbol is not symbol:
            self._square = rectify(grey, self._symbol)

    @contain_failures(lambda: NOTHING)
    def dewarp(self) -> ReadResult:
        """Flatten a warped surface, then decode from soft bits."""
        return first_read(self.dewarp_in_rounds())

    @contain_failures(lambda: NOTHING)
    def unroll(self) -> ReadResult:
        """Unroll a cylinder, then decode from soft bits."""
        return first_read(self.unroll_in_rounds())

    @contain_failures(lambda: NOTHING)
    def soft_decode(self) -> ReadResult:
        """Decode from soft bits, without dewarping."""
        return first_read(self.soft_decode_in_rounds())

    @contain_failures(lambda: NOTHING)
    def decode_with_zbar(self) -> ReadResult:
        """Decode with zbar."""
        return self._placed(ReadResult(unique(decode_with_zbar(self._square)), ZBAR), ZBAR)

    def dewarp_in_rounds(self) -> Iterator[ReadResult]:
        """Yield a result after each part of the work of `dewarp`."""
        for found in read_in_rounds(self._square, self._symbol.size, dewarp=True):
            yield self._placed(found, DEWARPED)

    def unroll_in_rounds(self) -> Iterator[ReadResult]:
        """Yield a result after each part of the work of `unroll`."""
        for flat in unroll_in_parts(self._grey, self._symbol, self._square):
            yield NOTHING
            if flat is not None:
                for found in read_in_rounds(flat, self._symbol.size, dewarp=True):
                    yield self._placed(found, UNROLLED)

    def soft_decode_in_rounds(self) -> Iterator[ReadResult]:
        """Yield a result after each part of the work of `soft_decode`."""
        for found in read_in_rounds(self._square, self._symbol.size, dewarp=False):
            yield self._placed(found, SOFT_DECODED)

    def _placed(self, found: ReadResult, decoded_by: str) -> ReadResult:
        return replace(found, decoded_by=decoded_by, symbols=(self._symbol,)) if found.has_read else NOTHING


def read_rectified(square: Grey, size: int, *, dewarp: bool) -> ReadResult:
    """Read a rectified symbol of `size` modules from soft bits; the result has no places.

    `dewarp`: move its modules to their places first."""
    return first_read(read_in_rounds(square, size, dewarp=dewarp))


def read_in_rounds(square: Grey, size: int, *, dewarp: bool) -> Iterator[ReadResult]:
    """Yield a result after each part of the work of `read_rectified`."""
    layout((size - 17) // 4)  # of a version that is new it takes some ms
    yield NOTHING
    if dewarp:
        samples = flatten(square, size, SAMPLES)
        yield NOTHING
    else:
        samples = halve(square)
    for modules in decode_in_rounds(samples, (size - 17) // 4):
        yield NOTHING if modules is None else decode_flat(draw(modules))


def draw(modules: Bits) -> Grey:
    """Return a picture of the symbol with its quiet zone."""
    framed = np.full((len(modules) + 2 * QUIET_ZONE, len(modules) + 2 * QUIET_ZONE), 255, np.uint8)
    framed[QUIET_ZONE:-QUIET_ZONE, QUIET_ZONE:-QUIET_ZONE][modules] = 0
    side = len(framed) * DRAWN
    return np.asarray(cv2.resize(framed, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)


@cache
def warm_up() -> None:
    """Recover a small symbol that carries nothing: the first use of the libraries takes longer than a frame has."""
    version, margin = 2, 20
    shape = layout(version)
    square = draw(draw_symbol(shape, 0, np.zeros(len(shape.bits), np.uint8)))
    picture = cv2.copyMakeBorder(square, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    for _ in locate_blurred(smooth(np.asarray(picture, np.uint8), 2.0)):
        pass
    symbol = Symbol(square_corners(shape.size, DRAWN) + np.float32(margin), shape.size)
    recovery = SymbolRecovery(smooth(np.asarray(picture, np.uint8), 1.0), symbol)
    for way in (recovery.soft_decode, recovery.dewarp, recovery.unroll, recovery.decode_with_zbar):
        way()


def recover_first(recoveries: Sequence[SymbolRecovery], dewarped: int = 0) -> ReadResult:
    """Read the first of the symbols that can be recovered, by the quicker methods first.

    `dewarped`: how many of them `dewarp` failed on already."""
    return first_read(
        chain(
            (one.dewarp() for one in recoveries[dewarped:]),
            (one.soft_decode() for one in recoveries),
            (one.decode_with_zbar() for one in recoveries[:1]),
        )
    )
