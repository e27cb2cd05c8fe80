"""The errors of a form that pydantic refused, in the gate's own words and in one line."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_TYPES = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "an object {...}",
    "model": "an object {...}",
    "bytes": "text",
    "url": "an address",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
    "multiple_of": ("multiple_of", "a multiple of"),
}
_LENGTHS = {
    "string_too_short": ("min_length", "at least", "character", "characters"),
    "string_too_long": ("max_length", "at most", "character", "characters"),
    "bytes_too_short": ("min_length", "at least", "byte", "bytes"),
    "bytes_too_long": ("max_length", "at most", "byte", "bytes"),
    "too_short": ("min_length", "at least", "entry", "entries"),
    "too_long": ("max_length", "at most", "entry", "entries"),
}

_VALIDATOR = re.compile(r"[a-z-]+\[.*\]")
"""pydantic's addition to a place for the arm of a union: `function-after[_a_frame(), str]`."""


def first_error(error: ValidationError) -> str:
    """Return place and fault: `issuers.0.keys.1.kid: is missing`."""
    first = error.errors(include_url=False)[0]
    place = ".".join(part for part in map(str, first["loc"]) if not _VALIDATOR.fullmatch(part))
    words = error_text(first["type"], first.get("ctx", {}), first["msg"])
    return f"{place}: {words}" if place else words


def error_text(kind: str, ctx: Mapping[str, Any], own: str) -> str:
    """Return the gate's words for an error.  `kind` and `ctx`: of pydantic; `own`: its message, used where a
    validator of ours wrote it."""
    if kind in ("value_error", "assertion_error"):
        return own.partition(", ")[2]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known here"
    if kind == "json_invalid":
        return f"is no JSON, from {_place(str(ctx['error']))} on"
    if kind in ("literal_error", "enum"):
        return f"must be {ctx['expected']}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"must be {words} {ctx[bound]}"
    if kind in _LENGTHS:
        bound, words, one, many = _LENGTHS[kind]
        return f"must have {words} {ctx[bound]} {one if ctx[bound] == 1 else many}"
    if kind == "string_pattern_mismatch":
        return f"must be written as {ctx['pattern']}"
    for name, words in _TYPES.items():
        if kind.startswith(f"{name}_"):
            return f"must be {words}"
    return "is not what belongs here"


def _place(words: str) -> str:
    """Return `line 1, column 5` from the parser's `expected value at line 1 column 5`."""
    return words.rpartition(" at ")[2].replace(" column", ", column")
