"""Pictures like those of a gate's camera, drawn from a number: the same on every machine.

Each shows a code on a phone or a sheet, held at an angle before a wall, with one harm of real pictures.  Every harm is
drawn from mild to hopeless, so that no reader reads all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import segno

Grey = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float32]
Dice = np.random.Generator

SIZES = ((480, 640), (720, 1280))
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # Base45, the alphabet of passes
FINE = 12  # pixels a module before the camera sees it


@dataclass(frozen=True, slots=True)
class Rendered:
    picture: Grey
    text: str  # of the code
    kind: str


def rendered(number: int, kind: str, *, letters: tuple[int, int] = (150, 420), dense: bool = False) -> Rendered:
    """Draw a picture.  `letters`: length of the pass, from and to; `dense`: with more correction, as certificates
    have."""
    dice = np.random.default_rng([number, *kind.encode()])
    text = "AQ1:" + "".join(dice.choice(list(LETTERS), int(dice.integers(*letters))))
    code = segno.make_qr(text, error="q" if dense else str(dice.choice(["l", "l", "m"])), boost_error=True)
    flat = drawn(np.array([list(row) for row in code.matrix], np.bool_))
    return Rendered(_seen(flat, int(code.symbol_size(border=0)[0]), kind, dice), text, kind)


def without_code(number: int) -> Grey:
    """Draw a wall, a sheet with writing, a keyboard of tiles: none of them holds a code."""
    dice = np.random.default_rng([number, 99])
    picture = wall_behind(SIZES[number % 2], dice).clip(0, 255).astype(np.uint8)
    height, width = picture.shape
    for _ in range(int(dice.integers(3, 12))):
        left, top = int(dice.integers(width)), int(dice.integers(height))
        tone, side = int(dice.uniform(30, 230)), int(dice.integers(20, 200))
        cv2.rectangle(picture, (left, top), (left + side, top + side), tone, int(dice.choice([-1, 3, 9])))
    for row in range(20, height, int(dice.integers(18, 60))):
        words = " ".join("".join(dice.choice(list(LETTERS), 6)) for _ in range(9))
        cv2.putText(picture, words, (int(dice.integers(60)), row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 40, 2)
    return sensed(picture.astype(np.float32), 4.0, dice)


def drawn(modules: npt.NDArray[np.bool_]) -> Light:
    """Draw FINE pixels a module, with its quiet zone, on white."""
    framed = np.pad(np.where(modules, 18, 240).astype(np.float32), 4, constant_values=240)
    return np.kron(framed, np.ones((FINE, FINE), np.float32))


def _seen(flat: Light, size: int, kind: str, dice: Dice) -> Grey:
    height, width = SIZES[int(dice.integers(2))]
    if kind in FLAT_HARMS:
        flat = FLAT_HARMS[kind](flat, dice)
    module = float(dice.uniform(1.6, 2.4) if kind == "small" else dice.uniform(2.2, 4.5))
    side = min(module * (size + 8), 0.92 * height)
    tilt = {"perspective": 0.16, "clean": 0.02}.get(kind, 0.05)
    corners = cornered(side, (height, width), tilt, turned=kind == "turned", dice=dice)
    picture = wall_behind((height, width), dice)
    picture = laid(picture, flat, corners)
    if kind in LENS_HARMS:
        picture = LENS_HARMS[kind](picture, corners, side / (size + 8), dice)
    return sensed(picture, float(dice.uniform(25, 75)) if kind == "noise" else 3.0, dice)


def cornered(side: float, view: tuple[int, int], tilt: float, *, turned: bool, dice: Dice) -> Light:
    """Return four corners (x, y) of the code with its quiet zone, clockwise from its top left."""
    height, width = view
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], np.float32)
    square += dice.uniform(-tilt, tilt, (4, 2)).astype(np.float32)
    angle = np.radians(dice.uniform(0, 360) if turned else dice.normal(0, 8))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    held = square @ turn.T * side
    room = np.maximum((np.array([width, height]) - np.ptp(held, axis=0)) / 2, 0)
    middle = np.array([width, height]) / 2 + dice.uniform(-1, 1, 2) * room
    return np.asarray(held - (held.max(axis=0) + held.min(axis=0)) / 2 + middle, np.float32)


def laid(picture: Light, flat: Light, corners: Light) -> Light:
    """Draw the code on its phone, in the lens' projection."""
    body = np.full((int(len(flat) * 1.7), int(len(flat) * 1.16)), 232, np.float32)
    body[: len(flat) // 6] = 90
    body[[0, 1, 2, 3, -4, -3, -2, -1]] = body[:, [0, 1, 2, 3, -4, -3, -2, -1]] = 20
    left, top = int(len(flat) * 0.08), int(len(flat) * 0.25)
    body[top : top + len(flat), left : left + len(flat)] = flat
    side = float(len(flat))
    place = np.array([(left, top), (left + side, top), (left + side, top + side), (left, top + side)], np.float32)
    way = cv2.getPerspectiveTransform(place, corners)
    scale = 2  # drawn twice as large and made smaller: no pixel of the camera is a point
    larger = np.diag([scale, scale, 1.0]) @ way
    view = (picture.shape[1] * scale, picture.shape[0] * scale)
    seen = cv2.warpPerspective(body, larger, view, flags=cv2.INTER_AREA, borderValue=-1)
    there = cv2.warpPerspective(np.ones_like(body), larger, view, flags=cv2.INTER_NEAREST)
    seen = cv2.resize(
        np.where(there > 0, seen, 0).astype(np.float32), picture.shape[::-1], interpolation=cv2.INTER_AREA
    )
    there = cv2.resize(there, picture.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(picture * (1 - there) + seen, np.float32)


def wall_behind(view: tuple[int, int], dice: Dice) -> Light:
    coarse = dice.uniform(40, 190, (4, 6)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, view[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def sensed(picture: Light, noise: float, dice: Dice) -> Grey:
    """Add a sensor's noise, clip at white, and compress as JPEG, as cameras send it."""
    noisy = (picture + dice.normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(70, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


# Harms to the code itself, before the lens.


def _damaged(flat: Light, dice: Dice) -> Light:
    """Add scratches, cracks and a stain."""
    harmed, side = flat.copy(), len(flat)
    for _ in range(int(dice.integers(1, 6))):
        start, end = dice.integers(0, side, 2), dice.integers(0, side, 2)
        tone = float(dice.choice([20, 130, 245]))
        cv2.line(harmed, start.tolist(), end.tolist(), tone, int(dice.integers(3, FINE)))
    middle = dice.integers(side // 4, side, 2).tolist()
    axes = dice.integers(FINE, max(int(side * 0.09), FINE + 1), 2).tolist()
    cv2.ellipse(harmed, middle, axes, float(dice.uniform(0, 180)), 0, 360, float(dice.choice([30, 120, 240])), -1)
    return harmed


def _curved(flat: Light, dice: Dice) -> Light:
    """Bend it round a bottle, or over crumpled paper."""
    side = len(flat)
    rows, columns = np.indices((side, side), np.float32) / side
    if dice.random() < 0.5:
        reach = float(dice.uniform(0.3, 0.9))
        bent = (np.arcsin((columns * 2 - 1) * np.sin(reach)) / reach + 1) / 2 * side
        down = (rows + dice.uniform(-0.05, 0.05) * np.sin(columns * np.pi)) * side
    else:
        strong = float(dice.uniform(0.003, 0.02))
        waves = cv2.resize(dice.normal(0, strong, (2, 4, 4)).transpose(1, 2, 0).astype(np.float32), (side, side))
        waves = waves.reshape(side, side, 2)
        bent, down = (columns + waves[..., 0]) * side, (rows + waves[..., 1]) * side
    return np.asarray(
        cv2.remap(flat, bent.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderValue=240), np.float32
    )


FLAT_HARMS: dict[str, Callable[[Light, Dice], Light]] = {"damaged": _damaged, "curved": _curved}


# Harms by light, lens and hand.


def _defocus(picture: Light, _: Light, module: float, dice: Dice) -> Light:
    return defocused(picture, module * float(dice.uniform(0.4, 1.15)))


def defocused(picture: Light, reach: float) -> Light:
    """Return the mean of a disc of `reach` pixels round every pixel."""
    size = int(np.ceil(reach)) * 2 + 1
    rows, columns = np.indices((size, size)) - size // 2
    disc = (reach + 0.5 - np.hypot(rows, columns)).clip(0, 1)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum()), np.float32)


def _motion(picture: Light, _: Light, module: float, dice: Dice) -> Light:
    return smeared(picture, module * float(dice.uniform(0.8, 2.8)), float(dice.uniform(0, np.pi)))


def smeared(picture: Light, length: float, angle: float) -> Light:
    """Return the mean of the picture along a straight way of `length` pixels."""
    size = int(np.ceil(length)) * 2 + 3
    smear = np.zeros((size * 8, size * 8), np.float32)
    middle, way = size * 4, np.array([np.cos(angle), np.sin(angle)]) * length * 4
    begin, end = ((middle + sign * way).round().astype(int).tolist() for sign in (-1, 1))
    cv2.line(smear, begin, end, 1.0, 8)
    smear = np.asarray(cv2.resize(smear, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.filter2D(picture, -1, smear / smear.sum()), np.float32)


def _low_contrast(picture: Light, _: Light, __: float, dice: Dice) -> Light:
    return np.asarray(float(dice.uniform(20, 150)) + picture * float(dice.uniform(0.05, 0.2)), np.float32)


def _glare(picture: Light, corners: Light, _: float, dice: Dice) -> Light:
    """Add a lamp in the glass, white in its middle: a band or a spot across the code."""
    rows, columns = np.indices(picture.shape, np.float32)
    side = float(np.linalg.norm(corners[0] - corners[1]))
    x, y = corners.mean(axis=0) + dice.uniform(-0.4, 0.4, 2) * side
    angle = dice.uniform(0, np.pi)
    away = (columns - x) * np.sin(angle) - (rows - y) * np.cos(angle)
    if dice.random() < 0.4:
        away = np.hypot(columns - x, rows - y)
    wide = float(dice.uniform(0.02, 0.09)) * side
    return np.asarray(picture + float(dice.uniform(120, 420)) * np.exp(-((away / wide) ** 2) / 2), np.float32)


def _shadow(picture: Light, corners: Light, _: float, dice: Dice) -> Light:
    rows, columns = np.indices(picture.shape, np.float32)
    x, y = corners.mean(axis=0)
    angle, soft = dice.uniform(0, 2 * np.pi), float(dice.uniform(1, 30))
    away = (columns - x) * np.sin(angle) - (rows - y) * np.cos(angle)
    return np.asarray(picture * (float(dice.uniform(0.12, 0.4)) + 0.6 / (1 + np.exp(-away / soft))), np.float32)


def moire(picture: Light, _: Light, __: float, dice: Dice) -> Light:
    """Add the stripes of a display under a camera."""
    rows, columns = np.indices(picture.shape, np.float32)
    for angle in dice.uniform(0, np.pi, 2):
        wave = np.sin((columns * np.cos(angle) + rows * np.sin(angle)) * 2 * np.pi / dice.uniform(2.5, 14))
        picture = picture * (1 + float(dice.uniform(0.08, 0.3)) * wave)
    return np.asarray(picture, np.float32)


def _combined(picture: Light, corners: Light, module: float, dice: Dice) -> Light:
    picture = _shadow(picture, corners, module, dice)
    blurred = cv2.GaussianBlur(picture, (0, 0), module * float(dice.uniform(0.2, 0.45)))
    return np.asarray(blurred + dice.normal(0, 9, picture.shape), np.float32)


LENS_HARMS: dict[str, Callable[[Light, Light, float, Dice], Light]] = {
    "defocus": _defocus,
    "motion": _motion,
    "low contrast": _low_contrast,
    "glare": _glare,
    "shadow": _shadow,
    "screen": moire,
    "combined": _combined,
}

KINDS = ("clean", "turned", "perspective", "small", "noise", *FLAT_HARMS, *LENS_HARMS)
