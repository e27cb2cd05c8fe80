"""Successive frames of a gate's camera, drawn from a number like its single pictures."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import segno
from rendering import LETTERS, SIZES, Dice, Grey, Light, cornered, drawn, laid, moire, sensed, smeared, wall_behind

FRAMES = 30
RATE = 15.0  # frames a second

Clip = tuple[list[Grey], str]
"""Its frames, and the code's text."""


def approach(number: int, view: tuple[int, int]) -> Clip:
    """Draw a person who walks up with a phone, two seconds.

    The phone moves from afar and out of focus to held still at the distance for which the lens is set."""
    dice = np.random.default_rng([number, *view])
    flat, size, text = _pass(dice)
    height, width = view
    start, end = cornered(1.0, view, 0.05, turned=False, dice=dice), cornered(1.0, view, 0.03, turned=False, dice=dice)
    way = dice.uniform(-0.3, 0.3, 2) * (width, 0.5 * height)
    goal = min(float(dice.uniform(2.2, 3.0)) * size * height / 560, 0.75 * height)
    wall, noise = wall_behind(view, dice), float(dice.uniform(3, 7))
    pictures = []
    for frame in range(FRAMES):
        near = 1 - (1 - frame / (FRAMES - 1)) ** 1.6
        side = goal * (0.2 + 0.8 * near)
        shape = start + (end - start) * near
        middle = np.array([width, height]) / 2 + way * (1 - near) + dice.normal(0, 1.0, 2)
        corners = ((shape - shape.mean(axis=0)) * side + middle).astype(np.float32)
        picture = laid(wall.copy(), flat, corners)
        module = side / size
        speed = float(np.linalg.norm(way)) * 2 * (1 - frame / (FRAMES - 1)) / FRAMES * RATE  # pixels a second
        picture = smeared(picture, max(speed * 0.012, 0.1), float(np.arctan2(way[1], way[0])))
        blur = 0.45 + 1.4 * (1 - near) + 0.1 * module
        pictures.append(sensed(np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32), noise, dice))
    return pictures, text


def held(number: int, kind: str, view: tuple[int, int] = SIZES[0]) -> Clip:
    """Draw a phone held up, as still as hands are; `kind`: one of HELD, from mild to hopeless."""
    dice = np.random.default_rng([number, *kind.encode()])
    flat, size, text = _pass(dice)
    side = min(float(dice.uniform(1.7, 3.0)) * size, 0.85 * view[0])
    corners, wall, strong = cornered(side, view, 0.05, turned=False, dice=dice), wall_behind(view, dice), dice.random()
    harm = HELD[kind](corners, side, float(strong), dice)
    pictures = []
    for _ in range(FRAMES):
        shaken = corners + dice.normal(0, 0.7, 2) + dice.normal(0, 0.3, (4, 2))
        picture = laid(wall.copy(), flat, np.asarray(shaken, np.float32))
        picture, noise = harm(np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.5 + 0.1 * side / size), np.float32))
        pictures.append(sensed(picture, noise, dice))
    return pictures, text


Harm = Callable[[Light], tuple[Light, float]]
"""Takes a frame; returns the harmed frame and the noise of the sensor."""


def _dim(_: Light, __: float, strong: float, ___: Dice) -> Harm:
    return lambda picture: (np.asarray(10 + picture * (0.15 - 0.1 * strong), np.float32), 6.0)


def _noise(_: Light, __: float, strong: float, ___: Dice) -> Harm:
    return lambda picture: (picture, 25 + 50 * strong)


def _display(corners: Light, side: float, strong: float, dice: Dice) -> Harm:
    """Add a display's stripes, in another place each time."""
    return lambda picture: (moire(picture, corners, side, dice), 5 + 25 * strong)


def _lamp(corners: Light, side: float, strong: float, dice: Dice) -> Harm:
    """Add a band of light in the glass, which wanders as the hand turns."""
    angle = float(dice.uniform(0, np.pi))
    x, y = corners.mean(axis=0) + dice.uniform(-0.4, 0.4, 2) * side

    def lit(picture: Light) -> tuple[Light, float]:
        nonlocal x, y
        x, y = np.array([x, y]) + dice.normal(0, 0.03, 2) * side
        rows, columns = np.indices(picture.shape, np.float32)
        away = (columns - x) * np.sin(angle) - (rows - y) * np.cos(angle)
        band = np.exp(-((away / (side * (0.04 + 0.06 * strong))) ** 2) / 2)
        return np.asarray(picture + (150 + 400 * strong) * band, np.float32), 4.0

    return lit


HELD: dict[str, Callable[[Light, float, float, Dice], Harm]] = {
    "dim": _dim,
    "noise": _noise,
    "display": _display,
    "lamp": _lamp,
}


def _pass(dice: Dice) -> tuple[Light, int, str]:
    """Return a drawn pass, its modules a side with the quiet zone, and its text."""
    text = "AQ1:" + "".join(dice.choice(list(LETTERS), int(dice.integers(180, 400))))
    code = segno.make_qr(text, error="l", boost_error=True)
    return drawn(np.array([list(row) for row in code.matrix], np.bool_)), int(code.symbol_size(border=4)[0]), text


def hall(view: tuple[int, int], frames: int) -> Iterator[Grey]:
    """Yield an entrance at rest: the same wall, a lamp that flickers a little, a sensor's noise."""
    dice = np.random.default_rng([1, *view])
    wall = wall_behind(view, dice)
    for height in range(0, view[0], 60):
        cv2.line(wall, (0, height), (view[1], height), 60.0, 2)
    for _ in range(frames):
        yield sensed(np.asarray(wall * dice.uniform(0.99, 1.01), np.float32), 4.0, dice)
