"""Codes drawn of dots: read as stills and live, at any size of module, and none read where there is none."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import segno

from drivers.decoders.detect.dots import dot_pitch
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.file_decoder import FileDecoder
from drivers.decoders.still import read_still
from drivers.decoders.symbols import Grey
from tests.unit.decoders.qr_pictures import with_time

TEXT = "AQ1:" + "6BFL2ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" * 5
CASES = Path(__file__).parents[3].parent / "shared" / "cases" / "10-dotted-qr"
FINE = 4  # times as fine as the picture, while it is drawn


def draw_dots(module: int, radius: float, *, square: bool = False, solid_finders: bool = False) -> Grey:
    """A symbol of dots on white; `module` in pixels, `radius` of a module."""
    matrix = segno.make_qr(TEXT, error="L").matrix
    size, wide = len(matrix), module * FINE
    canvas = np.full(((size + 8) * wide,) * 2, 255, np.uint8)
    for row, column in np.argwhere(np.array(matrix, bool)).tolist():
        x, y = (column + 4) * wide, (row + 4) * wide
        in_finder = (row < 7 and not 7 <= column < size - 7) or (row >= size - 7 and column < 7)
        if solid_finders and in_finder:
            canvas[y : y + wide, x : x + wide] = 0
        elif square:
            edge = round((0.5 - radius) * wide)
            canvas[y + edge : y + wide - edge, x + edge : x + wide - edge] = 0
        else:
            cv2.circle(canvas, (x + wide // 2, y + wide // 2), round(radius * wide), (0,), -1)
    return np.asarray(cv2.resize(canvas, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA), np.uint8)


def held(code: Grey, angle: float = 0.0, seed: int = 1) -> Grey:
    """Before a camera: on a wall, turned, a little out of focus, with noise."""
    wall = np.full((max(720, code.shape[0] + 60), max(1280, code.shape[1] + 60)), 150, np.uint8)
    wall[30 : 30 + code.shape[0], 50 : 50 + code.shape[1]] = code
    middle = (50 + code.shape[1] / 2, 30 + code.shape[0] / 2)
    turned = cv2.warpAffine(wall, cv2.getRotationMatrix2D(middle, angle, 0.7), wall.shape[::-1], borderValue=(150,))
    noise = np.random.default_rng(seed).normal(0, 4, wall.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(turned, (0, 0), 0.7) + noise, 0, 255), np.uint8)


@pytest.mark.parametrize("radius", [0.3, 0.35, 0.4, 0.45])
@pytest.mark.parametrize("module", [4, 6, 10, 16, 24])
def test_dots_are_read_as_a_still_and_live(module: int, radius: float) -> None:
    for square in (False, True):
        code = draw_dots(module, radius, square=square)
        assert read_still(code).texts == (TEXT,)
        reader = with_time()
        assert any(reader.read(held(code, seed=seed)).texts == (TEXT,) for seed in range(12))


@pytest.mark.parametrize("angle", [7, 30, 45, 171])
def test_dots_are_read_at_an_angle(angle: float) -> None:
    assert read_still(held(draw_dots(16, 0.4), angle)).texts == (TEXT,)


def test_solid_finder_patterns_are_read_at_once() -> None:
    assert detect_and_decode(draw_dots(10, 0.4, solid_finders=True)).texts == (TEXT,)


def test_the_pitch_is_the_module() -> None:
    for module in (6, 10, 17, 24):
        pitch = dot_pitch(draw_dots(module, 0.35))
        assert pitch is not None
        assert abs(pitch - module) < 0.15 * module


def test_other_textures_have_no_pitch_or_no_text() -> None:
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (400, 400)).astype(np.uint8)
    letters = np.full((400, 400), 255, np.uint8)
    for row in range(20, 400, 20):
        cv2.putText(letters, "ASHYQ GATE 0123456789", (5, row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0,), 1)
    for other in (noise, letters, np.full((100, 100), 7, np.uint8), np.zeros((1, 1), np.uint8)):
        assert dot_pitch(other) is None
    halftone = np.where(np.hypot(*(np.indices((400, 400)) % 10 - 4.5)) < 4, 0, 255).astype(np.uint8)
    assert dot_pitch(halftone) == pytest.approx(10, abs=0.5)
    assert read_still(halftone).texts == ()


@pytest.mark.skipif(not CASES.exists(), reason="the pictures are not here")
def test_the_collected_pictures_are_read() -> None:
    pictures = sorted(CASES.glob("*.png"))
    assert pictures
    for picture in pictures:
        (text,) = FileDecoder().read_file(picture).texts
        assert text.startswith("AQ1:")
