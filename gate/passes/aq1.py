"""AQ1, a status pass: from the bytes of its QR code to verified claims.

A credential is a COSE_Sign1 by the issuer over CWT claims.  A presentation is a COSE_Sign1 by the holder's key,
fresh every few seconds, that carries the credential in its header.  The order is fixed:

    shape of everything -> issuer known -> signatures -> issuer's key good -> times -> holder and venue

so nothing unsigned is trusted, and a text that cannot be a pass costs no cryptography.  In each step the credential
comes before its presentation.
"""

from operator import itemgetter

import cbor2
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from gate.core.model import Claims, Refused, Status
from gate.core.reason import Reason
from gate.core.trust import KID_BYTES, IssuerKey, TrustList
from gate.passes import aq1_claims as claims
from gate.passes import base45, cbor, cose
from gate.passes.cose import Sign1
from gate.passes.policy import PassPolicy

FORMAT = "aq1"
LONGEST = 4296  # characters: the largest QR code in alphanumeric mode (ISO/IEC 18004, 40-L)
SKEW = 60  # seconds by which an issuer's clock may run ahead of the gate's

_STATUSES = tuple(Status)
_PREFIX_LENGTH = len(claims.PREFIX)
_REQUIRED = itemgetter(claims.ISS, claims.CTI, claims.EXP, claims.IAT, claims.STATUS, claims.IDX)

# Nearly every phone writes these; they need no decoding.
_USUAL_HEADER = b"\xa2\x01\x27\x0d"  # {1: -8, 13: the rest}
_USUAL_TIME = b"\xa1\x06\x1a"  # {6: the four bytes that follow}


# Plain tuples: as NamedTuples, with that of `cose`, verifying costs 1.7 % to 4 % more (medians of paired runs on one
# machine), of a path that has 20 % above its signature check.
_Stated = tuple[str, bytes, int, Status, int, int, int, bytes | None]
"""The content of a credential, each in its type and range: issuer, token id, idx, status, iat, exp, nbf (0 when
absent; Unix s), and the holder's raw Ed25519 key (32 bytes) when it is bound to one."""

_Credential = tuple[bytes, bytes, _Stated]
"""The signed bytes, the kid, the content."""

_Presentation = tuple[bytes, bytes, int, str | None]
"""The signed bytes, the holder's key that must have signed them, the stated time (Unix s), the audience."""


