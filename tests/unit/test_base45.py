"""Base45 against RFC 9285's examples and a plain implementation of its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.passes.base45 import ALPHABET, decode, encode

BASE45_TEXT = st.text(st.sampled_from(ALPHABET), max_size=60)


def plain_encode(data: bytes) -> str:
    """RFC 9285, section 4, group by group."""
    text = ""
    for start in range(0, len(data), 2):
        group = data[start : start + 2]
        number = int.from_bytes(group, "big")
        for _ in range(len(group) + 1):
            number, digit = divmod(number, 45)
            text += ALPHABET[digit]
    return text


def plain_decode(text: str) -> bytes:
    data = b""
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        number = sum(ALPHABET.index(character) * 45**place for place, character in enumerate(group))
        if len(group) == 1 or number >= 256 ** (len(group) - 1):
            raise ValueError
        data += number.to_bytes(len(group) - 1, "big")
    return data


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_the_examples_of_the_rfc(data: bytes, text: str) -> None:
    assert encode(data) == text
    assert decode(text) == data


@given(st.binary(max_size=300))
def test_bytes_come_back(data: bytes) -> None:
    assert encode(data) == plain_encode(data)
    assert decode(encode(data)) == data


@given(BASE45_TEXT)
def test_decodes_what_the_plain_decoder_does_and_refuses_the_rest(text: str) -> None:
    try:
        expected = plain_decode(text)
    except ValueError:
        with pytest.raises(ValueError, match="Base45"):
            decode(text)
    else:
        assert decode(text) == expected


def test_every_last_pair() -> None:
    for pair in range(45 * 45):
        text = ALPHABET[pair % 45] + ALPHABET[pair // 45]
        if pair < 256:
            assert decode("BB8" + text) == b"AB" + bytes([pair])
        else:
            with pytest.raises(ValueError, match="pair above 255"):
                decode("BB8" + text)


def test_groups_around_the_limit() -> None:
    """65535 is FGW; every group of three above it is refused wherever it stands."""
    assert decode("FGW") == b"\xff\xff"
    for group in range(65530, 45**3):
        text = ALPHABET[group % 45] + ALPHABET[group // 45 % 45] + ALPHABET[group // 2025]
        for whole in (text, text + "BB8", "BB8" + text + "BB8"):
            if group < 65536:
                assert decode(whole) == plain_decode(whole)
            else:
                with pytest.raises(ValueError, match="above 65535"):
                    decode(whole)


@pytest.mark.parametrize("stray", ["a", "z", "#", "\x00", "\x7f", "\n", "\xa0", "É", "０", "🐟", "\ud800"])
def test_no_other_character(stray: str) -> None:
    for text in (stray, stray + "B8", "BB" + stray, "BB8" + stray + "0"):
        with pytest.raises(ValueError, match="Base45"):
            decode(text)


@pytest.mark.parametrize("length", [1, 4, 7, 100])
def test_a_single_character_left_over(length: int) -> None:
    with pytest.raises(ValueError, match="single"):
        decode("0" * length)


def test_a_blank_is_a_character_like_any_other() -> None:
    assert decode("%69 VD92EX0") == b"Hello!!"
    assert encode(decode(" 0")) == " 0"
    with pytest.raises(ValueError, match="single"):
        decode("BB8 ")
