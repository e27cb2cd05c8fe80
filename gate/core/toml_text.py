"""TOML texts that a person wrote: parsed in bounded time, with one kind of error."""

import re
import tomllib
from typing import Any

MOST_DOTS = 100  # in a line, outside of quotes: tomllib takes seconds for a key of 20,000 parts
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')


def dotted_line(text: str) -> int | None:
    """Return the number of the first line that could hold a key of more than MOST_DOTS parts, from 1; None: there is
    none.  A key does not go over lines."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") <= MOST_DOTS or line.lstrip().startswith("#"):
            continue
        if _QUOTED.sub("", line).count(".") > MOST_DOTS:
            return number
    return None


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a text.  Raises ValueError, whatever is wrong with it.

    tomllib raises more: RecursionError for many brackets, and not its own error for a number of 5,000 digits."""
    if (line := dotted_line(text)) is not None:
        raise ValueError(f"line {line} has more than {MOST_DOTS} dots outside of quotes")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None
