"""The trust list: which issuers' keys a gate accepts, and with what limits.

Data, signed and synced like the status list.  `parse_trust` takes the JSON of `trust.json`:

    {"version": 7, "issuers": [{"id": "ashyq", "name": {"kk": ..., "ru": ..., "en": ...},
      "max_lifetime": 86400, "keys": [{"kid": "426e3330a21853bb", "alg": "Ed25519",
      "public": "<64 hex>", "not_before": 1790000000, "not_after": 1810000000,
      "revoked_at": 1799999950}]}]}                        # times Unix s; revoked_at optional

Issuers of certificates of other systems have a `format`: "hc1" (EU DCC, WHO GDHCN) or "shc" (SMART Health Cards, with
their `iss`).  Their keys are ES256 (`public`: the point, uncompressed, SEC 1 2.3.3) or PS256 (`public`: RSAPublicKey of
RFC 8017, A.1.1, in DER), and their kid is what their own system calls the key.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from gate.core.evidence import EvidenceKind
from gate.core.form_error import first_error
from gate.errors import PublishError

KID_BYTES = 8
LONGEST_PUBLIC = 2 * 2100  # hex digits: RSA of 16,384 bits
POINT_BYTES = 65  # an uncompressed point of P-256: 04, x, y
LONGEST_LIFETIME = 10 * 366 * 86400  # seconds

_Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]+$")]
_Time = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class KeyForm(_Form):
    """One key, as trust.json has it."""

    kid: Annotated[_Hex, Field(max_length=64)]
    alg: Literal["Ed25519", "ES256", "PS256"]
    public: Annotated[_Hex, Field(max_length=LONGEST_PUBLIC)]
    not_before: _Time
    not_after: _Time
    revoked_at: _Time | None = None
    kinds: tuple[EvidenceKind, ...] | None = None  # certificates that it may sign; None: all

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if len(self.kid) % 2 or len(self.public) % 2:
            raise ValueError(f"kid {self.kid}: kid and public are bytes, two hex digits each")
        if self.alg == "Ed25519":
            if len(self.public) != 64:
                raise ValueError(f"kid {self.kid}: public is 64 hex digits for Ed25519")
            if self.kid != key_id(bytes.fromhex(self.public)).hex():
                raise ValueError(f"kid {self.kid} is not the SHA-256 prefix of its public key")
        if self.alg == "ES256" and (len(self.public) != 2 * POINT_BYTES or not self.public.startswith("04")):
            raise ValueError(f"kid {self.kid}: public is an uncompressed point for ES256: 04 and 128 hex digits")
        if self.not_after < self.not_before:
            raise ValueError(f"kid {self.kid}: not_after lies before not_before")
        return self


class IssuerForm(_Form):
    """One issuer, as trust.json has it."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    name: dict[str, str] = Field(default_factory=dict)
    max_lifetime: Annotated[int, Field(gt=0, le=LONGEST_LIFETIME, strict=True)]
    format: Literal["aq1", "hc1", "shc"] = "aq1"
    iss: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None  # shc: the issuer's address
    keys: tuple[KeyForm, ...]

    @model_validator(mode="after")
    def _keys_fit_the_format(self) -> Self:
        for key in self.keys:
            if (key.alg == "Ed25519") is not (self.format == "aq1"):
                raise ValueError(f"issuer {self.id!r}: a key for {self.format} cannot be {key.alg}")
        if (self.iss is None) is (self.format == "shc"):
            raise ValueError(f"issuer {self.id!r}: 'iss' belongs to an issuer of format shc, and to no other")
        return self


class TrustForm(_Form):
    """trust.json as a whole."""

    version: Annotated[int, Field(ge=1, lt=2**53, strict=True)]
    issuers: Annotated[tuple[IssuerForm, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_doubles(self) -> Self:
        ids = [issuer.id for issuer in self.issuers]
        kids = [key.kid for issuer in self.issuers for key in issuer.keys if issuer.format == "aq1"]
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
class CertificateKey:
    """One key that signs certificates of another system, and its limits."""

    kid: bytes
    alg: str  # "ES256" or "PS256"
    public: bytes
    issuer: str
    iss: str | None  # of an issuer of SMART Health Cards: its address
    max_lifetime: int  # seconds: the most that exp - iat may span
    not_before: int  # Unix s: a certificate's iat must lie in not_before..not_after
    not_after: int
    revoked: bool
    kinds: frozenset[EvidenceKind]  # that it may sign


@dataclass(frozen=True, slots=True)
class TrustList:
    """The accepted keys and the issuers' names."""

    version: int
    keys: Mapping[bytes, IssuerKey]  # by kid
    names: Mapping[str, Mapping[str, str]]  # issuer id -> language -> name
    certificate_keys: Mapping[str, tuple[CertificateKey, ...]] = field(default_factory=dict)  # by format


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
        if issuer.format == "aq1"
        for key in issuer.keys
    }
    names = {issuer.id: issuer.name for issuer in form.issuers}
    others = {name: _certificate_keys(form, name) for name in ("hc1", "shc")}
    return TrustList(form.version, keys, names, {name: found for name, found in others.items() if found})


def _certificate_keys(form: TrustForm, name: str) -> tuple[CertificateKey, ...]:
    return tuple(
        CertificateKey(
            kid=bytes.fromhex(key.kid),
            alg=key.alg,
            public=bytes.fromhex(key.public),
            issuer=issuer.id,
            iss=issuer.iss,
            max_lifetime=issuer.max_lifetime,
            not_before=key.not_before,
            not_after=key.not_after,
            revoked=key.revoked_at is not None,
            kinds=frozenset(EvidenceKind if key.kinds is None else key.kinds),
        )
        for issuer in form.issuers
        if issuer.format == name
        for key in issuer.keys
    )
