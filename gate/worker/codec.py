"""Messages between the daemon and its worker processes: frozen dataclasses as lines of JSON, within limits.

A malicious code may take a worker over, so none of its messages is trusted before its form has been checked.  Any
fault of a line is one error, `CodecError`.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from math import isfinite
from typing import Any, Union, get_args, get_origin, get_type_hints

_LARGEST = 2**64  # of whole numbers: inodes and nanoseconds are below it

_Read = Callable[[Any], Any]


class CodecError(ValueError):
    """A line that is no message, or a message beyond the limits.  It never quotes the line."""


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """The limits of one message."""

    line: int  # bytes of a message, its line end included
    text: int  # characters of a text
    items: int  # of a tuple


@dataclass(frozen=True, slots=True)
class Loading:
    """A sign of progress of a worker that is starting: its time limit starts again."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker that has loaded its libraries."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A device that cannot be opened, or is lost: the parent raises DeviceError with these words."""

    what: str
    hint: str


class Codec:
    """One direction of a link.  `kinds`: its messages, dataclasses.  Their fields are of the types bool, int,
    float, str, an Enum of those, another dataclass, a tuple of one type or of several, a Mapping from an Enum of
    texts, or one of these or None."""

    def __init__(self, *kinds: type, limits: MessageLimits) -> None:
        self.limits = limits
        self._kinds = {kind.__name__: self._form(kind) for kind in kinds}

    def encode(self, message: object) -> bytes:
        """Return a message as one line.  Raises CodecError for a message beyond the limits: the sender has to bound
        it."""
        line = json.dumps([type(message).__name__, _plain(message)], allow_nan=False).encode() + b"\n"
        if len(line) > self.limits.line:
            raise CodecError(f"a message of {len(line)} bytes, at most {self.limits.line} are allowed")
        return line

    def decode(self, line: bytes) -> Any:
        """Return the message in a line.  Raises CodecError and nothing else."""
        if len(line) > self.limits.line:
            raise CodecError(f"a message of {len(line)} bytes, at most {self.limits.line} are allowed")
        try:
            name, values = json.loads(line)
            read = self._kinds[name]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise CodecError(f"no message ({type(error).__name__})") from None
        return read(values)

    def _form(self, kind: type) -> _Read:
        readers = {field.name: self._reader(get_type_hints(kind)[field.name]) for field in fields(kind)}

        def read(values: Any) -> Any:
            if not isinstance(values, dict) or values.keys() != readers.keys():
                raise CodecError(f"{kind.__name__} with other fields")
            return kind(**{name: read(values[name]) for name, read in readers.items()})

        return read

    def _reader(self, kind: Any) -> _Read:
        if get_origin(kind) in (Union, types.UnionType):
            inner = [one for one in get_args(kind) if one is not type(None)]
            if len(inner) != 1 or len(inner) == len(get_args(kind)):
                raise TypeError(f"no form for {kind}")
            read = self._reader(inner[0])
            return lambda value: None if value is None else read(value)
        if get_origin(kind) is tuple:
            return self._tuple(get_args(kind))
        if get_origin(kind) is Mapping:
            return self._mapping(*get_args(kind))
        if is_dataclass(kind) and isinstance(kind, type):
            return self._form(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return lambda value: _member(kind, value)
        plain: dict[Any, _Read] = {bool: _bool, int: _int, float: _float, str: self._text}
        if kind not in plain:
            raise TypeError(f"no form for {kind}")
        return plain[kind]

    def _tuple(self, kinds: tuple[Any, ...]) -> _Read:
        several = len(kinds) == 2 and kinds[1] is Ellipsis
        readers = [self._reader(one) for one in kinds if one is not Ellipsis]

        def read(value: Any) -> Any:
            if not isinstance(value, list) or len(value) > self.limits.items:
                raise CodecError("not a list, or too long a one")
            if several:
                return tuple(readers[0](one) for one in value)
            if len(value) != len(readers):
                raise CodecError("a list of another length")
            return tuple(read(one) for read, one in zip(readers, value, strict=True))

        return read

    def _mapping(self, key: Any, item: Any) -> _Read:
        read_key, read_item = self._reader(key), self._reader(item)

        def read(value: Any) -> Any:
            if not isinstance(value, dict) or len(value) > self.limits.items:
                raise CodecError("not a mapping, or too large a one")
            return {read_key(name): read_item(one) for name, one in value.items()}

        return read

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.limits.text:
            raise CodecError("not a text, or too long a one")
        return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CodecError("not a yes or no")
    return value


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST:
        raise CodecError("not a whole number, or too large a one")
    return value


def _float(value: Any) -> float:
    if isinstance(value, int):
        return float(_int(value))
    if not isinstance(value, float) or not isfinite(value):
        raise CodecError("not a finite number")
    return value


def _member(kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise CodecError(f"no {kind.__name__}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {_plain(key): _plain(one) for key, one in value.items()}
    return value
