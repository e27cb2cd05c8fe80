"""Picture files as grey arrays, within bounds of memory and time whatever a file's header claims.

One parser, Pillow's, reads both header and pixels: the size that was checked is the size that is unpacked.  The bounds
hold before anything is unpacked.
"""

import os
import stat
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.image_kinds import HEAD, READ_BY_US, is_readable, name_kind
from drivers.decoders.symbols import Grey
from gate.errors import PictureError
from gate.worker.stderr import silenced

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_FILE = 1 << 28  # bytes: 50 megapixels of 4 bytes, and room for metadata
MEGAPIXELS = 50  # a phone makes 12, at most 50: 200 MB unpacked
MEGAPIXELS_WEBP = 25  # libwebp keeps two canvases of 4 bytes a pixel beside the picture
SIDE = 65_535  # pixels: zxing-cpp takes no more
_PACKED_ROWS = 2 * 10**6  # pixels of a run-length coded BMP, which Pillow unpacks in Python, some 1 us each
_PER_BYTE = 512  # pixels of a JPEG: each block of 64 takes one bit at least (ITU-T T.81, F.1.2 and G.1.2)
_SCANS = 10**9  # pixels times scans of a progressive JPEG: each scan covers all of them, some 5 ns each
_STRIP = 256  # rows that are converted at once
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "MPO")

_DNG_VERSION, _SUB_IFDS, _MAKE = 50706, 330, 271  # tags of TIFF that mark a camera's RAW picture

_HINT = READ_BY_US
_TOO_LARGE = f"Make it smaller: at most {MEGAPIXELS} megapixels (WebP {MEGAPIXELS_WEBP}) and {SIDE} pixels a side"


