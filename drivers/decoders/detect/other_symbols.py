"""Symbols of other kinds that a person may show in place of a pass: boarding passes are Aztec, PDF417 or Data Matrix.

They are read by zxing-cpp and only named: what they say is no pass.  None was seen in the 516 pictures of the
collection.  (IATA Resolution 792, "Bar Coded Boarding Pass": PDF417 on paper; Aztec, Data Matrix or QR on a phone.)
"""

import zxingcpp

from drivers.decoders.detect.regions import Region
from drivers.decoders.failures import contain_failures
from drivers.decoders.filters import halve
from drivers.decoders.symbols import Grey

KINDS = (
    zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Aztec),
    zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.PDF417),
    zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
)
EVERY = 1.0  # seconds: as often as the page may show another hint
# pixels of a picture, or of a part of one, that is looked at as it is: a look takes 0.3 ms at 480 lines and up to 13 at
# 720, where the halved picture takes 0.3 (`read_barcodes`, ms of x86 for each kind, on frames of `scripts/bench read`)
LARGEST = 640 * 480
# characters: less is read by chance of print and patterns; a boarding pass has 60 or more (IATA Resolution 792)
SHORTEST = 8


def shows_other(grey: Grey, kind: int, region: Region | None = None) -> bool:
    """Return whether the picture shows a symbol of KINDS[kind].

    A large picture is looked at halved, and its `region` as it is."""
    whole = grey
    while whole.size > LARGEST:
        whole = halve(whole)
    if _shows(whole, kind):
        return True
    return whole is not grey and region is not None and region.area <= LARGEST and _shows(region.of(grey), kind)


@contain_failures(lambda: False)
def _shows(grey: Grey, kind: int) -> bool:
    barcodes = zxingcpp.read_barcodes(
        grey,
        formats=KINDS[kind],
        try_rotate=True,
        try_invert=False,
        try_downscale=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return any(barcode.valid and len(barcode.bytes) >= SHORTEST for barcode in barcodes)


class OtherSymbols:
    """The search for them in successive frames: one kind a frame, each once in EVERY seconds."""

    def __init__(self) -> None:
        self._seen = [False] * len(KINDS)
        self._next = 0  # kind
        self._due = 0.0

    @property
    def seen(self) -> bool:
        """Whether one was seen when its kind was sought last."""
        return any(self._seen)

    def is_due(self, now: float, late: float = 0.0) -> bool:
        """Return whether to look at a frame, or that was due so many seconds ago.  `now`: monotonic seconds."""
        return now >= self._due + late

    def look(self, grey: Grey, region: Region | None, now: float) -> None:
        """Look for the next kind.  `region`: the busiest one."""
        self._seen[self._next] = shows_other(grey, self._next, region)
        self._next = (self._next + 1) % len(KINDS)
        self._due = now + EVERY / len(KINDS)

    def clear(self) -> None:
        """Forget what was seen: a text was read."""
        self._seen = [False] * len(KINDS)
