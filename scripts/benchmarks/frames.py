"""Clips of what costs a live reader most: codes that are located and not read, beside a pass or alone."""

import cv2
import numpy as np
import segno
from clips import Clip
from rendering import LETTERS, Grey, cornered, drawn, laid, sensed, wall_behind

from drivers.decoders.qr.layout import layout

FRAMES = 24
LENGTHS = {"located, unread": (180, 400), "located, unread, dense": (700, 1100)}  # characters, from and to


def unread(number: int, view: tuple[int, int], kind: str) -> list[Grey]:
    """Draw a held code whose function patterns are whole and whose content is random."""
    dice = np.random.default_rng([number, *view, *kind.encode()])
    text = "AQ1:" + "".join(dice.choice(list(LETTERS), int(dice.integers(*LENGTHS[kind]))))
    code = segno.make_qr(text, error="l", boost_error=True)
    modules = np.array([list(row) for row in code.matrix], np.bool_)
    bits = layout(int(code.version)).bits
    modules[bits[..., 0], bits[..., 1]] = dice.random(bits.shape[:2]) < 0.5
    size = code.symbol_size(border=4)[0]
    side = min(float(dice.uniform(2.2, 3.6)) * size, 0.9 * view[0])
    corners, wall = cornered(side, view, 0.05, turned=False, dice=dice), wall_behind(view, dice)
    pictures = []
    for _ in range(FRAMES):
        shaken = corners + dice.normal(0, 0.7, 2) + dice.normal(0, 0.3, (4, 2))
        picture = laid(wall.copy(), drawn(modules), np.asarray(shaken, np.float32))
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.5 + 0.1 * side / size), np.float32)
        pictures.append(sensed(blurred, 4.0, dice))
    return pictures


def beside_a_pass(number: int, view: tuple[int, int]) -> Clip:
    """Draw an unread code with a readable pass on its right."""
    dice = np.random.default_rng([number, *view, 8])
    left = unread(number, (view[0], view[1] // 2), "located, unread")
    text = "AQ1:" + "".join(dice.choice(list(LETTERS), 200))
    code = segno.make_qr(text, error="l")
    half = (view[0], view[1] - view[1] // 2)
    side = min(3.2 * code.symbol_size(border=4)[0], 0.8 * min(half))
    flat = drawn(np.array([list(row) for row in code.matrix], np.bool_))
    corners, wall = cornered(side, half, 0.03, turned=False, dice=dice), wall_behind(half, dice)
    pictures = []
    for picture in left:
        shaken = np.asarray(corners + dice.normal(0, 0.5, 2), np.float32)
        pictures.append(np.hstack([picture, sensed(laid(wall.copy(), flat, shaken), 4.0, dice)]))
    return pictures, text
