"""The projective transform between a symbol's four corners and a square grid of modules."""

import cv2
import numpy as np

from drivers.decoders.filters import sharpen
from drivers.decoders.qr.layout import QUIET_ZONE
from drivers.decoders.symbols import Corners, Grey, Symbol

MODULE = 4
"""Pixels a module of a rectified symbol."""

SHARPEN_SIGMA, SHARPEN_AMOUNT = 0.7 * MODULE, 2.0
"""Of the unsharp mask over a rectified symbol: a blur of 0.7 module, added twice."""


def square_corners(size: int, module: int = MODULE) -> Corners:
    """Return the corners of a symbol of `size` modules after `rectify`."""
    low, high = QUIET_ZONE * module, (QUIET_ZONE + size) * module
    return np.array([(low, low), (high, low), (high, high), (low, high)], np.float32) - np.float32(0.5)


def rectify(grey: Grey, symbol: Symbol) -> Grey:
    """Return the symbol and its quiet zone as a square of MODULE pixels a module."""
    side = (symbol.size + 2 * QUIET_ZONE) * MODULE
    square = cv2.warpPerspective(
        grey,
        cv2.getPerspectiveTransform(symbol.corners, square_corners(symbol.size)),
        (side, side),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(square, np.uint8)


def sharpen_modules(square: Grey) -> Grey:
    """Sharpen a rectified symbol at the scale of its modules."""
    return sharpen(square, SHARPEN_SIGMA, SHARPEN_AMOUNT)
