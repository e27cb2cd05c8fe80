"""TOML: texts that a person wrote, parsed in bounded time and with one kind of error, and a text as a value."""

import json
import re
import tomllib
from typing import Any

MOST_DOTS = 100  # in a line, outside of quotes: tomllib takes seconds for a key of 20,000 parts
# Strings and comments.  A string without an end takes all that it could, so that each sign is read once.
_NO_KEY = re.compile(
    r'''"""(?:\\[\s\S]|(?!""")[^\\])*+(?:"{3,5}|\\?\Z)'''
    r"""|'{3}(?:(?!''')[\s\S])*+(?:'{3,5}|\Z)"""
    r"""|"(?:\\.|[^"\\\n])*+"?|'[^'\n]*+'?"""
    r"""|\#[^\n]*+"""
)


def dotted_line(text: str) -> int | None:
    """Return the number of the first line that could hold a key of more than MOST_DOTS parts, from 1; None: there is
    none.  A key does not go over lines."""
    if all(line.count(".") <= MOST_DOTS for line in text.split("\n")):
        return None
    bare = _NO_KEY.sub(lambda found: "\n" * found[0].count("\n"), text)
    lines = enumerate(bare.split("\n"), 1)
    return next((number for number, line in lines if line.count(".") > MOST_DOTS), None)


def quoted(text: str) -> str:
    """Return a text as a value of TOML, on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # which JSON allows, and TOML does not


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a text.  Raises ValueError, whatever is wrong with it.

    tomllib raises more: RecursionError for many brackets, and not its own error for a number of 5,000 digits."""
    if (line := dotted_line(text)) is not None:
        raise ValueError(f"line {line} has more than {MOST_DOTS} dots outside of quotes")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None