def load_grey(path: Path) -> Grey:
    """Return the picture in `path`, the first of several pages or frames; transparent pixels become white.

    Takes some 550 MB at most.  Raises PictureError when the file cannot be opened, is empty, is too large or is not
    a whole picture of a kind that is read."""
    data = _content(path)
    if not data:
        raise PictureError(f"{path}: the file is empty", hint=_HINT)
    if not is_readable(data[:HEAD]):
        what, todo = name_kind(data[:HEAD])
        verb = "" if what.startswith("not ") else "this is "
        raise PictureError(f"{path}: {verb}{what}", hint=todo)
    _check_webp(path, data)
    try:
        with silenced(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on damaged tags
            return _unpacked(path, data)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError(f"{path}: the picture does not fit into memory", hint=_TOO_LARGE) from error
    except Exception as error:
        raise PictureError(f"{path}: the picture is damaged, or not whole", hint=_HINT) from error


def to_grey(picture: npt.NDArray[Any]) -> Grey:
    """Convert one, three (BGR) or four (BGRA) channels of any depth.  Raises cv2.error for others."""
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    elif picture.dtype != np.uint8:
        values = np.nan_to_num(picture.astype(np.float32))
        values -= values.min()
        picture = (values * (255 / max(float(values.max()), 1e-9))).astype(np.uint8)
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.ascontiguousarray(picture.reshape(picture.shape[:2]))
    if picture.shape[2] == 4:
        ink = cv2.cvtColor(picture, cv2.COLOR_BGRA2GRAY).astype(np.uint16)
        alpha = picture[:, :, 3].astype(np.uint16)
        return ((ink * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def _content(path: Path) -> bytes:
    """Return the file's bytes: without waiting for a pipe, and within LARGEST_FILE."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                kind = "a directory" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device"
                raise PictureError(f"{path}: this is {kind}", hint="Name a picture file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(LARGEST_FILE + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        what = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{path}: {what}", hint="Name a picture file that can be read") from error
    if len(data) > LARGEST_FILE:
        raise PictureError(f"{path}: the file has more than {LARGEST_FILE >> 20} MiB", hint=_TOO_LARGE)
    return data


def _check_webp(path: Path, data: bytes) -> None:
    """Raise PictureError for too large a canvas: Pillow unpacks it as soon as it opens the file."""
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X" and len(data) >= 30:
        wide, high = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif data[:4] == b"RIFF" and data[12:16] == b"VP8L" and len(data) >= 25:
        (bits,) = struct.unpack_from("<I", data, 21)
        wide, high = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif data[:4] == b"RIFF" and data[12:16] == b"VP8 " and len(data) >= 30:
        wide, high = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return
    _check_size(path, wide, high, MEGAPIXELS_WEBP)


def _check_size(path: Path, wide: int, high: int, megapixels: int = MEGAPIXELS) -> None:
    if wide < 1 or high < 1:
        raise PictureError(f"{path}: the picture is damaged, or not whole", hint=_HINT)
    if wide * high > megapixels * 10**6 or max(wide, high) > SIDE:
        raise PictureError(f"{path}: the picture has {wide} x {high} pixels", hint=_TOO_LARGE)


def _unpacked(path: Path, data: bytes) -> Grey:
    from io import BytesIO

    from PIL import Image

    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path}: the picture has more than {MEGAPIXELS} megapixels", hint=_TOO_LARGE) from error
    with image:
        _check_size(path, image.width, image.height)
        _check_work(path, image, data)
        image.load()
        return _grey(image)


def _check_work(path: Path, image: "Image", data: bytes) -> None:
    """Raise PictureError for a small file that demands much work, or that holds a part of its pixels only."""
    pixels = image.width * image.height
    tiles = getattr(image, "tile", None) or ()
    coder = tiles[0][0] if tiles else ""
    held = len(data) * _PER_BYTE if image.format in ("JPEG", "MPO") else pixels
    if tiles:
        held = min(held, sum((right - left) * (low - top) for left, top, right, low in {tile[1] for tile in tiles}))
    if held < pixels:  # libjpeg and Pillow make up the rest: 22 kB took the time of 6 megapixels
        raise PictureError(f"{path}: the picture is damaged, or not whole", hint=_HINT)
    if coder == "bmp_rle" and pixels > _PACKED_ROWS:
        raise PictureError(f"{path}: this BMP picture is compressed, and large", hint="Save it as PNG")
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") * pixels > _SCANS:
        raise PictureError(f"{path}: this JPEG picture has too many scans", hint="Save it again, or as PNG")
    if image.format == "TIFF":
        tags = getattr(image, "tag_v2", {})
        if _DNG_VERSION in tags or (_SUB_IFDS in tags and _MAKE in tags):
            raise PictureError(f"{path}: this is a camera's RAW picture", hint="Export it as JPEG or PNG")


def _grey(image: "Image") -> Grey:
    """Convert strip by strip: the converted picture as a whole would take as much memory again."""
    wide, high = image.size
    grey = np.empty((high, wide), np.uint8)
    wider = image.mode in ("I", "F")
    extrema = np.asarray(image.getextrema(), np.float64) if wider else np.zeros(2)
    scale = 255 / max(float(extrema[1] - extrema[0]), 1e-9)
    for top in range(0, high, _STRIP):
        bottom = min(top + _STRIP, high)
        strip = image.crop((0, top, wide, bottom))
        if wider:
            values = (np.asarray(strip, np.float64) - extrema[0]) * scale
            grey[top:bottom] = np.nan_to_num(values).clip(0, 255).astype(np.uint8)
        else:
            grey[top:bottom] = to_grey(_channels(strip, image))
    return grey


def _channels(strip: "Image", image: "Image") -> npt.NDArray[Any]:
    """Return one channel of any depth, or BGR, or BGRA."""
    if strip.mode.startswith("I;16"):
        return np.asarray(strip).astype(np.uint16)
    if strip.mode in ("1", "L") and "transparency" not in image.info:
        return np.asarray(strip.convert("L"), np.uint8)
    if strip.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        strip.info = dict(image.info)
        return np.ascontiguousarray(np.asarray(strip.convert("RGBA"))[:, :, [2, 1, 0, 3]])
    return np.ascontiguousarray(np.asarray(strip.convert("RGB"))[:, :, ::-1])
