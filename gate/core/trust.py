"""The trust list: which issuers' keys a gate accepts, and with what limits.

Data, signed and synced like the status list.  `parse_trust` takes the JSON of `trust.json`:

    {"version": 7, "issuers": [{"id": "ashyq", "name": {"kk": ..., "ru": ..., "en": ...},
      "max_lifetime": 86400, "keys": [{"kid": "426e3330a21853bb", "alg": "Ed25519",
      "public": "<64 hex>", "not_before": 1790000000, "not_after": 1810000000,
      "revoked_at": 1799999950}]}]}                        # times Unix s; revoked_at optional
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from gate.core.form_error import first_error
from gate.errors import PublishError

KID_BYTES = 8

_Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]+$")]
_Time = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class KeyForm(_Form):
    """One key, as trust.json has it."""

    kid: _Hex
    alg: Literal["Ed25519"]
    public: Annotated[_Hex, Field(min_length=64, max_length=64)]
    not_before: _Time
    not_after: _Time
    revoked_at: _Time | None = None

    @model_validator(mode="after")
    def _kid_is_of_this_key(self) -> Self:
        if self.kid != key_id(bytes.fromhex(self.public)).hex():
            raise ValueError(f"kid {self.kid} is not the SHA-256 prefix of its public key")
        if self.not_after < self.not_before:
            raise ValueError(f"kid {self.kid}: not_after lies before not_before")
        return self


class IssuerForm(_Form):
    """One issuer, as trust.json has it."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    name: dict[str, str] = Field(default_factory=dict)
    max_lifetime: Annotated[int, Field(gt=0, le=10 * 366 * 86400, strict=True)]
    keys: tuple[KeyForm, ...]


class TrustForm(_Form):
    """trust.json as a whole."""

    version: Annotated[int, Field(ge=1, lt=2**53, strict=True)]
    issuers: Annotated[tuple[IssuerForm, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_doubles(self) -> Self:
        ids = [issuer.id for issuer in self.issuers]
        kids = [key.kid for issuer in self.issuers for key in issuer.keys]
        for name, seen in (("issuer", ids), ("kid", kids)):
            if double := {value for value in seen if seen.count(value) > 1}:
                raise ValueError(f"{name} {sorted(double)[0]!r} is duplicated")
        return self


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key of an issuer, and its limits."""

    kid: bytes
    public: bytes  # raw Ed25519, 32 bytes
    issuer: str
    max_lifetime: int  # seconds: the most that exp - iat may span
    not_before: int  # Unix s: a token's iat must lie in not_before..not_after
    not_after: int
    revoked: bool  # a revoked key proves nothing, whatever the token's date


@dataclass(frozen=True, slots=True)
class TrustList:
    """The accepted keys and the issuers' names."""

    version: int
    keys: Mapping[bytes, IssuerKey]  # by kid
    names: Mapping[str, Mapping[str, str]]  # issuer id -> language -> name


NO_ISSUERS = TrustList(0, {}, {})
"""The trust list of a gate that was given none: no issuers."""


def key_id(public: bytes) -> bytes:
    """Return the kid of a raw public key: the first 8 bytes of its SHA-256."""
    return hashlib.sha256(public).digest()[:KID_BYTES]


def parse_trust(text: str | bytes) -> TrustList:
    """Parse a trust list.  Raises PublishError naming the first fault."""
    try:
        form = TrustForm.model_validate_json(text)
    except ValidationError as error:
        raise PublishError(f"trust list: {first_error(error)}", hint="Publish a corrected trust.json") from error
    keys = {
        bytes.fromhex(key.kid): IssuerKey(
            kid=bytes.fromhex(key.kid),
            public=bytes.fromhex(key.public),
            issuer=issuer.id,
            max_lifetime=issuer.max_lifetime,
            not_before=key.not_before,
            not_after=key.not_after,
            revoked=key.revoked_at is not None,
        )
        for issuer in form.issuers
        for key in issuer.keys
    }
    return TrustList(form.version, keys, {issuer.id: issuer.name for issuer in form.issuers})
