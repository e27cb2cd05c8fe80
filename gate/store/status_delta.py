"""Deltas between two status lists, and the nibbles of many places: by NumPy, which those who only look up do without.

The format is that of `gate.store.status_wire`.
"""

import numpy as np
from numpy.typing import NDArray

from gate.errors import PublishError
from gate.store.status_wire import byte_length, pack_frame, unfit, unpack_at_most

_COUNT_BYTES = 4
_LONGEST = 5  # bytes of a distance below 2**32


def pack_nibbles(values: NDArray[np.uint8]) -> bytes:
    """Pack two places a byte, the even one in the low half."""
    packed = np.zeros(byte_length(len(values)), np.uint8)
    packed |= values[0::2]
    packed[: len(values) // 2] |= values[1::2] << 4
    return packed.tobytes()


def unpack_nibbles(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the value of each place, two for each byte."""
    return np.stack((packed & 15, packed >> 4), axis=1).ravel()


def encode_delta(before: bytes, after: bytes) -> bytes:
    """Return the delta from one list to another.  Raises ValueError for a list that became shorter, which has
    none."""
    if len(before) > len(after):
        raise ValueError("a delta cannot take places away")
    old = np.zeros(len(after), np.uint8)
    old[: len(before)] = np.frombuffer(before, np.uint8)
    differing = np.flatnonzero(old != np.frombuffer(after, np.uint8))
    new, was = np.frombuffer(after, np.uint8)[differing], old[differing]
    places = np.stack((2 * differing, 2 * differing + 1), axis=1).ravel()
    values = unpack_nibbles(new)
    changed = np.stack(((new ^ was) & 15 != 0, (new ^ was) >> 4 != 0), axis=1).ravel()
    places, values = places[changed], values[changed]
    gaps = np.diff(places, prepend=-1) - 1
    return pack_frame(len(places).to_bytes(_COUNT_BYTES, "little") + _leb128(gaps) + pack_nibbles(values))


def apply_delta(data: bytes, before: bytes, size: int) -> bytes:
    """Return the nibbles of `size` places after the delta.  Raises PublishError for one that does not fit."""
    length = byte_length(size)
    if len(before) > length:
        raise PublishError("delta for a list with fewer places than there were", hint="Publish a snapshot")
    content = unpack_at_most(data, _COUNT_BYTES + 3 * length, "delta")
    count = int.from_bytes(content[:_COUNT_BYTES], "little")
    body = np.frombuffer(content, np.uint8, offset=min(_COUNT_BYTES, len(content)))
    if count > 2 * length or len(content) < _COUNT_BYTES or len(body) < count + byte_length(count):
        raise unfit("delta")
    tail = len(body) - byte_length(count)
    places = np.cumsum(_unleb128(body[:tail], count) + 1) - 1
    if count and int(places[-1]) >= 2 * length:
        raise unfit("delta")
    values = unpack_nibbles(body[tail:])[:count]
    after = np.zeros(length, np.uint8)
    after[: len(before)] = np.frombuffer(before, np.uint8)
    for half, shift in ((0, 0), (1, 4)):  # a byte may change in both halves, so one half after the other
        mine = places % 2 == half
        at = places[mine] // 2
        after[at] = after[at] & (0xF0 >> shift) | values[mine] << shift
    return after.tobytes()


def _leb128(numbers: NDArray[np.int64]) -> bytes:
    """Encode seven bits a byte, the least significant first; the top bit marks that more follow."""
    lengths = np.ones(len(numbers), np.int64)
    for more in range(1, _LONGEST):
        lengths += numbers >= 1 << 7 * more
    ends = np.cumsum(lengths)
    out = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    for part in range(_LONGEST):
        has = lengths > part
        rest = numbers[has] >> 7 * part
        out[(ends - lengths)[has] + part] = (rest & 127) | np.where(rest > 127, 128, 0)
    return out.tobytes()


def _unleb128(data: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """Decode exactly `count` numbers.  Raises PublishError."""
    ends = np.flatnonzero(data < 128)
    lengths = np.diff(ends, prepend=-1)
    if len(ends) != count or (count and (int(ends[-1]) != len(data) - 1 or int(lengths.max()) > _LONGEST)):
        raise unfit("delta")
    if not count and len(data):
        raise unfit("delta")
    numbers = np.zeros(count, np.int64)
    starts = ends - lengths + 1
    for part in range(_LONGEST):
        has = lengths > part
        numbers[has] |= (data[starts[has] + part].astype(np.int64) & 127) << 7 * part
    return numbers
