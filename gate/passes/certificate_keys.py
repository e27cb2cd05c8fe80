"""The keys of certificates of other systems: ES256 (RFC 7518, 3.4) and PS256 (RFC 8230, 2).

`cryptography` is loaded when the first such certificate is shown: most gates never see one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from gate.core.evidence import EvidenceKind
from gate.core.model import Refused
from gate.core.reason import Reason
from gate.core.trust import CertificateKey

ES256_BYTES = 64  # r and s, 32 bytes each

_Check = Callable[[bytes, bytes], bool]
"""Takes signature and signed bytes; returns whether the signature holds."""


class CertificateKeys:
    """The keys of one format on one trust list, by kid."""

    def __init__(self, keys: Iterable[CertificateKey]) -> None:
        self._keys: dict[bytes, list[CertificateKey]] = defaultdict(list)
        for key in keys:
            self._keys[key.kid].append(key)
        self._checks: dict[CertificateKey, _Check] = {}

    def signer(self, kid: bytes, alg: str, signature: bytes, signed: bytes, iss: str | None = None) -> CertificateKey:
        """Return the key that signed.  A kid is 8 bytes in some systems, so two issuers may have the same.  `iss`: the
        address that the certificate gives, where its format knows one.  Raises Refused."""
        known = self._keys.get(kid, ())
        if not known:
            raise Refused(Reason.UNKNOWN_ISSUER, f"kid {kid.hex()}")
        signers = [key for key in known if key.alg == alg and key.iss == iss and self._check(key)(signature, signed)]
        if not signers:
            raise Refused(Reason.BAD_SIGNATURE, "the issuer's signature does not hold")
        return next((key for key in signers if key.revoked), signers[0])  # a key that is listed twice, and revoked once

    def _check(self, key: CertificateKey) -> _Check:
        if key not in self._checks:
            from cryptography.exceptions import UnsupportedAlgorithm

            try:
                self._checks[key] = (_es256 if key.alg == "ES256" else _ps256)(key.public)
            except (ValueError, TypeError, UnsupportedAlgorithm):  # no such key: nothing is signed by it
                self._checks[key] = lambda _signature, _signed: False
        return self._checks[key]


def check_use(key: CertificateKey, issued_at: float, kinds: Iterable[EvidenceKind]) -> None:
    """Check that the key may have signed such a certificate at that time, Unix s.  Raises Refused."""
    name = f"key {key.kid.hex()} of {key.issuer}"
    if key.revoked:
        raise Refused(Reason.ISSUER_REVOKED, f"{name} is revoked")
    if not key.not_before <= issued_at <= key.not_after:
        raise Refused(Reason.ISSUER_REVOKED, f"issued outside the time of {name}")
    for kind in kinds:
        if kind not in key.kinds:
            raise Refused(Reason.BAD_SIGNATURE, f"{name} does not sign a {kind}")


def _es256(public: bytes) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)

    def check(signature: bytes, signed: bytes) -> bool:
        if len(signature) != ES256_BYTES:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _ps256(public: bytes) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(public)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("no RSA key")
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)

    def check(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed, pss, SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    return check
