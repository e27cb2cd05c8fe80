"""Cards in several codes."""

import random

import pytest

from gate.core.trust import parse_trust
from gate.passes.shc_parts import KEPT_FOR, CardParts, is_part, join_parts
from gate.passes.verifier import Verifier
from tests.unit.certificates.trust import CASES, trust

CARD = CASES["shc-immunizations"]


def cut(text: str, count: int) -> list[str]:
    digits, size = text[5:], -(-(len(text) - 5) // count)
    return [f"shc:/{number + 1}/{count}/{digits[number * size : (number + 1) * size]}" for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_a_card_is_whole_in_any_order_of_its_codes(count: int) -> None:
    parts, known = cut(CARD["qr"], count), CardParts()
    random.Random(count).shuffle(parts)
    *before, last = [known.add(part, 1.0) for part in parts]
    assert before == [None] * (count - 1)
    assert last == CARD["qr"]
    assert join_parts(["https://menu.example", *parts]) == ["https://menu.example", CARD["qr"]]
    assert Verifier(parse_trust(trust()), venue=None).verify(str(last), CARD["at"]).format == "shc"


def test_parts_of_two_cards_are_never_joined() -> None:
    first, second = cut(CARD["qr"], 2), cut(CASES["shc-test"]["qr"], 2)
    known = CardParts()
    assert known.add(first[0], 1.0) is None
    assert known.add(second[0], 2.0) is None  # another card begins
    assert known.add(second[1], 3.0) == CASES["shc-test"]["qr"]
    assert known.add(first[1], 4.0) is None
    assert known.add(first[0], 5.0) == CARD["qr"]


def test_a_part_that_was_shown_long_ago_is_forgotten() -> None:
    one, two = cut(CARD["qr"], 2)
    known = CardParts()
    known.add(one, 0.0)
    assert known.add(two, KEPT_FOR + 0.1) is None
    assert known.add(one, KEPT_FOR + 1.0) == CARD["qr"]


@pytest.mark.parametrize("text", ["shc:/123", "shc:/3/2/12", "shc:/0/2/12", "shc:/1/2/", "shc:/1/2/12 ", "AQ1:1/2/3"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert CardParts().add(text, 0.0) == text
    assert join_parts([text]) == [text]
    assert not is_part(text) or text == "shc:/3/2/12"


def test_a_card_that_is_not_whole_stays_in_its_parts() -> None:
    parts = cut(CARD["qr"], 3)[:2]
    assert join_parts(parts) == parts
