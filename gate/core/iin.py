"""The Kazakhstani individual identification number (IIN): twelve digits, the last of which checks the others.

Weights 1 to 11; where the remainder by 11 is 10, weights 3 to 11, 1, 2; where it is 10 again, the number was never
issued.  Date of birth and sex are in it too, and are not checked: they are not reliable.

Typical damage by spreadsheets, word processors and people is recognised, to name the cause.  It is never repaired:
a guess would be another person.
"""

import re
import unicodedata
from dataclasses import dataclass

LENGTH = 12  # digits
_SHORTEST = 9  # digits left when the leading zeros are lost: a year 00 and a month below 10 are three of them
FIRST = range(1, 12)  # weights
SECOND = (*range(3, 12), 1, 2)

_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›′″＂＇ʹʺʻʼʽˈˊ"
_HYPHENS = "-‐‑‒–—―−﹘﹣－"
# Letters of both alphabets that are typed or recognised in place of a digit.
_ALIKE = str.maketrans("OoОоIiLlІі|!ЗзSsБбBВ", "00001111111133556688")
# Marks and letters without ink, besides Unicode's format and control characters.
_INKLESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(mark) for mark in range(0xFE00, 0xFE10)}

_EXPONENT = re.compile(r"[+-]?\d+(?P<part>[.,]\d*)?[eEеЕ](?P<sign>[+-])?\d+")
_WHOLE = re.compile(r"[+-]?\d{6,}[.,]0*")  # a long number with the decimals of one
_DECIMALS = re.compile(r"[+-]?\d+[.,]\d*")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+([.,]0*)?")
_TEXT_COLUMN = "format the column as text, correct it, and export it again"


@dataclass(frozen=True, slots=True)
class IinFault:
    """The fault of a text that is no IIN, and its cure."""

    what: str  # the fault; the number itself is not repeated
    cure: str
    certain: bool = False  # no register of any kind has such ids: it is damage

    def __str__(self) -> str:
        return f"{self.what}; {self.cure}"


def is_iin(text: str) -> bool:
    if len(text) != LENGTH or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in text]
    for weights in (FIRST, SECOND):
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if check < 10:
            return bool(check == digits[11])
    return False


def iin_fault(text: str) -> IinFault | None:
    """Return why `text` is no IIN, None when it is one."""
    if is_iin(text):
        return None
    return damage(text) or _of_digits(text) or IinFault("the id is no IIN", "it has twelve digits, and nothing else")


def damage(text: str) -> IinFault | None:
    """Return the damage done to an id of any kind; None: it may be one."""
    for char in text:
        if char in _INKLESS or unicodedata.category(char) in ("Cc", "Cf", "Co", "Zl", "Zp"):
            return _certain(
                f"an invisible mark (U+{ord(char):04X}) stands in the id", "remove it, or type the id again"
            )
    for char in text:
        if char != " " and char.isspace():
            return _certain(f"a blank (U+{ord(char):04X}) stands in the id", "remove it")
    if text.startswith("="):
        return _certain("the id is a spreadsheet's formula", "paste the values in place of the formulas")
    if text[:1] in _QUOTES or text[-1:] in _QUOTES:
        return _certain("an apostrophe or a quotation mark stands beside the id", f"remove it; {_TEXT_COLUMN}")
    if any(char.isdigit() and not char.isascii() for char in text):
        return _certain("the id has digits of another script", "type it with the digits 0 to 9")
    exponent = _EXPONENT.fullmatch(text)
    if exponent and (exponent["part"] or exponent["sign"]):
        return _certain("a spreadsheet has rounded the id (E+11), and its last digits are lost", _TEXT_COLUMN)
    if _WHOLE.fullmatch(text):
        return _certain("the id has decimals, for it was taken for a number", _TEXT_COLUMN)
    return None


def looks_like_iin(text: str) -> bool:
    """Return whether it is an IIN, or would be one without the damage that `iin_fault` names."""
    bare = unicodedata.normalize("NFKC", text)
    if _DECIMALS.fullmatch(bare):
        bare = re.split("[.,]", bare)[0]
    digits = "".join(char for char in bare if char.isalnum() and char not in _INKLESS).translate(_ALIKE)
    return _SHORTEST <= len(digits) <= LENGTH and is_iin(digits.zfill(LENGTH))


def _of_digits(text: str) -> IinFault | None:
    """Return the fault of digits, and of the characters between them."""
    if text.isascii() and text.isdigit():
        if len(text) == LENGTH:
            return IinFault(
                "the last digit of the IIN does not check the others", "it is mistyped: compare it with the document"
            )
        if len(text) > LENGTH:
            return IinFault(f"the IIN has {len(text)} digits, not {LENGTH}", "compare it with the document")
        return IinFault(f"the IIN has {len(text)} digits, not {LENGTH}: leading zeros are lost", _TEXT_COLUMN)
    if _EXPONENT.fullmatch(text):
        return IinFault("a spreadsheet has rounded the id (E+11), and its last digits are lost", _TEXT_COLUMN)
    if _THOUSANDS.fullmatch(text):
        return IinFault("the IIN has thousands separators, for it was taken for a number", _TEXT_COLUMN)
    if _DECIMALS.fullmatch(text):
        return IinFault("the id has decimals, for it was taken for a number", _TEXT_COLUMN)
    if text[:1] in (*_HYPHENS, "+") and text[1:].isdigit():
        return IinFault("the IIN has a sign, for it was taken for a number", _TEXT_COLUMN)
    between = "".join(char for char in text if not char.isalnum())
    digits = "".join(char for char in text if char.isalnum())
    if digits.isdigit() and between:
        if not between.strip():
            return IinFault("blanks stand in the IIN", "remove them")
        mark = "hyphens" if set(between) <= set(_HYPHENS) else "marks"
        return IinFault(f"{mark} stand between the digits of the IIN", "write twelve digits, and nothing else")
    if digits.translate(_ALIKE).isdigit() and any(char.isdigit() for char in digits):
        return IinFault("letters stand in the IIN in place of digits (O for 0, l for 1)", "type it again")
    return None


def _certain(what: str, cure: str) -> IinFault:
    return IinFault(what, cure, certain=True)
