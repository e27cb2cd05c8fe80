"""HC1: EU Digital COVID Certificates, and certificates of the WHO's network (GDHCN) that carry the same content.

    HC1: Base45 of zlib of COSE_Sign1 (ES256 or PS256) over CWT {1: iss, 4: exp, 6: iat, -260: {1: certificate}}

Sources: eHealth Network, "Technical Specifications for EU Digital COVID Certificates", vol. 1 and 3; RFC 9052, 8392.
The order of the checks is that of AQ1: shape, issuer, signature, the key's limits, times.  A certificate names its
holder and cannot be bound to a phone: staff compare it with a document where that matters.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cbor2 import CBORTag

from gate.core.model import CertificateClaims, Refused
from gate.core.pass_prefixes import HC1
from gate.core.reason import Reason
from gate.core.trust import TrustList
from gate.passes import base45, cbor, cose
from gate.passes.aq1 import LONGEST, SKEW
from gate.passes.certificate_keys import ES256_BYTES, CertificateKeys, check_use
from gate.passes.certificates import check_dates, holder_of, stated_time
from gate.passes.dcc_content import Statement, statement
from gate.passes.inflate import ZLIB, inflate

FORMAT = "hc1"

_ISS, _EXP, _IAT, _HCERT = 1, 4, 6, -260
_DCC = 1  # the key of a certificate of schema 1 within _HCERT
_CWT_TAG = 61
_ALGS = {-7: "ES256", -37: "PS256"}  # IANA "COSE Algorithms"
_LONGEST_SIGNATURE = 2048  # bytes
_LARGEST = 8192  # bytes of COSE: certificates have some 500 to 1,500.  Keys of a map whose hashes all agree cost their
# number squared, and whoever writes CBOR can find them: 9 ms at this size, half a second at 64 KiB


class Hc1:
    """The verifier of HC1 certificates against one trust list; stateless, so safe in any thread."""

    def __init__(self, trust: TrustList) -> None:
        self._keys = CertificateKeys(trust.certificate_keys.get(FORMAT, ()))

    def verify(self, text: str, at: int) -> CertificateClaims:
        """Return the claims of `text`, which begins with the format's prefix, at `at`, Unix s.  Raises Refused."""
        try:
            shown = _parse(text)
        except (ValueError, TypeError, OverflowError) as error:
            raise Refused(Reason.MALFORMED, str(error)) from None
        key = self._keys.signer(shown.kid, shown.alg, shown.signature, shown.signed)
        stated = shown.stated
        check_use(key, shown.issued_at, (stated.kind,))
        idx = holder_of(FORMAT, stated.identifier)
        try:
            _check_times(shown, key.max_lifetime, at)
            check_dates(stated.evidence, at)
        except Refused as refused:
            refused.idx = idx
            raise
        digests = _revocable(shown)
        issued_at, expires_at = int(shown.issued_at), int(shown.expires_at)
        return CertificateClaims(
            FORMAT, key.issuer, digests[0], idx, None, issued_at, expires_at, None, stated.evidence, digests
        )


class _Shown(NamedTuple):
    kid: bytes
    alg: str
    signature: bytes
    signed: bytes
    issued_at: float  # Unix s
    expires_at: float
    stated: Statement


def _parse(text: str) -> _Shown:
    """Parse the shape of the whole certificate.  Raises ValueError, TypeError or OverflowError for any other."""
    if len(text) > LONGEST:
        raise ValueError("longer than a QR code can be")
    item = cbor.decode_certificate(inflate(base45.decode(text[len(HC1) :]), ZLIB, _LARGEST))
    protected, unprotected, payload, signature = _sign1(item)
    headers = cbor.labels(cbor.decode_certificate(protected)) if protected else {}
    if cose.CRIT in headers:
        raise ValueError("a critical header that is not understood")
    others = cbor.labels(dict(unprotected) if isinstance(unprotected, Mapping) else unprotected)  # frozen in a tag
    stated = headers.get(cose.ALG, others.get(cose.ALG))
    alg = _ALGS.get(stated) if type(stated) is int else None
    if alg is None:
        raise ValueError("alg is neither ES256 nor PS256")
    kid = headers.get(cose.KID, others.get(cose.KID))
    if type(kid) is not bytes or not 1 <= len(kid) <= 32:
        raise ValueError("kid is bytes")
    signed = cose.to_be_signed(protected, payload)
    return _Shown(kid, alg, signature, signed, *_content(cbor.labels(cbor.decode_certificate(payload))))


def _sign1(item: object) -> tuple[bytes, object, bytes, bytes]:
    """Return the four parts of COSE_Sign1: tagged 18, within the tag of a CWT, or bare, as issuers write it."""
    for tag in (_CWT_TAG, cose.SIGN1_TAG):
        if type(item) is CBORTag:
            if item.tag != tag:
                continue
            item = item.value
    if not isinstance(item, list | tuple) or len(item) != 4:
        raise ValueError("COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = item
    if not (type(protected) is bytes and type(payload) is bytes and type(signature) is bytes):
        raise ValueError("protected header, payload and signature are byte strings")
    if not 1 <= len(signature) <= _LONGEST_SIGNATURE:
        raise ValueError("a signature of that length")
    return protected, unprotected, payload, signature


def _content(stated: dict[Any, Any]) -> tuple[float, float, Statement]:
    """Return iat, exp (Unix s) and the statement of the claims.  Raises ValueError."""
    issued_at, expires_at = stated_time(stated.get(_IAT)), stated_time(stated.get(_EXP))
    if expires_at <= issued_at:
        raise ValueError("exp is after iat")
    if _ISS in stated and type(stated[_ISS]) is not str:
        raise ValueError("iss is a text")
    return issued_at, expires_at, statement(cbor.labels(stated.get(_HCERT)).get(_DCC))


def _check_times(shown: _Shown, max_lifetime: int, at: int) -> None:
    if shown.issued_at - at > SKEW:
        raise Refused(Reason.NOT_YET_VALID, f"valid in {shown.issued_at - at:.0f} s")
    if at >= shown.expires_at:
        raise Refused(Reason.EXPIRED, f"expired {at - shown.expires_at:.0f} s ago")
    lifetime = shown.expires_at - shown.issued_at
    if lifetime > max_lifetime:
        raise Refused(Reason.LIFETIME_EXCEEDED, f"lives {lifetime:.0f} s, its issuer may give {max_lifetime} s")


def _revocable(shown: _Shown) -> tuple[bytes, ...]:
    """Return the digests by which a revocation list may name it: of its identifier, of its country and identifier, of
    its signature (of ES256: of r, which nobody can change).  eHealth Network, "EU DCC revocation": the first 16 bytes
    of SHA-256."""
    signature = shown.signature[: ES256_BYTES // 2] if shown.alg == "ES256" else shown.signature
    identifier = shown.stated.identifier
    named = (identifier.encode(), (shown.stated.country + identifier).encode(), signature)
    return tuple(hashlib.sha256(each).digest()[:16] for each in named)
