"""The anatomy of QR symbols, held against a library that draws them, and their correction."""

from typing import Any

import numpy as np
import pytest
import segno
from segno import consts

from drivers.decoders.qr import layout
from drivers.decoders.qr.reed_solomon import Words, correct

LEVELS = "lmqh"
ECC: Any = consts.ECC


def codewords(modules: layout.Bits, shape: layout.Layout, number: int) -> Words:
    row, column = shape.bits[..., 0], shape.bits[..., 1]
    bits = modules[row, column] ^ layout.data_mask(number & 7, shape.size)[row, column]
    return np.packbits(bits, axis=1)[:, 0]


def made(version: int, level: str) -> tuple[layout.Bits, int]:
    """The modules of a code, and its mask."""
    code = segno.make_qr("ASHYQ", version=version, error=level, boost_error=False)
    return np.array([list(row) for row in code.matrix], np.bool_), code.mask


@pytest.mark.parametrize("version", range(1, 41))
def test_a_symbol_is_drawn_as_others_draw_it(version: int) -> None:
    shape = layout.layout(version)
    for level in LEVELS:
        modules, mask = made(version, level)
        assert ((shape.fixed > 0) == modules)[shape.fixed != 0].all()
        seen = np.where(modules[shape.formats[..., 0], shape.formats[..., 1]], 1, -1)
        number = int(np.argmax(layout.format_signs() @ seen[0]))
        assert (layout.format_signs()[number] == seen).all()
        assert number & 7 == mask
        words = codewords(modules, shape, number)
        assert (layout.draw(shape, number, words) == modules).all()
        for block in layout.blocks(version, number):  # a drawn symbol needs no correction
            whole = words[block.places]
            assert correct(whole, block.ecc, np.zeros(0, np.intp)) is whole


@pytest.mark.parametrize("version", range(1, 41))
def test_the_blocks_are_those_of_segnos_table(version: int) -> None:
    """ISO/IEC 18004:2015, table 9, as another has copied it."""
    for level in LEVELS:
        table = ECC[version][consts.ERROR_MAPPING[level.upper()]]
        expected = [(part.num_total, part.num_total - part.num_data) for part in table for _ in range(part.num_blocks)]
        blocks = layout.blocks(version, "mlhq".index(level) << 3)
        assert [(len(block.places), block.ecc) for block in blocks] == expected


def test_every_codeword_is_in_one_block() -> None:
    for version in range(1, 41):
        for number in (0, 8, 16, 24):
            places = np.concatenate([block.places for block in layout.blocks(version, number)])
            assert sorted(places) == list(range(len(layout.layout(version).bits)))


@pytest.mark.parametrize(("version", "level"), [(1, "l"), (5, "q"), (8, "l"), (10, "m"), (22, "h"), (40, "l")])
def test_errors_and_erasures_are_undone_up_to_the_limit(version: int, level: str) -> None:
    random = np.random.default_rng(version)
    modules, mask = made(version, level)
    shape = layout.layout(version)
    number = "mlhq".index(level) << 3 | mask
    for block in layout.blocks(version, number):
        whole = codewords(modules, shape, number)[block.places]
        for erasures in {0, block.ecc // 3, block.ecc - 2, block.ecc}:
            harmed = whole.copy()
            places = random.permutation(len(whole))[: erasures + (block.ecc - erasures) // 2]
            harmed[places] ^= random.integers(1, 256, len(places)).astype(np.uint8)
            fixed = correct(harmed, block.ecc, places[:erasures])
            assert fixed is not None
            assert (fixed == whole).all()


def test_beyond_the_limit_is_said_or_a_code_word() -> None:
    """What is too far from every code word is not bent into something that is none."""
    random = np.random.default_rng(5)
    nothing = np.zeros(0, np.intp)
    found = 0
    for _ in range(300):
        words = random.integers(0, 256, 60).astype(np.uint8)
        fixed = correct(words, 16, nothing)
        if fixed is not None:
            found += 1
            assert correct(fixed, 16, nothing) is fixed
    assert found < 3
