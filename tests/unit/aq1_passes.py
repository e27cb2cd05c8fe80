"""Forge AQ1 passes of any shape, rightly signed."""

import json
from typing import Any

import cbor2
import pytest
from nacl.signing import SigningKey

from gate.core.model import Claims, Refused
from gate.core.reason import Reason
from gate.core.trust import TrustList, key_id, parse_trust
from gate.passes.aq1_encode import credential_text
from gate.passes.cose import to_be_signed
from gate.passes.verifier import Verifier

NOW = 1_800_000_000
ISSUER, REVOKED, STRANGER, HOLDER = (SigningKey(bytes([number]) * 32) for number in range(1, 5))
KEY_SPAN = (NOW - 1_000_000, NOW + 1_000_000)
LIFETIME = 86_400

GOOD: dict[Any, Any] = {1: "ashyq", 4: NOW + 3600, 6: NOW - 60, 7: b"8 bytes!", -70001: 3, -70002: 4711}
COSE_KEY: dict[Any, Any] = {1: 1, -1: 6, -2: bytes(HOLDER.verify_key)}
BOUND: dict[Any, Any] = {**GOOD, 8: {1: COSE_KEY}}
MISSING = object()


def trust(*publics: bytes, revoked: bytes | None = None) -> TrustList:
    keys = [
        {"kid": key_id(public).hex(), "alg": "Ed25519", "public": public.hex()}
        | {"not_before": KEY_SPAN[0], "not_after": KEY_SPAN[1]}
        | ({"revoked_at": NOW - 50} if public == revoked else {})
        for public in publics
    ]
    issuer = {"id": "ashyq", "max_lifetime": LIFETIME, "keys": keys}
    return parse_trust(json.dumps({"version": 1, "issuers": [issuer]}))


TRUST = trust(bytes(ISSUER.verify_key), bytes(REVOKED.verify_key), revoked=bytes(REVOKED.verify_key))
VERIFIER = Verifier(TRUST, venue="ala-t2")


def encoded(value: Any) -> bytes:
    """Bytes are taken for CBOR that is made already."""
    return value if isinstance(value, bytes) else cbor2.dumps(value)


def sign1(header: Any, body: Any, key: SigningKey, *, unprotected: Any = None, tag: int | None = 18) -> bytes:
    protected, payload = encoded(header), encoded(body)
    signature = key.sign(to_be_signed(protected, payload)).signature
    parts = [protected, {} if unprotected is None else unprotected, payload, signature]
    return cbor2.dumps(parts if tag is None else cbor2.CBORTag(tag, parts))


def header_of(key: SigningKey) -> dict[Any, Any]:
    return {1: -8, 4: key_id(bytes(key.verify_key))}


def credential(body: Any = GOOD, key: SigningKey = ISSUER, *, header: Any = None, **form: Any) -> bytes:
    return sign1(header_of(key) if header is None else header, body, key, **form)


def presentation(inner: bytes, body: Any = None, key: SigningKey = HOLDER, *, header: Any = None, **form: Any) -> bytes:
    kcwt = cbor2.loads(inner)
    kcwt = list(kcwt.value) if isinstance(kcwt, cbor2.CBORTag) else kcwt
    return sign1({1: -8, 13: kcwt} if header is None else header, {6: NOW} if body is None else body, key, **form)


def changed(body: dict[Any, Any], **claims: Any) -> dict[Any, Any]:
    """`changed(GOOD, exp=5, nbf=MISSING)`."""
    keys = {"iss": 1, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "cti": 7, "cnf": 8, "status": -70001, "idx": -70002}
    merged = {**body, **{keys[name]: value for name, value in claims.items()}}
    return {key: value for key, value in merged.items() if value is not MISSING}


def verify(data: bytes, *, at: int = NOW, verifier: Verifier = VERIFIER) -> Claims:
    return verifier.verify(credential_text(data), at)


def refusal(data: bytes | str, *, at: int = NOW, verifier: Verifier = VERIFIER) -> Reason:
    with pytest.raises(Refused) as caught:
        verifier.verify(data if isinstance(data, str) else credential_text(data), at)
    return caught.value.reason
