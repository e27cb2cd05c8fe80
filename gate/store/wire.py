"""The status list as published: what the authority writes and a gate reads.

Place `idx` is one nibble (`gate.core.model.Listing`): byte idx // 2, the even place in the low half.
A snapshot is the Zstandard frame of all nibbles; `status/head.json` says which is current.
"""

from typing import Annotated

import zstandard
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gate.core.trust import first_error
from gate.errors import PublishError

TRUST = "trust.json"
RULES = "rules.json"
HEAD = "status/head.json"

MAX_PLACES = 2**32
MAX_VALUE = 5  # the largest Listing

_Count = Annotated[int, Field(ge=0, lt=2**53, strict=True)]
_Positive = Annotated[int, Field(ge=1, lt=2**53, strict=True)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SnapshotForm(_Form):
    target: Annotated[str, StringConstraints(pattern=r"^status/[a-z0-9.-]+\.zst$", max_length=128)]
    length: _Positive  # bytes of the file
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Head(_Form):
    """status/head.json: what is current."""

    version: _Positive
    as_of: _Positive  # Unix s: the moment this list speaks of
    size: Annotated[int, Field(ge=1, le=MAX_PLACES, strict=True)]  # number of places
    listed: _Count  # places that are not UNLISTED: a check of the content
    snapshot: SnapshotForm

    @classmethod
    def parse(cls, text: str | bytes) -> "Head":
        """Raises PublishError."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise PublishError(f"{HEAD}: {first_error(error)}", hint="Publish the list again") from error


def byte_length(size: int) -> int:
    """Bytes that `size` places take."""
    return (size + 1) // 2


def encode_snapshot(nibbles: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=19, write_content_size=True).compress(nibbles)


def decode_snapshot(data: bytes, size: int) -> bytes:
    """The nibbles of `size` places.  Never allocates more than they take, whatever the data declares.
    Raises PublishError."""
    want = byte_length(size)
    try:
        if zstandard.frame_content_size(data) != want:
            raise PublishError(f"snapshot does not hold the {size} places its head names", hint="Publish it again")
        nibbles = zstandard.ZstdDecompressor().decompress(data, max_output_size=want)
    except zstandard.ZstdError as error:
        raise PublishError(f"snapshot is damaged ({error})", hint="Fetch or publish it again") from error
    if len(nibbles) != want:
        raise PublishError(f"snapshot does not hold the {size} places its head names", hint="Publish it again")
    return nibbles
