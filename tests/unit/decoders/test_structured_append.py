"""A message in several symbols: joined when all are in view or were shown in turn, and never given in pieces."""

from itertools import permutations

import numpy as np
import pytest
import segno

from drivers.decoders.coaching import Coach
from drivers.decoders.qr.structured_append import MessagePart, MessageParts
from drivers.decoders.still import read_still
from drivers.decoders.symbols import Grey
from gate.core.coaching import Hint
from tests.unit.decoders.qr_pictures import noisy, text_of, with_time

TEXT = text_of(1)
BLANK = np.full((480, 640), 130, np.uint8)


def symbols(text: str, count: int = 3, turned: int = 0) -> list[Grey]:
    drawn = []
    for code in segno.make_sequence(text, symbol_count=count, error="m"):
        rows = np.array([list(row) for row in code.matrix_iter(scale=3, border=4)], np.bool_)
        drawn.append(np.rot90(np.where(rows, 20, 240).astype(np.uint8), turned))
    return drawn


def beside(*parts: Grey) -> Grey:
    wall = np.full((480, 640), 130, np.uint8)
    left = 4
    for part in parts:
        wall[90 : 90 + len(part), left : left + part.shape[1]] = part
        left += part.shape[1] + 8
    return wall


@pytest.mark.parametrize("text", [TEXT, "Қазақстан Республикасы", "0123456789" * 20])
@pytest.mark.parametrize("turned", [0, 1])
def test_all_in_view_are_one_text(text: str, turned: int) -> None:
    picture = beside(*symbols(text, turned=turned)[::-1])
    assert read_still(picture).texts == (text,)
    assert with_time().read(picture).texts == (text,)


def test_shown_in_turn_they_are_one_text_as_long_as_the_last_is_shown() -> None:
    for order in permutations(symbols(TEXT)):
        reader = with_time()
        for part in order[:-1]:
            for seed in range(2):
                found = reader.read(noisy(beside(part), seed))
                assert not found.texts
                assert Coach().hint(BLANK, found) is Hint.NEXT_PART
        for seed in range(3):
            found = reader.read(noisy(beside(order[-1]), seed))
            assert found.texts == (TEXT,)
            assert Coach().hint(BLANK, found) is None


def test_a_part_is_no_text_however_it_is_read() -> None:
    part = symbols(TEXT, 2)[0]
    harmed = part.copy()
    harmed[60:66, 20:90] = 20
    assert not read_still(beside(harmed)).texts
    reader = with_time()
    assert not any(reader.read(noisy(beside(harmed), seed)).texts for seed in range(8))


def test_parts_of_two_messages_are_not_mixed_up() -> None:
    other = text_of(2)
    mine, others = symbols(TEXT, 2), symbols(other, 2)
    reader = with_time()
    shown = [mine[0], others[1], mine[1], others[0]]
    assert [reader.read(beside(part)).texts for part in shown] == [(), (), (TEXT,), (other,)]


def test_a_message_whose_parity_is_wrong_is_none() -> None:
    parts = [MessagePart(index, 2, 0x77, "AB", b"AB") for index in (0, 1)]
    assert MessageParts().add(parts) == ([], parts)


def test_few_messages_are_kept() -> None:
    kept = MessageParts()
    for parity in range(1, 200):
        kept.add([MessagePart(0, 2, parity, "A", b"A")])
    texts, _ = kept.add([MessagePart(1, 2, 199, chr(199 ^ 65), bytes([199 ^ 65]))])
    assert len(texts) == 1
    assert kept.add([MessagePart(1, 2, 1, "@", b"@")])[0] == []