class Aq1:
    """The verifier of AQ1 passes against one trust list and one gate's policy; stateless, so safe in any thread."""

    def __init__(self, trust: TrustList, policy: PassPolicy) -> None:
        self._policy = policy
        self._keys = trust.keys
        if any(len(key.public) != claims.KEY_BYTES for key in trust.keys.values()):
            raise ValueError("a key on the trust list is not 32 bytes")  # crypto_sign_open would read past it
        # The protected headers of the known keys: most passes need no decoding of them.
        self._kids = {
            cbor2.dumps({cose.ALG: alg, cose.KID: kid}): kid for kid in trust.keys for alg in (cose.EDDSA, cose.ED25519)
        }

    def verify(self, text: str, at: int) -> Claims:
        """Return the claims of `text`, which begins with the format's prefix, at `at`, Unix s.  Raises Refused."""
        key, stated, presentation = self._signed(text)
        issuer, token_id, idx, status, issued_at, expires_at, begins, holder = stated
        try:
            _check_times(issued_at, expires_at, begins, key.max_lifetime, at)
            presented_at = self._presented_at(holder, presentation, at)
        except Refused as refused:
            refused.idx = idx
            raise
        return Claims(FORMAT, issuer, token_id, idx, status, issued_at, expires_at, presented_at)

    def issued(self, text: str) -> tuple[int, int]:
        """Return place and time of issue (Unix s) of a pass whose signatures hold, whatever the time is.  Raises
        Refused."""
        key, (_, _, idx, _, issued_at, expires_at, *_), _ = self._signed(text)
        if expires_at - issued_at > key.max_lifetime:
            raise Refused(Reason.LIFETIME_EXCEEDED)
        return idx, issued_at

    def _signed(self, text: str) -> tuple[IssuerKey, _Stated, _Presentation | None]:
        try:
            (signed, kid, stated), presentation = self._parse(text)
        except ValueError as error:
            raise Refused(Reason.MALFORMED, str(error)) from None
        key = self._keys.get(kid)
        if key is None:
            raise Refused(Reason.UNKNOWN_ISSUER, f"kid {kid.hex()}")
        _check_signature(signed, key.public, "issuer's")
        if presentation is not None:
            _check_signature(presentation[0], presentation[1], "holder's")
        _check_issuer(key, stated[0], stated[4])
        return key, stated, presentation

    def _parse(self, text: str) -> tuple[_Credential, _Presentation | None]:
        """Parse the shape of the whole pass; raises ValueError for any other."""
        if len(text) > LONGEST:
            raise ValueError("longer than a QR code can be")
        envelope = cose.tagged_sign1(base45.decode(text[_PREFIX_LENGTH:]))
        kid = self._kids.get(envelope[0])
        if kid is not None:
            return _credential(envelope, kid), None
        wrapped = _wrapped(envelope[0])
        if wrapped is None:
            return _credential(envelope, _kid(envelope[0])), None
        credential = _credential(wrapped, self._kids.get(wrapped[0]) or _kid(wrapped[0]))
        holder = credential[2][-1]
        if holder is None:
            raise ValueError("a presentation of a credential that names no holder's key")
        return credential, _presentation(envelope, holder)

    def _presented_at(self, holder: bytes | None, presentation: _Presentation | None, at: int) -> int | None:
        """Return when the holder signed, Unix s; None for a pass that needs no such signature.  Raises Refused."""
        policy = self._policy
        if presentation is None:
            if holder is not None:
                raise Refused(Reason.BINDING_MISSING, "a bound credential without its holder's signature")
            if policy.binding_required:
                raise Refused(Reason.BINDING_MISSING, "this venue asks for the holder's signature")
            return None
        _, _, presented_at, audience = presentation
        age = at - presented_at
        if age > policy.window:
            raise Refused(Reason.PRESENTATION_STALE, f"signed {age} s ago")
        if age < -policy.window:
            raise Refused(Reason.PRESENTATION_EARLY, f"signed {-age} s ahead of the gate's time")
        if audience is not None and policy.venue is not None and audience != policy.venue:
            raise Refused(Reason.WRONG_VENUE, "meant for another venue")
        return presented_at


def _wrapped(protected: bytes) -> Sign1 | None:
    """Return the credential that a presentation carries in its header; None for the header of a credential."""
    if protected.startswith(_USUAL_HEADER):
        usual = cose.untagged_sign1(protected[len(_USUAL_HEADER) :])
        if usual is not None:
            return usual
    header = cose.header(protected)
    return cose.sign1(header[cose.KCWT]) if cose.KCWT in header else None


def _kid(protected: bytes) -> bytes:
    header = cose.header(protected)
    if cose.KCWT in header:
        raise ValueError("a presentation inside a presentation")
    kid = header.get(cose.KID)
    if type(kid) is not bytes or len(kid) != KID_BYTES:
        raise ValueError("kid is 8 bytes in the protected header")
    return kid


