"""The Kazakhstani individual identification number (IIN): twelve digits, the last of which checks the others.

Weights 1 to 11; where the remainder by 11 is 10, weights 3 to 11, 1, 2; where it is 10 again, the number was
never issued.  Date of birth and sex stand in it too, and are not checked: they are not reliable.
"""

_FIRST = range(1, 12)
_SECOND = (*range(3, 12), 1, 2)


def is_iin(text: str) -> bool:
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in text]
    for weights in (_FIRST, _SECOND):
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if check < 10:
            return bool(check == digits[11])
    return False
