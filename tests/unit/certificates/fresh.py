"""A signer of EU certificates for tests that need one of today."""

import hashlib
import zlib
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gate.passes import base45

DAY = 86_400


class FreshSigner:
    """A country's key, good from 30 days before `now`, Unix s, to 300 days after it."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "AT")])
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(7)
            .not_valid_before(datetime.fromtimestamp(now - 30 * DAY, UTC))
            .not_valid_after(datetime.fromtimestamp(now + 300 * DAY, UTC))
            .sign(self._key, SHA256())
        )

    def pem(self) -> bytes:
        return self._certificate.public_bytes(Encoding.PEM)

    def vaccination(self, identifier: str, *, days_ago: int = 60, dose: int = 2) -> str:
        """The text of a certificate."""
        entry = {
            "tg": "840539006",
            "vp": "1119349007",
            "mp": "EU/1/20/1528",
            "ma": "ORG-100030215",
            "dn": dose,
            "sd": 2,
            "dt": datetime.fromtimestamp(self.now - days_ago * DAY, UTC).date().isoformat(),
            "co": "AT",
            "is": "Ministry",
            "ci": identifier,
        }
        return self._text({"ver": "1.3.0", "nam": {"fnt": "AKHMETOVA"}, "dob": "1990-01-31", "v": [entry]})

    def _text(self, certificate: dict[str, Any]) -> str:
        kid = hashlib.sha256(self._certificate.public_bytes(Encoding.DER)).digest()[:8]
        protected = cbor2.dumps({1: -7, 4: kid})
        payload = cbor2.dumps({1: "AT", 4: self.now + 100 * DAY, 6: self.now - DAY, -260: {1: certificate}})
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        r, s = utils.decode_dss_signature(self._key.sign(signed, ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        message = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
        return "HC1:" + base45.encode(zlib.compress(message))
