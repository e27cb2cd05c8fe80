"""CBOR (RFC 8949) as a pass may use it: exactly one item, at a cost bounded by its bytes.

Beyond RFC 8949's well-formedness: no item of indefinite length, no map that holds a key twice, no nesting beyond
`MAX_DEPTH`.  Heads need not be in their shortest form: COSE does not require that.
"""

import secrets
from typing import Any

from cbor2 import CBORDecodeEOF, CBORDecodeError, loads

MAX_DEPTH = 16  # a pass has 4; the rest is for claims of later years, which are ignored

Labels = dict[Any, Any]
"""A map whose keys are integers or text (RFC 9052, 1.5); its values may be anything."""

# `loads` ignores bytes after the item.  So the item is read as the first of two in an array, the second a mark that
# no sender can know: anything after the item would be read in the mark's place.  (CBORDecoder over a stream could
# return its position, for half as much time again.)
_MARK = secrets.token_bytes(16)
_PAIR, _MARKED = b"\x82", b"\x50" + _MARK


class Unread:
    """The placeholder of a tagged value that was not decoded."""


_UNREAD = Unread()


def _leave_unread(_value: object, _immutable: bool) -> Unread:
    return _UNREAD


# cbor2 turns these tags into dates, bignums, decimals, patterns, mail, sets, cyclic references and the like.  A
# pass does not need them, and some cost far more than their bytes.  Other tags stay CBORTag.
_TAGS = dict.fromkeys(
    (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799), _leave_unread
)


def _as_it_is(value: object, _immutable: bool) -> object:
    return value


# Certificates of other systems: their makers write times as tagged text or numbers, and maps of indefinite length.
_TAGS_OF_CERTIFICATES = {**_TAGS, 0: _as_it_is, 1: _as_it_is}


def decode(data: bytes) -> object:
    """Decode the one item in `data`.  Raises ValueError for anything else; the message quotes nothing."""
    return _decode(data, indefinite=False, tags=_TAGS)


def decode_certificate(data: bytes) -> object:
    """Decode the one item in `data`, which may hold items of indefinite length and times.  Raises ValueError as
    `decode` does."""
    return _decode(data, indefinite=True, tags=_TAGS_OF_CERTIFICATES)


def _decode(data: bytes, *, indefinite: bool, tags: dict[int, Any]) -> object:
    try:
        item, mark = loads(
            _PAIR + data + _MARKED,
            max_depth=MAX_DEPTH + 1,
            allow_indefinite=indefinite,
            allow_duplicate_keys=False,
            semantic_decoders=tags,
        )
    except CBORDecodeEOF:
        raise ValueError("CBOR that ends too early") from None
    except CBORDecodeError:
        raise ValueError("CBOR that is not well-formed, or of a form that a pass may not have") from None
    if mark != _MARK:
        raise ValueError("CBOR that does not end where its bytes end")
    return item


def decode_map(data: bytes) -> Labels:
    """Decode a map with integers and text for keys, as `decode` does."""
    return labels(decode(data))


def labels(item: object) -> Labels:
    """Return `item` when it is a map with integers and text for keys; raises ValueError otherwise.

    Python takes True and 1.0 for 1; a pass must not."""
    if type(item) is not dict:
        raise ValueError("not a map")
    for key in item:
        if type(key) is not int and type(key) is not str:
            raise ValueError("a map with a key that is neither an integer nor a text")
    return item
