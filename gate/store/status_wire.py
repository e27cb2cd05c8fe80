"""The status list as published: the authority's files, as a gate reads them.

Place `idx` is one nibble (`gate.core.model.Listing`): byte idx // 2, the even place in the low half.

    snapshot   the Zstandard frame of all nibbles
    delta      the Zstandard frame of: number of changed places (4 bytes, little-endian), for each of them
               in order the distance from the place before (LEB128; the first from place -1; minus 1), and
               the new nibbles, packed as above
    head       which version is current, and the ways to it

TUF metadata proves that a file is the authority's; this module checks that its content is possible.
"""

from itertools import pairwise
from typing import Annotated, TypeVar

import numpy as np
import zstandard
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from gate.core.form_error import first_error
from gate.errors import PublishError

HEAD = "status/head.json"

MAX_PLACES = 2**32
MAX_VALUE = 5  # the largest Listing

_Count = Annotated[int, Field(ge=0, lt=2**53, strict=True)]
_Positive = Annotated[int, Field(ge=1, lt=2**53, strict=True)]
_Target = Annotated[str, StringConstraints(pattern=r"^status/[a-z0-9.-]+\.zst$", max_length=128)]

_AnyHead = TypeVar("_AnyHead", bound=BaseModel)

_COUNT_BYTES = 4
_LONGEST = 5  # bytes of a distance below 2**32


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DeltaForm(_Form):
    """One delta, as the head has it."""

    since: _Positive  # version that it starts from; it leads to the next link of the chain
    target: _Target


class Head(_Form):
    """status/head.json: the current version."""

    version: _Positive
    as_of: _Positive  # Unix s: the time of this list
    size: Annotated[int, Field(ge=1, le=MAX_PLACES, strict=True)]  # number of places
    listed: _Count  # places that are not UNLISTED: a check of the content
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # of the nibbles
    snapshot: _Target
    deltas: tuple[DeltaForm, ...] = ()  # a chain, oldest first; the last one leads to `version`
    shrunk_at: _Count = 0  # the last version at which the authority intended a large drop of listings

    @model_validator(mode="after")
    def _chain_climbs(self) -> "Head":
        steps = [*(delta.since for delta in self.deltas), self.version]
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError("the chain of deltas does not lead to the current version")
        return self

    @classmethod
    def parse(cls, text: str | bytes) -> "Head":
        """Parse a head.  Raises PublishError."""
        return parse_head(cls, HEAD, text)


def parse_head(form: type[_AnyHead], name: str, text: str | bytes) -> _AnyHead:
    """Parse the head of what is published as `name`.  Raises PublishError."""
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        raise PublishError(f"{name}: {first_error(error)}", hint="Publish the list again") from error


def byte_length(size: int) -> int:
    """Return the number of bytes that `size` places take."""
    return (size + 1) // 2


def pack_nibbles(values: NDArray[np.uint8]) -> bytes:
    """Pack two places a byte, the even one in the low half."""
    packed = np.zeros(byte_length(len(values)), np.uint8)
    packed |= values[0::2]
    packed[: len(values) // 2] |= values[1::2] << 4
    return packed.tobytes()


def unpack_nibbles(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the value of each place, two for each byte."""
    return np.stack((packed & 15, packed >> 4), axis=1).ravel()


def encode_snapshot(nibbles: bytes) -> bytes:
    return _pack(nibbles)


def decode_snapshot(data: bytes, size: int) -> bytes:
    """Return the nibbles of `size` places.  Never allocates more than they take, whatever the data declares.
    Raises PublishError."""
    return unpack_exactly(data, byte_length(size), f"snapshot of {size} places")


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
    return _pack(len(places).to_bytes(_COUNT_BYTES, "little") + _leb128(gaps) + pack_nibbles(values))


def apply_delta(data: bytes, before: bytes, size: int) -> bytes:
    """Return the nibbles of `size` places after the delta.  Raises PublishError for one that does not fit."""
    length = byte_length(size)
    if len(before) > length:
        raise PublishError("delta for a list with fewer places than there were", hint="Publish a snapshot")
    content = _unpack(data, _COUNT_BYTES + 3 * length, "delta")
    count = int.from_bytes(content[:_COUNT_BYTES], "little")
    body = np.frombuffer(content, np.uint8, offset=min(_COUNT_BYTES, len(content)))
    if count > 2 * length or len(content) < _COUNT_BYTES or len(body) < count + byte_length(count):
        raise _unfit("delta")
    tail = len(body) - byte_length(count)
    places = np.cumsum(_unleb128(body[:tail], count) + 1) - 1
    if count and int(places[-1]) >= 2 * length:
        raise _unfit("delta")
    values = unpack_nibbles(body[tail:])[:count]
    after = np.zeros(length, np.uint8)
    after[: len(before)] = np.frombuffer(before, np.uint8)
    for half, shift in ((0, 0), (1, 4)):  # a byte may change in both halves, so one half after the other
        mine = places % 2 == half
        at = places[mine] // 2
        after[at] = after[at] & (0xF0 >> shift) | values[mine] << shift
    return after.tobytes()


def _pack(content: bytes) -> bytes:
    """Compress at level 19: once, a quarter of a minute for a nation, and 0.6 MB less for every gate."""
    return zstandard.ZstdCompressor(level=19, write_content_size=True).compress(content)


def unpack_exactly(data: bytes, size: int, what: str) -> bytes:
    """Unpack a Zstandard frame of `size` bytes; never allocates more.  Raises PublishError."""
    content = _unpack(data, size, what)
    if len(content) != size:
        raise _unfit(what)
    return content


def _unpack(data: bytes, most: int, what: str) -> bytes:
    """Unpack a frame; never allocates more than `most` bytes for the content.  Raises PublishError."""
    try:
        if not 0 <= zstandard.frame_content_size(data) <= most:
            raise _unfit(what)
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=most)
    except zstandard.ZstdError as error:
        raise PublishError(f"{what} is damaged ({error})", hint="Fetch or publish it again") from error


def _unfit(what: str) -> PublishError:
    return PublishError(f"{what} does not hold what its head names", hint="Publish it again")


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
        raise _unfit("delta")
    if not count and len(data):
        raise _unfit("delta")
    numbers = np.zeros(count, np.int64)
    starts = ends - lengths + 1
    for part in range(_LONGEST):
        has = lengths > part
        numbers[has] |= (data[starts[has] + part].astype(np.int64) & 127) << 7 * part
    return numbers
