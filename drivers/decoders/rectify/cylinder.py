"""Unrolling of a symbol round a can, a bottle, a wrist: modules narrow where the surface turns away, and lines across
it sag.

Both are fitted by a grid search for the most regular distance of the modules' borders: the magnitude of their discrete
Fourier transform at the module's frequency, with a cylinder undone.  Only the centres of the finder patterns are
certain beforehand.  `dewarp` flattens the rest.

In brackets: texts gained or lost with other values (scripts/benchmarks/README.md, "Constants of the decoders").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.arithmetic import Floats, multiply
from drivers.decoders.qr.layout import FINDER, QUIET_ZONE
from drivers.decoders.rectify.dewarp import borders, suppress_texture
from drivers.decoders.rectify.perspective import MODULE, rectify
from drivers.decoders.symbols import Grey, Symbol

GAIN = 1.7  # times more regular than flat: less is no cylinder [1.3: 0, 2.3: 0]
REGULAR = 0.12  # of all changes: less are no modules [0.07: 0, 0.2: 0]
BANDS = 4  # of a symbol, each of which may be a little displaced [2: -1, 8: 0]
SAGS = 0.25  # of the symbol's side: the most that its middle sags [0.15: 0, 0.4: 0]
SAG_STEP, SKEW_STEP, SKEWS = 0.66, 1.0, 3.0  # modules: steps of the search, and the most that its right side hangs down
ANGLE_STEP, MIDDLE_STEP = 0.4, 0.15  # radians that the symbol covers, and of its side: steps of the search
IN_VIEW = 1.45  # radians off the line of sight: modules further round, near 90 degrees, are invisible
_ANGLES = ANGLE_STEP * np.arange(1, 8)
_MIDDLES = MIDDLE_STEP * np.arange(-4, 5)  # where it faces the camera: of its side, from its middle
_CYLINDERS = [
    (angle, middle) for angle, middle in product(_ANGLES, _MIDDLES) if angle * (0.5 + abs(middle)) < IN_VIEW
]  # the whole symbol is seen
_BETWEEN = list(product((-0.5, -0.25, 0.0, 0.25, 0.5), repeat=2))


def unroll(grey: Grey, symbol: Symbol, square: Grey) -> Grey | None:
    """Return the symbol flat and rectified, None when it lies round no cylinder.  `square`: the symbol rectified."""
    return next((flat for flat in unroll_in_parts(grey, symbol, square) if flat is not None), None)


def unroll_in_parts(grey: Grey, symbol: Symbol, square: Grey) -> Iterator[Grey | None]:
    """Yield None after each part of the work, at last what `unroll` returns."""
    opposite = symbol.corners.copy()
    opposite[2] = opposite[1] + opposite[3] - opposite[0]  # the fourth corner is a guess, and a poor one on a can
    best: _Fit | None = None
    for plane in (square, rectify(grey, Symbol(opposite, symbol.size))):
        for lying in (False, True):
            fit = _fit(np.ascontiguousarray(plane.T) if lying else plane, symbol.size, lying)
            if fit.gain >= GAIN and (best is None or fit.regular > best.regular):
                best = fit
        yield None
    if best is None or best.regular < REGULAR:
        return
    angle, middle = _refine(best, symbol.size)
    _sag_waves(symbol.size)  # of a size that is new: longer than the search
    yield None
    flat = _flatten(best.square, symbol.size, angle, middle)
    yield np.ascontiguousarray(flat.T) if best.lying else flat


@dataclass(frozen=True, slots=True)
class _Fit:
    """The cylinder with a vertical axis that makes the borders most regular."""

    square: Grey
    lying: bool  # the axis is horizontal
    bands: Floats  # (pixels of the symbol, BANDS): how much changes from one to the next
    cylinder: tuple[float, float]
    regular: float  # of all that changes
    gain: float  # times more regular than flat


def _fit(square: Grey, size: int, lying: bool) -> _Fit:
    lines = cv2.resize(borders(suppress_texture(square), size), (size * MODULE, BANDS), interpolation=cv2.INTER_AREA)
    bands = np.ascontiguousarray(_keep_borders(np.asarray(lines, np.float32)).T)
    regular = _regularity(_cylinder_waves(size), bands) / max(float(lines.sum()), 1.0)
    best = int(np.argmax(regular[1:]))
    return _Fit(
        square,
        lying,
        bands,
        _CYLINDERS[best],
        float(regular[1 + best]),
        float(regular[1 + best] / regular[0].clip(1e-6)),
    )


def _refine(fit: _Fit, size: int) -> tuple[float, float]:
    """Return a cylinder between those that were tried."""
    angle, middle = fit.cylinder
    near = [(angle + across * ANGLE_STEP, middle + aside * MIDDLE_STEP) for across, aside in _BETWEEN]
    return near[int(np.argmax(_regularity(_waves(size, near), fit.bands)))]


def _flatten(square: Grey, size: int, angle: float, middle: float) -> Grey:
    side = len(square)
    share = (np.arange(side, dtype=np.float32) + 0.5) / (size * MODULE) - QUIET_ZONE / size
    seen = share.clip(0.5 + middle - 1.5 / angle, 0.5 + middle + 1.5 / angle)
    across = (_seen_at(seen, size, angle, middle) * size + QUIET_ZONE) * MODULE - 0.5
    columns, rows = np.broadcast_to(across, (side, side)).astype(np.float32), np.indices((side, side), np.float32)[0]
    level = cv2.remap(square, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sag, skew = _sag(np.asarray(level, np.uint8), size)
    rows += (_down(share.clip(-0.1, 1.1), size).T @ np.array((sag, skew), np.float32)) * MODULE
    return np.asarray(cv2.remap(square, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _sag(level: Grey, size: int) -> tuple[float, float]:
    """Return how far, in modules, the middle of the symbol sags, and its right side."""
    lines = _keep_borders(borders(suppress_texture(np.ascontiguousarray(level.T)), size))
    columns = cv2.resize(lines, (size * MODULE, size), interpolation=cv2.INTER_AREA)
    turns = 2 * np.pi * (np.arange(size * MODULE) + 1) / MODULE
    waves = np.vstack([columns * np.cos(turns), columns * np.sin(turns)]).astype(np.float32)
    ways, likely = _sag_waves(size)
    bands = np.asarray(cv2.resize(waves, (BANDS, 2 * size), interpolation=cv2.INTER_AREA), np.float32)
    best = int(np.argmax(_regularity(likely, bands)))
    return float(ways[best, 0]), float(ways[best, 1])


def _keep_borders(lines: Floats) -> Floats:
    """Drop changes that are no borders, but a shadow or a picture."""
    return np.asarray(lines - cv2.blur(lines, (2 * MODULE + 1, 1)), np.float32)


def _regularity(waves: Floats, bands: Floats) -> Floats:
    """Return the regularity of each wave (cosines, then sines of all), in all bands."""
    sums = multiply(waves, bands)
    half = len(sums) // 2
    return np.asarray(cv2.magnitude(sums[:half], sums[half:]).sum(axis=1), np.float32)


@cache
def _cylinder_waves(size: int) -> Floats:
    """Return the waves of no cylinder, and of every one."""
    return _waves(size, [(0.01, 0.0), *_CYLINDERS])


def _waves(size: int, cylinders: Sequence[tuple[float, float]]) -> Floats:
    """Return the waves of these cylinders: (cosines, then sines; pixels of a symbol)."""
    seen = (np.arange(size * MODULE) + 1) / (size * MODULE)
    turns = 2 * np.pi * size * np.stack([_lies_at(seen, size, *cylinder) for cylinder in cylinders])
    return np.vstack([np.cos(turns), np.sin(turns)]).astype(np.float32)


@lru_cache(maxsize=4)  # some MB for a large symbol
def _sag_waves(size: int) -> tuple[Floats, Floats]:
    """Return (ways; sag and skew in modules), and the factors that turn the cosines and sines of columns back by
    them."""
    sags, skews = np.arange(-SAGS * size, SAGS * size, SAG_STEP), np.arange(-SKEWS, SKEWS + 0.1, SKEW_STEP)
    ways = np.array(list(product(sags, skews)), np.float32)
    turns = 2 * np.pi * ways @ _down((np.arange(size) + 0.5) / size, size)
    cosines, sines = np.cos(turns), np.sin(turns)
    return ways, np.block([[cosines, sines], [sines, -cosines]]).astype(np.float32)


def _down(share: npt.NDArray[Any], size: int) -> Floats:
    """Return the displacement by a sag and a skew of 1: none at the middles of the finder patterns."""
    first = FINDER / 2 / size
    way = (share - first) / (1 - 2 * first)
    return np.stack([4 * way * (1 - way), way]).astype(np.float32)


def _seen_at(share: npt.NDArray[Any], size: int, angle: float, middle: float) -> Floats:
    """Return where this share of the symbol's side appears in the picture."""
    first, low, high = _anchors(size, angle, middle)
    sine = np.sin(angle * (share - 0.5 - middle))
    return np.asarray(first + (sine - low) / (high - low) * (1 - 2 * first), np.float32)


def _lies_at(share: npt.NDArray[Any], size: int, angle: float, middle: float) -> Floats:
    """Return the inverse of `_seen_at`."""
    first, low, high = _anchors(size, angle, middle)
    sine = low + (high - low) * (share - first) / (1 - 2 * first)
    return np.asarray(np.arcsin(sine.clip(-1, 1)) / angle + 0.5 + middle, np.float32)


def _anchors(size: int, angle: float, middle: float) -> tuple[float, float, float]:
    first = FINDER / 2 / size
    low, high = (float(np.sin(angle * (share - 0.5 - middle))) for share in (first, 1 - first))
    return first, low, high
