"""SMART Health Cards (HL7, "SMART Health Cards and Links", 1.4): a JWS (ES256) over a FHIR bundle.

    shc:/ and two digits for each character of header.payload.signature (its code less 45); payload: raw deflate of JSON

A card of several codes has `shc:/N/M/` before the digits of part N: `gate.passes.shc_parts` joins them.  The order of
the checks is that of AQ1: shape, issuer, signature, the key's limits, times.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

from gate.core.evidence import HealthEvidence
from gate.core.model import CertificateClaims, Refused
from gate.core.pass_prefixes import SHC
from gate.core.reason import Reason
from gate.core.trust import TrustList
from gate.passes.aq1 import SKEW
from gate.passes.certificate_keys import CertificateKeys, check_use
from gate.passes.certificates import check_dates, holder_of, stated_time
from gate.passes.fhir_content import statements
from gate.passes.inflate import RAW, inflate

FORMAT = "shc"
LONGEST = 7089 * 4  # characters: four of the largest QR codes in numeric mode (ISO/IEC 18004, 40-L)
NEVER = 2**53  # Unix s: a card without exp

_CARD = "https://smarthealth.cards#health-card"
_PAIRS = re.compile(r"(?:[0-9]{2})+")
_PART = re.compile(r"[0-9]+/[0-9]+/")
_SMALLEST = 45  # the code of "-", the smallest character of a JWS
_LARGEST = ord("z") - _SMALLEST
_KID_BYTES = 32  # a key's SHA-256 thumbprint (RFC 7638)


class Shc:
    """The verifier of SMART Health Cards against one trust list; stateless, so safe in any thread."""

    def __init__(self, trust: TrustList) -> None:
        self._keys = CertificateKeys(trust.certificate_keys.get(FORMAT, ()))

    def verify(self, text: str, at: int) -> CertificateClaims:
        """Return the claims of `text`, which begins with the format's prefix, at `at`, Unix s.  Raises Refused."""
        try:
            shown = _parse(text)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise Refused(Reason.MALFORMED, _words(error)) from None
        key = self._keys.signer(shown.kid, "ES256", shown.signature, shown.signed, shown.iss)
        check_use(key, shown.issued_at, {one.kind for one in shown.evidence})
        token_id = hashlib.sha256(shown.signed).digest()[:16]
        idx = holder_of(FORMAT, token_id.hex())
        try:
            if shown.issued_at - at > SKEW:
                raise Refused(Reason.NOT_YET_VALID, f"valid in {shown.issued_at - at:.0f} s")
            if at >= shown.expires_at:
                raise Refused(Reason.EXPIRED, f"expired {at - shown.expires_at:.0f} s ago")
            if shown.expires_at != NEVER and shown.expires_at - shown.issued_at > key.max_lifetime:
                raise Refused(Reason.LIFETIME_EXCEEDED, f"its issuer may give {key.max_lifetime} s")
            check_dates(shown.evidence, at)
        except Refused as refused:
            refused.idx = idx
            raise
        issued_at, expires_at = int(shown.issued_at), int(shown.expires_at)
        return CertificateClaims(
            FORMAT, key.issuer, token_id, idx, None, issued_at, expires_at, None, shown.evidence, shown.revocable_as
        )


class _Shown(NamedTuple):
    kid: bytes
    signature: bytes
    signed: bytes
    iss: str
    issued_at: float  # Unix s
    expires_at: float
    evidence: tuple[HealthEvidence, ...]
    revocable_as: tuple[bytes, ...]


def _parse(text: str) -> _Shown:
    """Parse the shape of the whole card.  Raises ValueError, TypeError, KeyError, OverflowError, RecursionError."""
    digits = text[len(SHC) :]
    if len(text) > LONGEST:
        raise ValueError("longer than a card can be")
    if _PART.match(digits):
        raise ValueError("one part of a card of several codes")
    if not _PAIRS.fullmatch(digits):
        raise ValueError("a card is pairs of digits")
    values = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if max(values) > _LARGEST:
        raise ValueError("a pair of digits that stands for no character of a JWS")
    parts = "".join(chr(value + _SMALLEST) for value in values).split(".")
    if len(parts) != 3:
        raise ValueError("a JWS has three parts")
    kid = _kid(_json(_base64(parts[0])))
    stated = _json(inflate(_base64(parts[1]), RAW))
    iss, issued_at = stated["iss"], stated_time(stated["nbf"])
    expires_at = stated_time(stated["exp"]) if "exp" in stated else NEVER
    if not isinstance(iss, str):
        raise ValueError("iss is a text")
    credential = stated["vc"]
    if not isinstance(credential["type"], list) or _CARD not in credential["type"]:
        raise ValueError("vc.type names no health card")
    evidence = statements(credential["credentialSubject"]["fhirBundle"])
    signed = f"{parts[0]}.{parts[1]}".encode()
    return _Shown(
        kid, _base64(parts[2]), signed, iss, issued_at, expires_at, evidence, _revocable(kid, credential.get("rid"))
    )


def _kid(header: dict[str, Any]) -> bytes:
    if header.get("alg") != "ES256" or header.get("zip") != "DEF" or "crit" in header:
        raise ValueError("the header is alg ES256, zip DEF and a kid")
    kid = _base64(header["kid"])
    if len(kid) != _KID_BYTES:
        raise ValueError("kid is a SHA-256 thumbprint")
    return kid


def _revocable(kid: bytes, rid: object) -> tuple[bytes, ...]:
    """Return the digest by which a revocation list may name the card: of its key and its revocation id."""
    if rid is None:
        return ()
    if not isinstance(rid, str):
        raise ValueError("vc.rid is a text")
    return (hashlib.sha256(kid + rid.encode()).digest()[:16],)


def _base64(text: object) -> bytes:
    """Decode base64url without padding (RFC 7515, 2), in its one right form.  Raises ValueError for any other."""
    if not isinstance(text, str) or re.fullmatch(r"[A-Za-z0-9_-]*", text) is None:
        raise ValueError("base64url with other characters")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(data).decode().rstrip("=") != text:  # a last character with bits that say nothing
        raise ValueError("base64url that is not in its one form")
    return data


def _json(data: bytes) -> dict[str, Any]:
    stated = json.loads(data)
    if not isinstance(stated, dict):
        raise ValueError("JSON that is no object")
    return stated


def _words(error: Exception) -> str:
    return str(error) if type(error) is ValueError else "a part is missing, or of another kind"
