"""The changes that scanners make to the text of a pass, by their settings, and their repair.

A pass is written in capitals (a SMART Health Card in small letters), digits and a few signs, and begins with the
prefix of its format.  So letters of the other case, characters before the prefix, and other characters at the end come
from the scanner.  Other changes lose information: they are named, so that a person can set the scanner.
"""

import re

from gate.core.pass_prefixes import PASS_PREFIXES, SHC
from gate.passes.verifier import is_pass

BEFORE = 16  # characters that a scanner may put before a code: an AIM identifier (]Q1), a sign, a name
AFTER = 16  # characters that a scanner may put after a code

_OTHERS_AFTER = re.compile(rf"[^0-9A-Za-z $%*+\-./:]{{1,{AFTER}}}\Z")  # not of a QR code's alphanumeric mode
_SMALL_OR_BEFORE = re.compile(
    rf"(.{{0,{BEFORE}}}?)((?:{'|'.join(re.escape(prefix) for prefix in PASS_PREFIXES)}).*)", re.IGNORECASE | re.DOTALL
)

# The beginning `AQ1:` after other settings of a keyboard scanner, and what to set.
_GARBLED = {
    "AQ!:": "it holds SHIFT while it types: let it send no CAPS LOCK and no fixed SHIFT",
    "AQ1>": "it types in another layout (German, Italian, Spanish or the like): set it to the US layout",
    "aq1>": "it types in another layout (German, Italian, Spanish or the like): set it to the US layout",
    "QA!.": "it types in the French layout: set it to the US layout",
    "QA1.": "it types in the French layout: set it to the US layout",
}


def restore(text: str) -> tuple[str, str]:
    """Return the text of a pass as it was before a scanner changed it, and the change in words for technicians.

    An unchanged pass, and any other text, is returned as it is, with ""."""
    bare = _OTHERS_AFTER.sub("", text)
    changes = [f"with {len(text) - len(bare)} signs after it"] if bare != text else []
    if is_pass(bare):
        return bare, "".join(changes)
    found = _SMALL_OR_BEFORE.fullmatch(bare)
    if not found:
        return text, next((f"garbled: {how}" for start, how in _GARBLED.items() if start in text[: BEFORE + 4]), "")
    before, rest = found.groups()
    if before:
        changes.insert(0, f"with {len(before)} signs before it")
    written = _as_written(rest)
    if rest != written:
        changes.append("in small letters" if written.isupper() else "in capitals")
    return written, " and ".join(changes)


def _as_written(text: str) -> str:
    """Return the text in the letters of its format: a SMART Health Card has small ones, and only in its prefix."""
    return text.lower() if text[: len(SHC)].lower() == SHC else text.upper()
