"""Requests from a client that is not trusted."""

from typing import Annotated, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gate.control.requests import MOST_RECENT, Request
from gate.core.model import MOST_INSIDE

_NOTHING_KEPT = ConfigDict(cache_strings="keys")  # else the parser keeps the last values, an IIN among them
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")], config=_NOTHING_KEPT)
_KINDS = ", ".join(kind.__dataclass_fields__["do"].default for kind in get_args(Request))
_TYPES = {  # of values that have another type than these
    "mode": "is no order; orders are locked_down, out_of_service, maintenance, free",
    "count": f"is no whole number from 0 to {MOST_INSIDE}",
    "n": f"is no whole number from 1 to {MOST_RECENT}",
    "direction": "is neither entry nor exit",
    "on": "is neither true nor false",
    "until": "is no time in Unix seconds",
    "why": "is no cause; causes are no_phone, flat_battery, wrong_refusal, staff_or_delivery, other",
    "iin": "is no text",
    **dict.fromkeys(("by", "user", "check", "note", "name", "reader", "digest"), "is no text"),
}


def parse_request(line: bytes) -> Request:
    """Parse a request.  Raises ValueError for any other bytes, with the fault in one line of our own words, which
    quote nothing of them."""
    try:
        return _REQUEST.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "value_error":
        raise ValueError(str(first["ctx"]["error"]))
    if first["type"].startswith(("json", "dataclass")) or (not first["loc"] and not first["type"].startswith("union")):
        raise ValueError("this request is not one JSON object in one line")
    if first["type"].startswith("union"):
        raise ValueError(f"`do` is not one of {_KINDS}")
    key = str(first["loc"][-1])
    if key not in _TYPES:
        raise ValueError("a key does not belong here")  # unnamed: it may be a number that was typed
    raise ValueError(f"`{key}` is missing, or {_TYPES[key]}")
