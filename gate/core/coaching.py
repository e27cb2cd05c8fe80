"""Hints for a person whose code is seen and not read.  The strings are a contract with the page's texts."""

from enum import StrEnum


class Hint(StrEnum):
    """The one thing to change next."""

    CLOSER = "closer"  # its modules are too small in the picture
    FURTHER = "further"  # it is out of focus, near the lens
    BRIGHTER = "brighter"  # dark and light modules hardly differ
    LESS_GLARE = "less_glare"  # a reflection covers a part
    HOLD_STILL = "hold_still"  # it is smeared by motion
    WHOLE_CODE = "whole_code"  # a part lies outside of the picture, or is covered
    NEXT_PART = "next_part"  # one part of a pass in several codes was read, others are missing
    OTHER_SYMBOL = "other_symbol"  # a code of another kind, such as a boarding pass
