"""Pictures with thousands of finder patterns, which no picture of codes has.

zxing-cpp's work grows with the square of their number: 62,000 take it seconds (`finders` in
tests/unit/decoders/test_bounds.py), and a sheet of them is easily printed.
"""

import numpy as np
import numpy.typing as npt

ROWS = 48  # of a picture are examined, and the row below each
SCANNED = 129  # rows that zxing-cpp scans of a high picture (its `skip`, for symbols of up to 97 modules)
MOST = 2000  # finder patterns, about: an A4 page full of small codes has some hundred

Positions = npt.NDArray[np.intp]


def is_crowded(grey: npt.NDArray[np.uint8]) -> bool:
    """Return whether a picture holds too many finder patterns, estimated from some rows.

    Takes 1 ms at 1920 x 1080 pixels."""
    step = max(2, grey.shape[0] // ROWS) | 1  # odd: patterns lie beside each other by even numbers of rows
    rows = grey[:-1:step]
    if not rows.size:
        return False
    most = MOST * len(rows) / min(grey.shape[0] / 3, SCANNED)
    starts, ends = _crossed(rows)
    if starts.size <= most:
        return False
    # Noise has such runs too, but none below another.
    below = _crossed(grey[1::step][: len(rows)])
    again = [np.zeros(rows.size + 2, bool) for _ in below]
    for places, marks in zip(below, again, strict=True):
        for beside in (0, 1, 2):
            marks[places + beside] = True
    return bool(np.count_nonzero(again[0][starts + 1] & again[1][ends + 1]) > most)


def _crossed(rows: npt.NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Return where runs of dark and light as 1 : 1 : 3 : 1 : 1 begin and end, in rows one behind another."""
    dark = rows < rows.mean(axis=1, dtype=np.float32, keepdims=True)
    edges = np.flatnonzero(np.diff(dark.ravel().view(np.int8)))
    if edges.size < 6:
        return edges[:0], edges[:0]
    runs = np.diff(edges).astype(np.float32)
    module = (runs[:-4] + runs[1:-3] + runs[2:-2] + runs[3:-1] + runs[4:]) / 7
    fits = np.abs(runs[2:-2] - 3 * module) < 1.5 * module
    for at in (0, 1, 3, 4):
        fits &= np.abs(runs[at : runs.size - 4 + at] - module) < 0.75 * module
    fits &= dark.ravel()[edges[:-5] + 1]
    return edges[:-5][fits], edges[5:][fits]
