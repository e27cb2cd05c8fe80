"""One look at one grey picture: zxing-cpp, then a second look at what it located but could not correct.

zxing-cpp is asked for symbols with errors too.  That costs nothing and gives the corners and version
of a symbol whose modules it could not correct.  Such a symbol is straightened to a square grid,
sharpened at the scale of its modules, thresholded against its neighbourhood, and read again in that
small square only.  What resists is handed on with its place: `restoring` can do more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp
from pyzbar import pyzbar

from drivers.decoders.detect.crowd import is_crowded
from drivers.decoders.failures import shielded
from gate.worker.stderr import silenced

Grey = npt.NDArray[np.uint8]
"""One channel, 8 bits, height x width."""

Corners = npt.NDArray[np.float32]
"""Four points (x, y) of a symbol: top left, then clockwise as the symbol is printed."""

LOCAL = zxingcpp.Binarizer.LocalAverage
GLOBAL = zxingcpp.Binarizer.GlobalHistogram

ZXING = "zxing-cpp"
SECOND_LOOK = "second look"

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)

MODULE = 4  # pixels a module after straightening
QUIET_ZONE = 4  # modules kept around a straightened symbol (ISO/IEC 18004)
SHARPEN_SIGMA = 0.7 * MODULE
SHARPEN_AMOUNT = 2.0
AROUND = 41  # pixels a side that a pixel is held against: ten modules
SIDE = 65_535  # pixels: zxing-cpp takes no more
GUARDED = 10**6  # pixels: a larger picture may hold more finder patterns than there is time for
SECOND_LOOKS = 3  # in one picture, and as many again as codes were read in it: a bound on time


@dataclass(frozen=True, slots=True)
class Located:
    """A symbol whose place and version are known."""

    corners: Corners
    size: int  # modules a side


@dataclass(frozen=True, slots=True)
class Found:
    texts: tuple[str, ...]  # each text once, exactly as decoded
    step: str  # the last step that read something; "" when nothing was read
    symbols: tuple[Located, ...] = ()  # that were read
    located: tuple[Located, ...] = ()  # that were not


NOTHING = Found((), "")


def scaled(found: Found, factor: float) -> Found:
    """As it lies in a picture that is so many times larger."""
    symbols, located = (
        tuple(Located(np.asarray((one.corners + 0.5) * factor - 0.5, np.float32), one.size) for one in part)
        for part in (found.symbols, found.located)
    )
    return replace(found, symbols=symbols, located=located)


def first_read(steps: Iterable[Found]) -> Found:
    """Of steps that are taken one after another, the first that read something."""
    return next((found for found in steps if found.texts), NOTHING)


@shielded(lambda: NOTHING)
def look(grey: Grey, binarizer: zxingcpp.Binarizer = LOCAL, *, again: bool = True) -> Found:
    """All QR codes that zxing-cpp reads, at once or (`again`) at the second look."""
    if max(grey.shape) > SIDE or (grey.size > GUARDED and is_crowded(grey)):
        return scaled(look(halved(grey), binarizer, again=again), 2)
    symbols = zxingcpp.read_barcodes(
        grey,
        formats=_QR,
        try_rotate=False,  # finder patterns are found at any angle
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
        return_errors=True,
    )
    texts = [symbol.text for symbol in symbols if symbol.valid]
    read = [Located(_corners(symbol), _modules(symbol) or 0) for symbol in symbols if symbol.valid]
    step = ZXING if texts else ""
    located = []
    for one in _uncorrected(symbols, [one.corners for one in read]):
        if more := _second_look(grey, one) if again else []:
            texts += more
            read.append(one)
            step = SECOND_LOOK
        else:
            located.append(one)
    return Found(each_once(texts), step, tuple(read), tuple(located))


@shielded(list[str])
def read_flat(square: Grey, binarizer: zxingcpp.Binarizer = GLOBAL) -> list[str]:
    """What zxing-cpp reads of one upright symbol."""
    symbols = zxingcpp.read_barcodes(
        square,
        formats=_QR,
        try_rotate=False,
        try_invert=False,
        try_downscale=False,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
    )
    return [symbol.text for symbol in symbols if symbol.valid]


def square_corners(size: int, module: int = MODULE) -> Corners:
    """Where `straightened` puts the corners of a symbol."""
    low, high = QUIET_ZONE * module, (QUIET_ZONE + size) * module
    return np.array([(low, low), (high, low), (high, high), (low, high)], np.float32) - np.float32(0.5)


def straightened(grey: Grey, symbol: Located) -> Grey:
    """The symbol and its quiet zone as a square of MODULE pixels a module."""
    side = (symbol.size + 2 * QUIET_ZONE) * MODULE
    square = cv2.warpPerspective(
        grey,
        cv2.getPerspectiveTransform(symbol.corners, square_corners(symbol.size)),
        (side, side),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(square, np.uint8)


@shielded(list[str])
def zbar_texts(square: Grey) -> list[str]:
    """What zbar reads in a straightened symbol.  It guesses the character set and hands out UTF-8, so only
    ASCII is certain to be exact."""
    with silenced():
        read = pyzbar.decode(_crisp(square), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [one.data.decode() for one in read if one.data.isascii()]


def each_once(texts: Iterable[str]) -> tuple[str, ...]:
    """Without doubles, in the order of first sight."""
    return tuple(dict.fromkeys(texts))


def halved(grey: Grey) -> Grey:
    """An odd row or column at the end is left out: four pixels to one is many times faster than any other area."""
    height, width = grey.shape[0] // 2, grey.shape[1] // 2
    if not height or not width:
        return grey
    return np.asarray(
        cv2.resize(grey[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def thresholded(grey: Grey, around: int, darker: int = 2) -> Grey:
    """Black what is at least `darker` than the mean of its neighbourhood, `around` pixels a side."""
    way, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    return np.asarray(cv2.adaptiveThreshold(grey, 255, way, kind, around, darker), np.uint8)


def sharpened(grey: Grey, sigma: float, amount: float) -> Grey:
    """Unsharp mask: what a blur of `sigma` pixels takes away, added `amount` times."""
    blurred = cv2.GaussianBlur(grey, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(grey, 1 + amount, blurred, -amount, 0), np.uint8)


def _uncorrected(symbols: Iterable[zxingcpp.Barcode], read: Iterable[Corners]) -> Iterator[Located]:
    """Symbols located but not corrected, each place once: several triples of finder patterns may
    describe one symbol."""
    taken = list(read)
    most = 2 * len(taken) + SECOND_LOOKS
    for symbol in symbols:
        size = _modules(symbol)
        if symbol.valid or size is None:
            continue
        corners = _corners(symbol)
        if cv2.contourArea(corners) < size * size or any(inside(corners, other) for other in taken):
            continue  # less than a pixel a module, or the same place again
        taken.append(corners)
        yield Located(corners, size)
        if len(taken) == most:
            return


def _modules(symbol: zxingcpp.Barcode) -> int | None:
    """Modules a side, None when zxing-cpp did not get as far as the version."""
    extra = symbol.extra
    version = str(extra.get("Version", "")) if isinstance(extra, dict) else ""
    return 17 + 4 * int(version) if version.isdecimal() else None


def _corners(symbol: zxingcpp.Barcode) -> Corners:
    place = symbol.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([(corner.x, corner.y) for corner in corners], np.float32)


def inside(corners: Corners, other: Corners) -> bool:
    """Whether the middle of the one lies in the other."""
    x, y = corners.mean(axis=0)
    return cv2.pointPolygonTest(other, (float(x), float(y)), measureDist=False) >= 0


def _second_look(grey: Grey, symbol: Located) -> list[str]:
    return read_flat(thresholded(_crisp(straightened(grey, symbol)), AROUND, 0))


def _crisp(square: Grey) -> Grey:
    return sharpened(square, SHARPEN_SIGMA, SHARPEN_AMOUNT)
