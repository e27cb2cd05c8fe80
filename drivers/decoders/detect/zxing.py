"""zxing-cpp's reading of a grey picture, and a second look at symbols that it located and could not correct.

`return_errors` costs nothing and gives the corners and version of a symbol that zxing-cpp could not correct.  Such a
symbol is rectified to a square grid, sharpened at the scale of its modules, thresholded against its neighbourhood, and
read again in that small square only.  A symbol that is still not read is returned with its place, for `recovery`.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
import zxingcpp

from drivers.decoders.detect.finder_count import is_crowded
from drivers.decoders.failures import contain_failures
from drivers.decoders.filters import halve, threshold
from drivers.decoders.qr.structured_append import MessagePart, is_part, part_of
from drivers.decoders.rectify.perspective import MODULE, rectify, sharpen_modules
from drivers.decoders.symbols import NOTHING, Corners, Grey, ReadResult, Symbol, lies_in, unique

LOCAL = zxingcpp.Binarizer.LocalAverage
GLOBAL = zxingcpp.Binarizer.GlobalHistogram

ZXING = "zxing-cpp"
SECOND_LOOK = "second look"

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)

# pixels a side whose mean is the threshold of the second look: ten modules, and odd [25: 0, 61: 0]
AROUND = 10 * MODULE + 1
SIDE = 65_535  # pixels a side: `read_barcodes` raises ValueError for more
GUARDED = 10**6  # pixels: a larger picture may hold too many finder patterns for the time
SECOND_LOOKS = 3  # in one picture, plus one per code that was read in it: a bound on time [1: 0, 8: 0]


@contain_failures(lambda: NOTHING)
def detect_and_decode(
    grey: Grey,
    binarizer: zxingcpp.Binarizer = LOCAL,
    *,
    second_look: bool = True,
    in_time: Callable[[], bool] = lambda: True,
) -> ReadResult:
    """Read all QR codes that zxing-cpp reads, at once or (`second_look`) after they are rectified.

    `in_time`: returns whether there is time for one more second look."""
    if max(grey.shape) > SIDE or (grey.size > GUARDED and is_crowded(grey)):
        return detect_and_decode(halve(grey), binarizer, second_look=second_look, in_time=in_time).scaled(2)
    barcodes = zxingcpp.read_barcodes(
        grey,
        formats=_QR,
        try_rotate=False,  # finder patterns are found at any angle
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
        return_errors=True,
    )
    texts, parts = _contents(barcodes)
    read = [Symbol(_corners(barcode), _size(barcode) or 0) for barcode in barcodes if barcode.valid]
    decoded_by = ZXING if read else ""
    located = []
    for symbol in _uncorrected(barcodes, [one.corners for one in read]):
        more = _look_again(grey, symbol) if second_look and in_time() else NOTHING
        if more.has_read:
            texts, parts = [*texts, *more.texts], [*parts, *more.parts]
            read.append(symbol)
            decoded_by = SECOND_LOOK
        else:
            located.append(symbol)
    return ReadResult(unique(texts), decoded_by, tuple(read), tuple(located), tuple(parts))


@contain_failures(lambda: NOTHING)
def decode_flat(square: Grey, binarizer: zxingcpp.Binarizer = GLOBAL) -> ReadResult:
    """Read the picture of one upright symbol; the result has no places."""
    barcodes = zxingcpp.read_barcodes(
        square,
        formats=_QR,
        try_rotate=False,
        try_invert=False,
        try_downscale=False,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
    )
    texts, parts = _contents(barcodes)
    return ReadResult(unique(texts), ZXING, parts=tuple(parts)) if texts or parts else NOTHING


def _contents(barcodes: Iterable[zxingcpp.Barcode]) -> tuple[list[str], list[MessagePart]]:
    """Return the texts, and the parts of texts in several symbols."""
    texts, parts = list[str](), list[MessagePart]()
    for barcode in barcodes:
        if barcode.valid:
            part = _part(barcode)
            if part is None:
                texts.append(barcode.text)
            else:
                parts.append(part)
    return texts, parts


def _nothing() -> MessagePart | None:
    return None


@contain_failures(_nothing)
def _part(barcode: zxingcpp.Barcode) -> MessagePart | None:
    modules = np.array(barcode.to_image(scale=1, add_quiet_zones=False)) == 0
    extra = barcode.extra if isinstance(barcode.extra, dict) else {}
    exact = extra.get("UEC") == 1.0  # no error correction codeword was used
    if exact and not is_part(modules, int(extra.get("DataMask", 0))):
        return None
    return part_of(modules, barcode.text, barcode.bytes, exact=exact)


def _uncorrected(barcodes: Iterable[zxingcpp.Barcode], read: Iterable[Corners]) -> Iterator[Symbol]:
    """Yield symbols that were located and not corrected, each place once.

    Several triples of finder patterns may describe one symbol."""
    taken = list(read)
    most = 2 * len(taken) + SECOND_LOOKS
    for barcode in barcodes:
        size = _size(barcode)
        if barcode.valid or size is None:
            continue
        corners = _corners(barcode)
        if cv2.contourArea(corners) < size * size or any(lies_in(corners, other) for other in taken):
            continue  # less than a pixel a module, or the same place again
        taken.append(corners)
        yield Symbol(corners, size)
        if len(taken) == most:
            return


def _size(barcode: zxingcpp.Barcode) -> int | None:
    """Return modules a side, None when zxing-cpp did not determine the version."""
    extra = barcode.extra
    version = str(extra.get("Version", "")) if isinstance(extra, dict) else ""
    return 17 + 4 * int(version) if version.isdecimal() else None


def _corners(barcode: zxingcpp.Barcode) -> Corners:
    place = barcode.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([(corner.x, corner.y) for corner in corners], np.float32)


def _look_again(grey: Grey, symbol: Symbol) -> ReadResult:
    return decode_flat(threshold(sharpen_modules(rectify(grey, symbol)), AROUND, 0))
