"""The hash chain of the journal: each row carries a digest over itself and the row before.

Pure.  An edited, inserted or removed row breaks the chain; a cut tail shows only against a signed checkpoint that
has left the device.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b

DIGEST_BYTES = 32
GENESIS = bytes(DIGEST_BYTES)

Field = str | int | None
_encode = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make one for each row


def link(previous: bytes, fields: Sequence[Field]) -> bytes:
    """Return BLAKE2b-256 over the previous digest and the row's fields as compact JSON, non-ASCII escaped, so that
    a checker in any language builds the same bytes."""
    return link_bytes(previous, _encode(fields).encode())


def link_bytes(previous: bytes, fields: bytes) -> bytes:
    """Return `link` of fields that are compact JSON already."""
    return blake2b(previous + fields, digest_size=DIGEST_BYTES).digest()


def checkpoint_message(device: str, seq: int, digest: bytes) -> bytes:
    """Return the message that the device key signs: the device, the number of rows, and the last row's digest."""
    return b"ashyq-gate checkpoint\n" + _encode([device, seq, digest.hex()]).encode()
