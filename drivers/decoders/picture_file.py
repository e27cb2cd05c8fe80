"""Picture files as grey arrays."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.looking import Grey
from drivers.decoders.native_noise import quiet
from gate.errors import PictureError

_HINT = "Give a PNG, JPEG, WebP, TIFF or BMP picture"


def load_grey(path: Path) -> Grey:
    """The picture in `path`, what is transparent taken for white paper.

    Raises PictureError when the file cannot be opened, is empty or is not a whole picture."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: {error.strerror or error}", hint="Name a picture file that can be read") from error
    if not data:
        raise PictureError(f"{path}: the file is empty", hint=_HINT)
    try:
        with quiet():
            # Unchanged, for the sake of transparency.  It leaves out turning the picture upright: a
            # QR code is found at any angle.
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as error:
        raise PictureError(f"{path}: the picture is damaged or too large", hint=_HINT) from error
    if picture is None or picture.size == 0:
        raise PictureError(f"{path}: not a picture, or a damaged one", hint=_HINT)
    try:
        return to_grey(picture)
    except cv2.error as error:
        raise PictureError(f"{path}: a kind of picture that is not understood", hint=_HINT) from error


def to_grey(picture: npt.NDArray[Any]) -> Grey:
    """From one, three (BGR) or four (BGRA) channels of any depth.  Raises cv2.error for others."""
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
