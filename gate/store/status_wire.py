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

import zstandard
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


def encode_snapshot(nibbles: bytes) -> bytes:
    return pack_frame(nibbles)


def decode_snapshot(data: bytes, size: int) -> bytes:
    """Return the nibbles of `size` places.  Never allocates more than they take, whatever the data declares.
    Raises PublishError."""
    return unpack_exactly(data, byte_length(size), f"snapshot of {size} places")


def pack_frame(content: bytes) -> bytes:
    """Compress at level 19: once, a quarter of a minute for a nation, and 0.6 MB less for every gate."""
    return zstandard.ZstdCompressor(level=19, write_content_size=True).compress(content)


def unpack_exactly(data: bytes, size: int, what: str) -> bytes:
    """Unpack a Zstandard frame of `size` bytes; never allocates more.  Raises PublishError."""
    content = unpack_at_most(data, size, what)
    if len(content) != size:
        raise unfit(what)
    return content


def unpack_at_most(data: bytes, most: int, what: str) -> bytes:
    """Unpack a frame; never allocates more than `most` bytes for the content.  Raises PublishError."""
    try:
        if not 0 <= zstandard.frame_content_size(data) <= most:
            raise unfit(what)
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=most)
    except zstandard.ZstdError as error:
        raise PublishError(f"{what} is damaged ({error})", hint="Fetch or publish it again") from error


def unfit(what: str) -> PublishError:
    """Return the error of a content that does not fit."""
    return PublishError(f"{what} does not hold what its head names", hint="Publish it again")