def _credential(envelope: Sign1, kid: bytes) -> _Credential:
    _, payload, signed = envelope
    stated = cbor.decode_map(payload)
    try:
        issuer, token_id, expires_at, issued_at, status, idx = _REQUIRED(stated)
    except KeyError as missing:
        raise ValueError(f"claim {missing} is missing") from None
    if type(issuer) is not str or not 1 <= len(issuer) <= claims.ISSUER_MAX:
        raise ValueError("iss is a text of 1 to 32 characters")
    if type(token_id) is not bytes or not claims.TOKEN_ID_MIN <= len(token_id) <= claims.TOKEN_ID_MAX:
        raise ValueError("cti is 8 to 16 bytes")
    begins = stated.get(claims.NBF, 0)
    # bool is an int to isinstance, but not to a pass
    if not int is type(expires_at) is type(issued_at) is type(begins) is type(status) is type(idx):
        raise ValueError("exp, iat, nbf, status and idx are integers")
    if not 0 <= issued_at < expires_at or begins < 0:
        raise ValueError("exp, iat and nbf are Unix seconds, and exp is after iat")
    if not (0 <= status < len(_STATUSES) and 0 <= idx < claims.IDX_END):
        raise ValueError("status is 0 to 3, idx 0 to 2^32 - 1")
    holder = _holder(stated[claims.CNF]) if claims.CNF in stated else None
    return signed, kid, (issuer, token_id, idx, _STATUSES[status], issued_at, expires_at, begins, holder)


def _holder(cnf: object) -> bytes:
    """Return the key in a confirmation claim.  Unknown members are ignored (RFC 8747, 3.1)."""
    key = cbor.labels(cbor.labels(cnf).get(claims.COSE_KEY))
    kty, crv, x = key.get(claims.KTY), key.get(claims.CRV), key.get(claims.X)
    if not int is type(kty) is type(crv) or kty != claims.OKP or crv != claims.CRV_ED25519:
        raise ValueError("the holder's key is not Ed25519")
    if type(x) is not bytes or len(x) != claims.KEY_BYTES:
        raise ValueError("the holder's key is not 32 bytes")
    return x


def _presentation(envelope: Sign1, holder: bytes) -> _Presentation:
    _, payload, signed = envelope
    if payload.startswith(_USUAL_TIME) and len(payload) == len(_USUAL_TIME) + 4:
        return signed, holder, int.from_bytes(payload[len(_USUAL_TIME) :], "big"), None
    stated = cbor.decode_map(payload)
    presented_at = stated.get(claims.IAT)
    if type(presented_at) is not int or presented_at < 0:
        raise ValueError("iat of a presentation is Unix seconds")
    audience = stated.get(claims.AUD)
    if type(audience) is not str and claims.AUD in stated:
        raise ValueError("aud is a text")
    return signed, holder, presented_at, audience


def _check_signature(signed: bytes, key: bytes, whose: str) -> None:
    """Check a signature strictly: libsodium refuses S at or above the group order, and keys and R of small
    order."""
    try:
        crypto_sign_open(signed, key)
    except BadSignatureError:
        raise Refused(Reason.BAD_SIGNATURE, f"the {whose} signature does not hold") from None


def _check_issuer(key: IssuerKey, issuer: str, issued_at: int) -> None:
    if issuer != key.issuer:
        raise Refused(Reason.BAD_SIGNATURE, f"signed with a key of {key.issuer}, which it does not name as issuer")
    if key.revoked:
        raise Refused(Reason.ISSUER_REVOKED, f"key {key.kid.hex()} of {key.issuer} is revoked")
    if not key.not_before <= issued_at <= key.not_after:
        raise Refused(Reason.ISSUER_REVOKED, f"issued outside the time of key {key.kid.hex()} of {key.issuer}")


def _check_times(issued_at: int, expires_at: int, begins: int, max_lifetime: int, at: int) -> None:
    ahead = (issued_at if issued_at > begins else begins) - at
    if ahead > SKEW:
        raise Refused(Reason.NOT_YET_VALID, f"valid in {ahead} s")
    if at >= expires_at:
        raise Refused(Reason.EXPIRED, f"expired {at - expires_at} s ago")
    if expires_at - issued_at > max_lifetime:
        raise Refused(
            Reason.LIFETIME_EXCEEDED, f"lives {expires_at - issued_at} s, its issuer may give {max_lifetime} s"
        )
