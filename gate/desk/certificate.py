"""The certificate that a desk makes for itself.

No authority vouches for it: a browser warns once, and a person compares the fingerprint with the one that
`gate desk fingerprint` prints.  It is made again when it is about to end, or when the addresses have changed; the key
stays on this device.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.errors import ConfigError
from gate.store.durable import write_whole

VALID_FOR = timedelta(days=397)  # the longest that browsers take
RENEWED_BEFORE = timedelta(days=30)
EARLIER = timedelta(days=2)  # a device's clock may be behind that of the browser


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, as files."""

    cert: Path
    key: Path

    def fingerprint(self) -> str:
        """Return SHA-256 of the certificate, as browsers show it.  Raises ConfigError."""
        try:
            certificate = x509.load_pem_x509_certificate(self.cert.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"{self.cert}: no certificate ({error})", hint="Write it as PEM") from error
        return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def own_identity(folder: Path, hosts: Sequence[str], device: str, now: float) -> Identity:
    """Return this device's identity in `folder`, made or renewed where necessary.  `now`: Unix s."""
    identity = Identity(folder / "desk.crt", folder / "desk.key")
    at = datetime.fromtimestamp(now, UTC)
    if not _is_good(identity, hosts, at):
        key = _key(identity.key)
        write_whole(identity.cert, _certificate(key, hosts, device, at), 0o644)
    return identity


def _is_good(identity: Identity, hosts: Sequence[str], at: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(identity.cert.read_bytes())
        key = serialization.load_pem_private_key(identity.key.read_bytes(), None)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return (
        found.not_valid_before_utc <= at < found.not_valid_after_utc - RENEWED_BEFORE
        and found.public_key() == key.public_key()
        and list(names) == _names(hosts)
    )


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key that is there, or a new one: a renewed certificate keeps its key."""
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return found
    except (OSError, ValueError):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(path, plain, 0o600)
    return key


def _certificate(key: ec.EllipticCurvePrivateKey, hosts: Sequence[str], device: str, at: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ashyq Gate {device}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(19)) + 1)
        .not_valid_before(at - EARLIER)
        .not_valid_after(at - EARLIER + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def _names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    return [_name(host) for host in dict.fromkeys(hosts)]


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
