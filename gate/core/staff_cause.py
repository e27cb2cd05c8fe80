"""The causes for which staff let a person through, as the journal keeps them: none is ever renamed."""

from enum import StrEnum

LONGEST_NOTE = 60  # characters
_MOST_DIGITS = 8  # of a note: an IIN has 12, a telephone number 10 or 11


class StaffCause(StrEnum):
    """The cause for which staff let a person through."""

    NO_PHONE = "no_phone"
    FLAT_BATTERY = "flat_battery"
    WRONG_REFUSAL = "wrong_refusal"
    STAFF_OR_DELIVERY = "staff_or_delivery"
    OTHER = "other"


def is_note(text: str) -> bool:
    """Return whether a note is short, in one line, and holds no number of a person: it is journalled."""
    digits = sum(char.isdigit() for char in text)
    return 0 < len(text) <= LONGEST_NOTE and text.isprintable() and digits <= _MOST_DIGITS
