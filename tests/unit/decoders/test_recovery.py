"""Symbols that no reader corrects are recovered, and never a text that is not there."""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.decoders.detect.blurred import locate_blurred
from drivers.decoders.detect.regions import busy_regions
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.filters import halve
from drivers.decoders.qr.layout import QUIET_ZONE
from drivers.decoders.qr.soft_decode import SAMPLES, decode_modules
from drivers.decoders.recovery import read_rectified
from drivers.decoders.rectify.cylinder import unroll
from drivers.decoders.rectify.dewarp import flatten
from drivers.decoders.rectify.perspective import MODULE, rectify, square_corners
from drivers.decoders.still import read_still
from drivers.decoders.symbols import Grey, Symbol
from tests.unit.decoders.qr_pictures import (
    a_menu_beside_a_pass,
    crumpled,
    noisy,
    on_a_wall,
    out_of_focus,
    round_a_can,
    smeared,
    square,
    text_of,
    under_a_lamp,
    version_of,
    with_time,
)


@pytest.mark.parametrize("harm", [smeared, out_of_focus, under_a_lamp])
def test_a_rectified_symbol_is_decoded_to_the_module(harm: Callable[[Grey], Grey]) -> None:
    whole = 0
    for seed in range(6):
        picture = square(text_of(seed))
        harmed = noisy(harm(picture), seed)
        modules = decode_modules(halve(harmed), version_of(picture))
        if modules is not None:
            whole += 1
            inner = picture[QUIET_ZONE * MODULE : -QUIET_ZONE * MODULE : MODULE, :][:, QUIET_ZONE * MODULE :: MODULE]
            assert (modules == (inner[:, : len(inner)] == 0)).all()
    assert whole >= 4


def test_a_crumpled_symbol_is_flattened() -> None:
    read = 0
    for seed in range(8):
        picture = square(text_of(seed))
        bent = crumpled(picture, seed)
        size = 17 + 4 * version_of(picture)
        flat = flatten(bent, size, MODULE)
        inner = slice(QUIET_ZONE * MODULE, -QUIET_ZONE * MODULE)
        before, after = ((part[inner, inner] > 127) != (picture[inner, inner] > 127) for part in (bent, flat))
        read += bool(after.mean() < 0.5 * before.mean())
    assert read >= 6


@pytest.mark.parametrize("lying", [False, True])
@pytest.mark.parametrize(("angle", "middle", "sag"), [(1.7, 0.0, 10), (2.3, 0.0, 10), (1.2, -0.4, 10), (2.1, 0.1, -14)])
def test_a_symbol_round_a_can_is_unrolled(angle: float, middle: float, sag: float, lying: bool) -> None:
    read = 0
    for seed in range(5):
        text = text_of(seed, 120)
        picture = square(text)
        bent, symbol = round_a_can(np.ascontiguousarray(picture.T) if lying else picture, angle, middle, sag)
        if lying:
            bent = np.ascontiguousarray(bent.T)
            symbol = Symbol(symbol.corners[[0, 3, 2, 1], ::-1].copy(), symbol.size)
        flat = unroll(bent, symbol, rectify(bent, symbol))
        read += flat is not None and read_rectified(flat, symbol.size, dewarp=True).texts == (text,)
        assert read_still(on_a_wall(bent)).texts in ((text,), ())
    assert read >= 4


def test_what_is_flat_is_not_unrolled() -> None:
    for seed in range(4):
        picture = square(text_of(seed))
        symbol = Symbol(square_corners(17 + 4 * version_of(picture)), 17 + 4 * version_of(picture))
        noise = np.random.default_rng(seed).integers(0, 256, picture.shape).astype(np.uint8)
        for grey in (picture, smeared(picture), noise, np.full_like(picture, 128)):
            assert unroll(grey, symbol, rectify(grey, symbol)) is None


def test_what_is_no_symbol_is_not_decoded() -> None:
    random = np.random.default_rng(8)
    for version in (1, 2, 5, 8, 12):
        side = (17 + 4 * version + 2 * QUIET_ZONE) * SAMPLES
        assert decode_modules(random.integers(0, 256, (side, side)).astype(np.uint8), version) is None
        assert decode_modules(np.full((side, side), 90, np.uint8), version) is None


def test_a_symbol_that_is_beyond_repair_is_not_made_up() -> None:
    """A third of the modules turned over at random: every finder pattern is there, the content is not."""
    for seed in range(12):
        picture = square(text_of(seed, 60))
        version = version_of(picture)
        size = 17 + 4 * version
        random = np.random.default_rng(seed)
        for row, column in random.integers(9, size - 9, (size * size // 3, 2)):
            top, left = (QUIET_ZONE + row) * MODULE, (QUIET_ZONE + column) * MODULE
            picture[top : top + MODULE, left : left + MODULE] = random.choice([0, 255])
        assert decode_modules(halve(picture), version) is None


def test_the_text_of_another_version_is_not_read_into_it() -> None:
    picture = square(text_of(3))
    size = 17 + 4 * version_of(picture)
    for other in (size - 4, size + 4, size + 8):
        grey = on_a_wall(picture)
        corners = square_corners(size) + np.array((150, 90), np.float32)
        flat = rectify(grey, Symbol(corners.astype(np.float32), other))
        assert not read_rectified(flat, other, dewarp=False).has_read


def test_a_smeared_symbol_is_located_without_its_finder_patterns() -> None:
    for seed in range(4):
        picture = square(text_of(seed), 4)
        grey = noisy(smeared(on_a_wall(picture), 8), seed)
        [region, *_] = busy_regions(grey)
        sizes = [found.size for found in locate_blurred(region.of(grey))]
        assert 17 + 4 * version_of(picture, 4) in sizes


@pytest.mark.parametrize("turns", range(4))
def test_a_located_symbol_is_upright_however_it_is_held(turns: int) -> None:
    text = text_of(7)
    grey = np.ascontiguousarray(np.rot90(on_a_wall(square(text)), turns))
    [region, *_] = busy_regions(grey)
    part = region.of(grey)
    squares = [(rectify(part, found), found.size) for found in locate_blurred(part)]
    assert any(read_rectified(flat, size, dewarp=False).texts == (text,) for flat, size in squares)


@pytest.mark.parametrize("harm", [smeared, out_of_focus, crumpled])
def test_all_steps_read_no_less_than_one_look(harm: Callable[[Grey], Grey]) -> None:
    first, all_steps = [], []
    for seed in range(6):
        text = text_of(seed)
        grey = harm(on_a_wall(square(text))) if harm is not crumpled else on_a_wall(crumpled(square(text)))
        grey = noisy(grey, seed, 6.0)
        first.append(detect_and_decode(grey).texts == (text,))
        found = read_still(grey)
        assert found.texts in ((), (text,))
        all_steps.append(found.texts == (text,))
    assert sum(all_steps) >= max(sum(first), 1)


def test_a_menus_code_does_not_hide_a_pass_that_is_harder_to_read() -> None:
    still = live = 0
    for seed in range(5):
        grey, menu, text = a_menu_beside_a_pass(seed)
        texts = set(read_still(grey).texts)
        assert menu in texts
        assert texts <= {menu, text}
        still += text in texts
        reader = with_time()
        live += any(text in reader.read(grey).texts for _ in range(15))
    assert still >= 4
    assert live >= 4


def test_nothing_is_busy_on_a_wall() -> None:
    wall = noisy(np.full((480, 640), 120, np.uint8), 1, 1.0)
    assert busy_regions(wall) == []
    assert busy_regions(np.zeros((5, 5), np.uint8)) == []
