"""The encoders of AQ1 passes, for an issuer and a holder's phone.  The gate itself never needs them.

Both return the bytes of a tagged COSE_Sign1; `credential_text` turns either into the text of its QR code.  Maps are
written in the deterministic order of RFC 8949, 4.2.1.
"""

from collections.abc import Mapping

import cbor2
from nacl.signing import SigningKey

from gate.core.model import Status
from gate.core.trust import key_id
from gate.errors import UsageError
from gate.passes import aq1_claims as claims
from gate.passes import base45, cbor, cose
from gate.passes.aq1_claims import PREFIX


def encode_credential(
    *,
    key: SigningKey,
    issuer: str,
    idx: int,
    status: Status,
    issued_at: int,
    expires_at: int,
    token_id: bytes,
    holder: bytes | None = None,
    not_before: int | None = None,
) -> bytes:
    """Encode a credential signed by the issuer's `key`: a tagged COSE_Sign1.

    Times are Unix seconds, `expires_at` exclusive.  `token_id` is 8 to 16 bytes, `idx` below 2**32.  `holder` is
    the raw Ed25519 key of the phone (32 bytes) when the pass is to be bound to it.  Raises UsageError for a value that
    a gate would refuse as malformed.
    """
    _check_credential(issuer, idx, issued_at, expires_at, token_id, holder, not_before)
    body: dict[int, object] = {claims.ISS: issuer, claims.EXP: expires_at}
    if not_before is not None:
        body[claims.NBF] = not_before
    body |= {claims.IAT: issued_at, claims.CTI: token_id}
    if holder is not None:
        body[claims.CNF] = {claims.COSE_KEY: {claims.KTY: claims.OKP, claims.CRV: claims.CRV_ED25519, claims.X: holder}}
    body |= {claims.STATUS: int(status), claims.IDX: idx}
    return _sign(key, {cose.ALG: cose.EDDSA, cose.KID: key_id(bytes(key.verify_key))}, body)


def encode_presentation(
    *, holder_key: SigningKey, credential: bytes, presented_at: int, audience: str | None = None
) -> bytes:
    """Encode the credential (bytes of `encode_credential`) as its holder shows it at `presented_at`, Unix seconds.

    `audience` is the id of the only venue it is meant for.  Raises UsageError when `credential` is not a tagged
    COSE_Sign1 or the time is not one.
    """
    _check_time("presented_at", presented_at)
    inner = _untagged(credential)
    body: dict[int, object] = {} if audience is None else {claims.AUD: audience}
    body[claims.IAT] = presented_at
    return _sign(holder_key, {cose.ALG: cose.EDDSA, cose.KCWT: inner}, body)


def credential_text(cose: bytes) -> str:
    """Return `AQ1:...`: the text of the QR code of a credential or of a presentation."""
    return PREFIX + base45.encode(cose)


def _sign(key: SigningKey, header: Mapping[int, object], body: Mapping[int, object]) -> bytes:
    protected, payload = cbor2.dumps(header), cbor2.dumps(body)
    signature = key.sign(cose.to_be_signed(protected, payload)).signature
    return cbor2.dumps(cbor2.CBORTag(cose.SIGN1_TAG, [protected, {}, payload, signature]))


def _untagged(credential: bytes) -> object:
    """Return the array of four; in a header its tag would add nothing but a byte."""
    try:
        item = cbor.decode(credential)
        if isinstance(item, cbor2.CBORTag):
            cose.sign1(item)
            return item.value
    except ValueError:
        pass
    raise UsageError("this is not a credential", hint="Give the bytes of a tagged COSE_Sign1")


def _check_credential(
    issuer: str,
    idx: int,
    issued_at: int,
    expires_at: int,
    token_id: bytes,
    holder: bytes | None,
    not_before: int | None,
) -> None:
    if not 1 <= len(issuer) <= claims.ISSUER_MAX:
        raise UsageError(f"issuer {issuer!r} is no issuer's id", hint=f"Use 1 to {claims.ISSUER_MAX} characters")
    if not 0 <= idx < claims.IDX_END:
        raise UsageError(f"idx {idx} is no place in the status list", hint="Use 0 to 4294967295")
    for name, time in (("issued_at", issued_at), ("expires_at", expires_at), ("not_before", not_before or 0)):
        _check_time(name, time)
    if expires_at <= issued_at:
        raise UsageError("the pass would expire before it is issued", hint="Set expires_at after issued_at")
    if not claims.TOKEN_ID_MIN <= len(token_id) <= claims.TOKEN_ID_MAX:
        raise UsageError(f"a token id of {len(token_id)} bytes", hint="Use 8 to 16 random bytes")
    if holder is not None and len(holder) != claims.KEY_BYTES:
        raise UsageError(f"a holder's key of {len(holder)} bytes", hint="Use the raw Ed25519 public key, 32 bytes")


def _check_time(name: str, time: int) -> None:
    if not 0 <= time < claims.TIME_END:
        raise UsageError(f"{name} {time} is no time", hint="Use Unix seconds")
