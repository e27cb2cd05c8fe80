"""The fourth corner of a symbol, which has no finder pattern: where its alignment patterns say that it is."""

import cv2
import numpy as np
import pytest

from drivers.decoders.detect.alignment import align
from drivers.decoders.qr.layout import QUIET_ZONE
from drivers.decoders.recovery import SymbolRecovery
from drivers.decoders.rectify.perspective import MODULE, rectify
from drivers.decoders.symbols import Grey, Symbol
from tests.unit.decoders.qr_pictures import noisy, square, text_of

MODULES = 2.5  # modules that the corner is guessed wrong


def leaning(text: str, seed: int, level: str = "l") -> tuple[Grey, Symbol]:
    """A symbol that leans away, a little out of focus, and where it truly lies."""
    code = square(text, 6, level)
    side, border = len(code), QUIET_ZONE * 6
    size = side // 6 - 2 * QUIET_ZONE
    outer = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    seen = outer * (3.0 * (size + 2 * QUIET_ZONE) / side) + 60
    seen += np.random.default_rng(seed).uniform(-0.06, 0.06, (4, 2)).astype(np.float32) * np.ptp(seen)
    way = cv2.getPerspectiveTransform(outer, seen)
    wide = int(seen.max()) + 60
    picture = cv2.warpPerspective(code, way, (wide, wide), flags=cv2.INTER_AREA, borderValue=130)
    inner = np.array([(border, border), (side - border, border), (side - border,) * 2, (border, side - border)])
    corners = cv2.perspectiveTransform(inner[None].astype(np.float32), way)[0] - 0.5
    blurred = cv2.GaussianBlur(picture, (0, 0), 1.5)
    return noisy(np.asarray(blurred, np.uint8), seed), Symbol(np.asarray(corners, np.float32), size)


def guessed(true: Symbol, seed: int) -> Symbol:
    """The fourth corner as one who knows only the three others might guess it."""
    corners = true.corners.copy()
    module = float(np.linalg.norm(corners[0] - corners[1])) / true.size
    corners[2] += np.random.default_rng(seed).uniform(-MODULES, MODULES, 2) * module
    return Symbol(corners, true.size)


@pytest.mark.parametrize("length", [30, 60, 190, 400, 900])  # versions 2 to 20
@pytest.mark.parametrize("seed", range(4))
def test_the_fourth_corner_is_found(length: int, seed: int) -> None:
    picture, true = leaning(text_of(seed, length), seed)
    guess = guessed(true, seed)
    found = align(rectify(picture, guess), guess)
    assert np.allclose(found.corners[[0, 1, 3]], guess.corners[[0, 1, 3]], atol=0.1)
    wrong = float(np.linalg.norm(found.corners[2] - true.corners[2]))
    module = float(np.linalg.norm(true.corners[0] - true.corners[1])) / true.size
    assert wrong < 0.7 * module


def test_it_is_found_of_an_inverted_symbol_too() -> None:
    picture, true = leaning(text_of(1), 1)
    guess = guessed(true, 1)
    dark = np.asarray(255 - picture, np.uint8)
    found = align(rectify(dark, guess), guess)
    assert np.allclose(found.corners, align(rectify(picture, guess), guess).corners, atol=0.5)


def test_what_lies_right_is_left_where_it_is() -> None:
    for seed in range(6):
        picture, true = leaning(text_of(seed), seed)
        found = align(rectify(picture, true), true)
        assert float(np.abs(found.corners - true.corners).max()) < 1.5


def test_without_a_pattern_nothing_moves() -> None:
    smallest = Symbol(np.array([(20, 20), (104, 20), (104, 104), (20, 104)], np.float32), 21)
    wall = noisy(np.full((200, 200), 120, np.uint8), 1, 20)
    assert align(rectify(wall, smallest), smallest) is smallest  # version 1 has none
    larger = Symbol(smallest.corners, 45)
    assert align(rectify(wall, larger), larger) is larger


def test_a_symbol_whose_corner_was_guessed_wrong_is_restored() -> None:
    read = 0
    for seed in range(6):
        text = text_of(seed)
        picture, true = leaning(text, seed)
        read += SymbolRecovery(picture, guessed(true, seed)).soft_decode().texts == (text,)
    assert read == 6


def test_the_pattern_is_looked_for_within_the_straightened_symbol() -> None:
    """Of every version, and with the corner anywhere within reach."""
    for version in range(1, 41):
        size = 17 + 4 * version
        symbol = Symbol(np.array([(0, 0), (size, 0), (size, size), (0, size)], np.float32), size)
        side = (size + 2 * QUIET_ZONE) * MODULE
        assert align(np.zeros((side, side), np.uint8), symbol) is symbol
