"""Photographs that are hard for one look: what is read of them, by stills and by a camera, and never anything else."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from drivers.decoders.qr.layout import QUIET_ZONE
from drivers.decoders.still import read_still
from drivers.decoders.symbols import Grey
from tests.unit.decoders.qr_pictures import a_menu_beside_a_pass, noisy, on_a_wall, square, text_of, with_time


def in_a_shadow(text: str, seed: int) -> Grey:
    """Large modules, and the hard edge of a shadow across them."""
    picture = on_a_wall(square(text, 13), (720, 1280), 300, 30)
    rows, columns = np.indices(picture.shape)
    lit = (columns - 600 - 20 * seed) * np.cos(1.2) + (rows - 300) * np.sin(1.2) < 0
    return noisy((picture * np.where(lit, 1, 0.15)).astype(np.uint8), seed)


def faint_and_inverted(text: str, seed: int) -> Grey:
    """On white paper without a quiet zone, printed in two dark greys."""
    inner = square(text, 6)[6 * QUIET_ZONE : -6 * QUIET_ZONE, 6 * QUIET_ZONE : -6 * QUIET_ZONE]
    paper = np.full((480, 640), 225, np.uint8)
    left = 60 + 20 * seed
    paper[60 : 60 + len(inner), left : left + len(inner)] = np.where(inner, 40, 90)
    return noisy(np.asarray(cv2.GaussianBlur(paper, (0, 0), 0.8), np.uint8), seed)


def faint_beside_bold_letters(text: str, seed: int) -> Grey:
    """A sheet with a code in two greys, under lines in black on white."""
    sheet = np.full((720, 1280), 235, np.uint8)
    for line in range(3):
        cv2.putText(sheet, text[8 * line :][:12], (60, 460 + 90 * line), cv2.FONT_HERSHEY_SIMPLEX, 2.6, (15,), 9)
    code = square(text, 6)[6 * QUIET_ZONE : -6 * QUIET_ZONE, 6 * QUIET_ZONE : -6 * QUIET_ZONE]
    left = 300 + 60 * seed
    sheet[70 : 70 + len(code), left : left + len(code)] = np.where(code, 92, 62)
    return noisy(np.asarray(cv2.GaussianBlur(sheet, (0, 0), 1.0), np.uint8), seed)


def under_a_thumb(text: str, seed: int) -> Grey:
    """One finder pattern is covered."""
    code = square(text, 6, "h")
    near, far = 7 * 6, len(code) - 8 * 6
    cv2.circle(code, [(near, near), (far, near), (near, far)][seed % 3], 24, (150,), -1)
    return noisy(on_a_wall(code, left=100, top=60), seed)


def in_the_dark_beside_a_lamp(text: str, seed: int) -> Grey:
    """Eight of 255 from dark to light."""
    dark = 4 + 0.03 * cv2.GaussianBlur(on_a_wall(square(text, 3), left=60).astype(np.float32), (0, 0), 0.8)
    rows, columns = np.indices(dark.shape)
    away = np.hypot(columns - 470 - 20 * seed, rows - 200)
    lit = dark + 300 * np.exp(-((away / 50) ** 2)) + 60 * np.exp(-away / 80)
    return noisy(np.asarray(lit.clip(0, 255), np.uint8), seed, 1.2)


@pytest.mark.parametrize(
    "harm", [in_a_shadow, faint_and_inverted, faint_beside_bold_letters, under_a_thumb, in_the_dark_beside_a_lamp]
)
def test_a_hard_still_is_read(harm: Callable[[str, int], Grey]) -> None:
    read = 0
    for seed in range(5):
        text = text_of(seed, 40)
        grey = harm(text, seed)
        texts = read_still(grey).texts
        assert texts in ((), (text,))
        read += texts == (text,)
    assert read >= 4


@pytest.mark.parametrize("module", [6, 8, 10])
def test_a_symbol_far_out_of_focus_is_read(module: int) -> None:
    """Blurred by three quarters of a module and more: nothing is regular any more, no finder pattern is seen."""
    still = live = 0
    for seed in range(4):
        text = text_of(seed, 20 + 10 * seed)
        sharp = on_a_wall(square(text, module, "h"), (720, 1280))
        grey = noisy(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 0.78 * module), np.uint8), seed)
        still += read_still(grey).texts == (text,)
        reader = with_time()
        live += any(reader.read(noisy(grey, frame)).texts == (text,) for frame in range(12))
    assert still >= 3
    assert live >= 3


def a_sheet_full(seed: int) -> tuple[Grey, set[str]]:
    """Of small codes, some of them blurred."""
    random = np.random.default_rng(seed)
    sheet = np.full((720, 1280), 225, np.uint8)
    texts = set()
    for row in range(7):
        for column in range(12):
            text = f"{row}-{column}:{random.integers(10**8)}"
            code = cv2.GaussianBlur(square(text, 3, "l"), (0, 0), float(random.uniform(0.5, 1.9)))
            top, left = 3 + row * 102, 4 + column * 106
            sheet[top : top + len(code), left : left + len(code)] = code
            texts.add(text)
    return noisy(sheet, seed), texts


def test_all_codes_of_a_sheet_are_read() -> None:
    grey, texts = a_sheet_full(0)
    assert set(read_still(grey).texts) == texts
    reader = with_time()
    assert {text for _ in range(8) for text in reader.read(grey).texts} == texts


def test_a_menus_code_hides_no_pass_in_a_picture_of_many_megapixels() -> None:
    grey, menu, text = a_menu_beside_a_pass(1)
    large = cv2.resize(grey, (3840, 2160), interpolation=cv2.INTER_CUBIC)
    assert set(read_still(np.asarray(large, np.uint8)).texts) == {menu, text}


def test_small_modules_are_read_in_the_first_frame() -> None:
    """1.6 pixels a module, and not quite in focus: a code that is still coming nearer."""
    first = 0
    for seed in range(6):
        text = text_of(seed)
        code = square(text, 9)
        side = round(len(code) / 9 * 1.6)
        small = cv2.resize(cv2.GaussianBlur(code, (0, 0), 4.5), (side, side), interpolation=cv2.INTER_AREA)
        grey = noisy(on_a_wall(np.asarray(small, np.uint8)), seed)
        first += with_time().read(grey).texts == (text,)
    assert first == 6


def test_a_camera_comes_to_shadows_faint_print_and_the_dark_beside_a_lamp() -> None:
    for harm in (in_a_shadow, faint_and_inverted, in_the_dark_beside_a_lamp):
        text = text_of(1, 40)
        grey = harm(text, 1)
        reader = with_time()
        assert any(reader.read(grey).texts == (text,) for _ in range(30)), harm.__name__
