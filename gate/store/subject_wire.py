"""The subject index as published: persons and their places, for gates where staff check people by IIN.

A person is BLAKE2b-64 of their IIN under the authority's subject key; without that key the digests mean nothing.
Each such gate gets the key sealed to its own device key (libsodium sealed box), so a mirror holds nothing that it
could open.

    subjects/head.json        its extent, and the segments
    subjects/FIRST-LAST.zst   digests of the places from FIRST up to but not LAST, in order: Zstandard frame of
                              eight planes of bytes, the most significant first; 0 for nobody
    subjects/keys/ID.key      the subject key, sealed; ID names the device's public key

A place keeps its person for ever, so segments are only added and joined.  Places come in runs of ascending digests;
each run is searched by halving.
"""

import hashlib
from itertools import pairwise
from typing import Annotated

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gate.errors import PublishError
from gate.store.status_wire import MAX_PLACES, parse_head

SUBJECTS = "subjects/head.json"
DIGEST_BYTES = 8
MOST_PLACES = 1 << 20  # in a segment
MAX_SEGMENT = DIGEST_BYTES * MOST_PLACES + 4096  # bytes, packed: digests hardly pack
MAX_SEALED = 256

_Place = Annotated[int, Field(ge=0, le=MAX_PLACES, strict=True)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SubjectSegment(_Form):
    """One published segment."""

    first: _Place
    last: _Place  # exclusive
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of its digests, as `decode_segment` returns them; None of an authority that did not sign it yet."""

    @model_validator(mode="after")
    def _holds_something(self) -> "SubjectSegment":
        if not 0 < self.last - self.first <= MOST_PLACES:
            raise ValueError(f"a segment of {self.last - self.first} places")
        return self

    @property
    def target(self) -> str:
        return f"subjects/{self.first}-{self.last}.zst"


class SubjectsHead(_Form):
    """subjects/head.json."""

    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]  # name of the subject key
    runs: tuple[_Place, ...]  # first place of each, ascending
    segments: tuple[SubjectSegment, ...]

    @model_validator(mode="after")
    def _without_gaps(self) -> "SubjectsHead":
        edges = [0, *(segment.last for segment in self.segments)]
        if [segment.first for segment in self.segments] != edges[:-1]:
            raise ValueError("the segments do not follow each other")
        if any(low >= high for low, high in pairwise((*self.runs, self.places + 1))):
            raise ValueError("the runs do not follow each other")
        return self

    @property
    def places(self) -> int:
        return self.segments[-1].last if self.segments else 0

    @classmethod
    def parse(cls, text: str | bytes) -> "SubjectsHead":
        """Parse a head.  Raises PublishError."""
        return parse_head(cls, SUBJECTS, text)


def key_name(key: bytes) -> str:
    """Return the name of a subject key, which reveals nothing of it."""
    return hashlib.blake2b(b"subject key", key=key, digest_size=8).hexdigest()


def sealed_target(device: VerifyKey) -> str:
    return f"subjects/keys/{hashlib.sha256(bytes(device)).hexdigest()[:16]}.key"


def seal(key: bytes, device: VerifyKey) -> bytes:
    return bytes(SealedBox(device.to_curve25519_public_key()).encrypt(key))


def unseal(sealed: bytes, device: SigningKey) -> bytes:
    """Return the key.  Raises PublishError for a key that was sealed to another device."""
    try:
        return bytes(SealedBox(device.to_curve25519_private_key()).decrypt(sealed))
    except CryptoError as error:
        raise PublishError(
            "the subject key is not sealed to this device", hint="Give the authority this device's key again"
        ) from error
