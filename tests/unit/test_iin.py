"""The check digit of an IIN, against the rule as it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.iin import iin_fault, is_iin, looks_like_iin


def by_the_book(first: str) -> int | None:
    """The check digit that belongs to eleven digits; None: such a number is never issued."""
    check = sum(number * int(digit) for number, digit in zip(range(1, 12), first, strict=True)) % 11
    if check == 10:
        weights = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]
        check = sum(weight * int(digit) for weight, digit in zip(weights, first, strict=True)) % 11
    return None if check == 10 else check


@given(st.text("0123456789", min_size=11, max_size=11))
def test_of_ten_last_digits_one_or_none_is_right(first: str) -> None:
    right = [digit for digit in range(10) if is_iin(f"{first}{digit}")]
    check = by_the_book(first)
    assert right == ([] if check is None else [check])


@pytest.mark.parametrize("iin", ["900101300017", "000000000000"])
def test_numbers_worked_out_by_hand(iin: str) -> None:
    """9·1+0·2+0·3+1·4+0·5+1·6+3·7+0·8+0·9+0·10+1·11 = 51 = 7 modulo 11."""
    assert is_iin(iin)


def test_the_second_weights_and_numbers_that_are_never_issued_occur() -> None:
    seen = {by_the_book(f"{number:011d}") is None for number in range(2000)}
    assert seen == {True, False}


@pytest.mark.parametrize(
    "text", ["", "90010130001", "9001013000170", "90010130001a", "٩٠٠١٠١٣٠٠٠١٧", " 00101300017", "-00101300017"]
)
def test_anything_but_twelve_digits(text: str) -> None:
    assert not is_iin(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-900101300017", "the IIN has a sign, for it was taken for a number"),
        ("900101300017.00", "the id has decimals, for it was taken for a number"),
        ("900,101,300,017", "the IIN has thousands separators, for it was taken for a number"),
        ("90010130001", "the IIN has 11 digits, not 12: leading zeros are lost"),
        ("9001013000170", "the IIN has 13 digits, not 12"),
        ("900101-300017", "hyphens stand between the digits of the IIN"),
        ("9O0101300017", "letters stand in the IIN in place of digits (O for 0, l for 1)"),
    ],
)
def test_what_a_spreadsheet_has_made_of_an_iin_is_named(text: str, what: str) -> None:
    fault = iin_fault(text)
    assert fault is not None
    assert fault.what == what


def test_an_iin_that_was_taken_for_a_number_is_still_one() -> None:
    assert looks_like_iin("900101300017.00")
    assert not looks_like_iin("900101300018.00")


@pytest.mark.parametrize("text", ["ABC-DEF", "Иванов Иван", "-", "A 17"])
def test_blanks_and_marks_are_blamed_between_digits_only(text: str) -> None:
    fault = iin_fault(text)
    assert fault is not None
    assert "between" not in fault.what
    assert "blanks" not in fault.what
