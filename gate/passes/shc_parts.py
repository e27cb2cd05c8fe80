"""SMART Health Cards in several QR codes: `shc:/1/3/…`, `shc:/2/3/…`, `shc:/3/3/…` are one `shc:/…`.

The specification has given them up, and cards of that time are still shown.  A part says which card it belongs to by
nothing: another content in the place of a known part is another card.
"""

import re
from collections.abc import Iterable

from gate.core.pass_prefixes import SHC

MOST_PARTS = 9
KEPT_FOR = 30.0  # seconds after a part: a person turns a page, or moves a scanner from code to code

_PART = re.compile(r"shc:/([1-9])/([1-9])/([0-9]+)")


def is_part(text: str) -> bool:
    """Return whether a text is one part of a card of several."""
    return text.startswith(SHC) and _PART.fullmatch(text) is not None


class CardParts:
    """The parts of the card that one reader is shown."""

    def __init__(self) -> None:
        self._parts: dict[int, str] = {}
        self._count = 0
        self._until = 0.0

    def add(self, text: str, now: float) -> str | None:
        """Add a part; return the whole card once all are known, None before.  `now`: monotonic seconds.  A text that
        is no part is returned as it is."""
        found = _PART.fullmatch(text)
        if found is None:
            return text
        number, count, digits = int(found[1]), int(found[2]), found[3]
        if number > count:
            return text
        if count != self._count or now > self._until or self._parts.get(number, digits) != digits:
            self._parts.clear()
        self._parts[number], self._count, self._until = digits, count, now + KEPT_FOR
        if len(self._parts) < count:
            return None
        return SHC + "".join(self._parts[each] for each in range(1, count + 1))


def join_parts(texts: Iterable[str]) -> list[str]:
    """Return the texts with the parts of a card that is whole among them as one; the parts of any other stay."""
    known, parts = CardParts(), []
    others: list[str] = []
    card = None
    for text in texts:
        if is_part(text):
            parts.append(text)
            card = known.add(text, 0.0)
        else:
            others.append(text)
    return [*others, card] if card is not None else [*others, *parts]
