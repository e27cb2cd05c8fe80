"""Boarding passes, which people show in place of a status pass.

IATA Resolution 792, "Bar Coded Boarding Pass", version 8, attachment A: the mandatory items of the first leg, 60
characters.  Nothing of it is kept or logged.
"""

import re

_FIRST_LEG = re.compile(
    "M[1-9]"  # format code, number of legs
    ".{20}[E ]"  # name, indicator of an electronic ticket
    "[A-Z0-9 ]{7}"  # record locator
    "[A-Z]{3}[A-Z]{3}"  # from, to
    "[A-Z0-9]{2}[A-Z0-9 ]"  # carrier
    "[0-9]{4}[A-Z0-9 ]"  # flight
    "[0-9]{3}"  # day of the year
    ".{13}"  # compartment, seat, sequence, status, length of what follows
)


def is_boarding_pass(text: str) -> bool:
    """Return whether the text of a code is a boarding pass."""
    return _FIRST_LEG.match(text) is not None
