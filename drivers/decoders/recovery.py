"""The last looks at a symbol that was located and not read."""

from collections.abc import Sequence
from itertools import chain

from drivers.decoders.detect.alignment import aligned
from drivers.decoders.detect.zxing import NOTHING, Found, Grey, Located, each_once, first_read, straightened, zbar_texts
from drivers.decoders.failures import shielded
from drivers.decoders.qr.soft_decode import restored_texts
from drivers.decoders.rectify.cylinder import unrolled

RESTORED = "restored"
UNBENT = "unbent"
UNROLLED = "unrolled"
ZBAR = "zbar"


class Resisting:
    """One such symbol, straightened once for all of them."""

    def __init__(self, grey: Grey, symbol: Located) -> None:
        self._grey, self._square = grey, straightened(grey, symbol)
        self._symbol = aligned(self._square, symbol)
        if self._symbol is not symbol:
            self._square = straightened(grey, self._symbol)

    @shielded(lambda: NOTHING)
    def unbent(self) -> Found:
        return self._found(restored_texts(self._square, self._symbol.size, bent=True), UNBENT)

    @shielded(lambda: NOTHING)
    def unrolled(self) -> Found:
        flat = unrolled(self._grey, self._symbol, self._square)
        return self._found([] if flat is None else restored_texts(flat, self._symbol.size, bent=True), UNROLLED)

    @shielded(lambda: NOTHING)
    def restored(self) -> Found:
        return self._found(restored_texts(self._square, self._symbol.size, bent=False), RESTORED)

    @shielded(lambda: NOTHING)
    def by_zbar(self) -> Found:
        return self._found(zbar_texts(self._square), ZBAR)

    def _found(self, texts: list[str], step: str) -> Found:
        return Found(each_once(texts), step, (self._symbol,)) if texts else NOTHING


def last_looks(resisting: Sequence[Resisting], tried: int = 0) -> Found:
    """`tried`: how many were to be `unbent` already."""
    return first_read(
        chain(
            (one.unbent() for one in resisting[tried:]),
            (one.restored() for one in resisting),
            (one.by_zbar() for one in resisting[:1]),
        )
    )
