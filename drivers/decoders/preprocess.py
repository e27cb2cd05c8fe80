"""Cheap changes to a picture, or to regions of it, before it is read again: each corrects another fault.

A changed picture gets no second look, which cost as much as the change and read nothing.  Results are in the
coordinates of the whole, unchanged picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import zxingcpp

from drivers.decoders.detect.regions import Region
from drivers.decoders.detect.zxing import GLOBAL, LOCAL, detect_and_decode
from drivers.decoders.filters import brighten, halve, invert, normalise_light, resize, sharpen, smooth, threshold
from drivers.decoders.symbols import Grey, ReadResult


@dataclass(frozen=True, slots=True)
class Variant:
    """A change to a picture before it is read again."""

    name: str
    change: Callable[[Grey], Grey]
    binarizer: zxingcpp.Binarizer = LOCAL
    factor: float = 1.0  # how much larger it makes the picture


def _median(grey: Grey) -> Grey:
    return np.asarray(cv2.medianBlur(grey, 3), np.uint8)


def _threshold(grey: Grey, around: int) -> Grey:
    return threshold(np.asarray(cv2.blur(grey, (3, 3)), np.uint8), around)


WHOLE = (
    Variant("quartered, normalised", lambda grey: normalise_light(halve(halve(grey)), 15), GLOBAL, 0.25),
    Variant("halved, normalised", lambda grey: normalise_light(halve(grey), 25), GLOBAL, 0.5),
)
"""For the whole picture: uneven light, and large modules."""

BRIGHTENED = Variant("brightened", brighten)
"""For the whole of a dark picture: a code beside a lamp."""

WIDE = Variant("halved, threshold", lambda grey: _threshold(halve(grey), 25), GLOBAL, 0.5)
"""For the whole picture too: reflections."""


def _enlarge_sharp(name: str, factor: float) -> Variant:
    return Variant(name, lambda grey: resize(sharpen(grey, 1.0, 6.0), factor), factor=factor)


_DOUBLED = _enlarge_sharp("sharpened, doubled", 2.0)

FINE = (_enlarge_sharp("sharpened, tripled", 3.0), _DOUBLED, _enlarge_sharp("sharpened, half as large again", 1.5))
"""Small modules, and a little out of focus: a code that comes nearer.  The least enlarged for slow devices."""

SHARPENED = (Variant("sharpened hard", lambda grey: sharpen(grey, 1.5, 4.0)), _DOUBLED)
"""The changes that read most beside a code that was read."""

MANY = 3
"""Codes in a picture: then more may be anywhere, and SHARPENED is for the whole of it."""

CHEAP = (
    Variant("global", lambda grey: smooth(grey, 0.7), GLOBAL),
    SHARPENED[0],
    Variant("threshold", lambda grey: _threshold(grey, 31), GLOBAL),
    Variant("inverted", invert),
    Variant("median", _median),
)
"""By texts read per cost, measured on frames that both looks failed on."""

_COSTLY = (
    Variant("halved", halve, factor=0.5),
    Variant("enlarged", lambda grey: resize(grey, 1.5), factor=1.5),
    Variant("sharpened", lambda grey: sharpen(grey, 2.5, 2.0), GLOBAL),
    Variant("smoothed", lambda grey: smooth(grey, 1.0)),
)

LIVE = (*CHEAP, *_COSTLY)
"""One a frame, in rotation."""

STILL = (*_COSTLY, Variant("doubled", lambda grey: resize(grey, 2.0), factor=2.0))
"""After the cheap ones, until one reads something: a still does not come again."""


def read_changed(grey: Grey, variant: Variant) -> ReadResult:
    """Read the changed picture."""
    return read_variant(variant.change(grey), variant, variant.binarizer)


def read_region(grey: Grey, region: Region, variant: Variant) -> ReadResult:
    """Read a region, changed."""
    return region.whole(read_changed(region.of(grey), variant))


def read_variant(changed: Grey, variant: Variant, binarizer: zxingcpp.Binarizer) -> ReadResult:
    """Read a picture that was changed already."""
    result = detect_and_decode(changed, binarizer, second_look=False).scaled(1 / variant.factor)
    return replace(result, decoded_by=variant.name if result.has_read else "")
