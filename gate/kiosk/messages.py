"""Messages between the lane and the page's process: one JSON object a line, typed and bounded.

    lane -> page    Begin, then Tally and events as a watcher of the bus gets them, and a Beat every half second
    page -> lane    Up once it serves, then Alive every second, and Trouble in its own words

    {"kind": "PhaseChanged", "at": 1800000000.2, "phase": "ready"}

The reader of either end believes nothing: a line that is too long, of an unknown kind, with a field too many,
too few or of another type raises ValueError.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from gate.core.events import Event
from gate.core.tally import Tally
from gate.kiosk.view import About

LONGEST_LINE = 65536  # bytes with the newline; a Tally with every reason takes some 2,000
LONGEST_TEXT = 2000  # characters of a text in a message; a driver's problem is shown with 240


@dataclass(frozen=True, slots=True)
class Begin:
    """The first line for a page's process."""

    about: About


@dataclass(frozen=True, slots=True)
class Beat:
    """The lane's loop is alive, and this is its trusted time."""

    now: float  # Unix s, trusted
    monotonic: float  # s, the same moment; CLOCK_MONOTONIC is one for all processes of a machine


@dataclass(frozen=True, slots=True)
class Up:
    """The page is served."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The page's loop is alive."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something for the log."""

    text: str


ToPage = Begin | Beat | Tally | Event
ToLane = Up | Alive | Trouble

_TO_PAGE: dict[str, type] = {kind.__name__: kind for kind in (Begin, Beat, Tally, *get_args(Event))}
_TO_LANE: dict[str, type] = {kind.__name__: kind for kind in get_args(ToLane)}


def encode(message: ToPage | ToLane) -> bytes:
    """One line.  A text that is too long is cut."""
    line = json.dumps({"kind": type(message).__name__, **_plain(message)}).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{type(message).__name__}: {len(line)} bytes, {LONGEST_LINE} are the most")
    return line


def to_page(line: bytes) -> ToPage:
    """Raises ValueError."""
    message: ToPage = _decode(line, _TO_PAGE)
    return message


def to_lane(line: bytes) -> ToLane:
    """Raises ValueError."""
    message: ToLane = _decode(line, _TO_LANE)
    return message


def _decode(line: bytes, kinds: Mapping[str, type]) -> Any:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a line of {len(line)} bytes, {LONGEST_LINE} are the most")
    try:
        raw = json.loads(line)
    except RecursionError as error:
        raise ValueError("a line is nested too deeply") from error
    if not isinstance(raw, dict) or not isinstance(name := raw.pop("kind", None), str) or name not in kinds:
        raise ValueError("a line is no message")
    return _read(kinds[name], raw)


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | frozenset):
        return [_plain(item) for item in value]
    return str(value)[:LONGEST_TEXT] if isinstance(value, str) else value


def _read(kind: Any, raw: object) -> Any:
    """`raw`, a value of JSON, as a value of the type `kind`."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if raw is None and type(None) in get_args(kind) else _read(get_args(kind)[0], raw)
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(raw, dict):
        hints = get_type_hints(kind)
        needed = {field.name for field in fields(kind) if field.default is field.default_factory is MISSING}
        if not needed <= raw.keys() <= hints.keys():
            raise ValueError(f"{kind.__name__}: its fields are {', '.join(hints) or 'none'}")
        return kind(**{name: _read(hints[name], value) for name, value in raw.items()})
    if origin is tuple and isinstance(raw, list):
        return tuple(_read(get_args(kind)[0], item) for item in raw)
    if origin is Mapping and isinstance(raw, dict):
        key, item = get_args(kind)
        return {_read(key, name): _read(item, value) for name, value in raw.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(raw)
    if kind is float and type(raw) is int:
        return float(raw)
    if type(raw) is not kind:
        raise ValueError(f"{raw!r:.40} is no {getattr(kind, '__name__', kind)}")
    return raw
