"""Arithmetic on small arrays, for which NumPy takes longer than the work itself."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
NONE = np.zeros(0, np.float32)  # no matrix: for OpenCV's optional arguments


def median(values: npt.NDArray[Any]) -> float:
    """Return the upper median; `np.median` takes some ten times as long for few values."""
    half = values.size // 2
    return float(np.partition(values.ravel(), half)[half])


def multiply(one: Floats, other: Floats, flags: int = 0) -> Floats:
    """Multiply two matrices; `flags` as of `cv2.gemm`.  NumPy would start threads for it, which cost more than they
    save."""
    return np.asarray(cv2.gemm(one, other, 1.0, NONE, 0.0, flags=flags), np.float32)
