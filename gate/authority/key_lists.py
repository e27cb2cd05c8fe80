"""The published lists of keys that sign certificates of other systems, in the forms in which they are found.

| form | published by |
|---|---|
| `{"certificates": [{"kid", "country", "rawData"}]}`, also as a bare array | the EU gateway (DGCG), member states |
| `{"dsc_trust_list": {"SE": {"keys": [JWK, ...]}}}` | Sweden, and those who use its software |
| `{"certs": [{"keyId", "alg", "x", "y"}]}` | Switzerland |
| `{"eu_keys": {kid: [{"subjectPk", "keyUsage"}]}}` | the Netherlands |
| `{"keys": [JWK, ...]}` (RFC 7517) | an issuer of SMART Health Cards, with its `iss` |
| `{"issuerInfo": [{"issuer": {"iss", "name"}, "keys": [JWK, ...]}]}` | a directory of such issuers |
| PEM or DER | one certificate (X.509) of a signer |

A line before the JSON, such as Germany's signature, is passed over.  A list is believed as it is: whoever imports it
has checked where it comes from.
"""

import binascii
import hashlib
import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from pydantic import ValidationError

from gate.authority.issuers import Covers, KeyList
from gate.core.evidence import EvidenceKind
from gate.core.form_error import first_error
from gate.core.trust import KID_BYTES, LONGEST_LIFETIME, IssuerForm, KeyForm
from gate.errors import UsageError

FOR_EVER = 2**53 - 1  # Unix s: a key whose list states no end
LEAST_RSA = 2048  # bits

_USES = {"1": EvidenceKind.TEST, "2": EvidenceKind.VACCINATION, "3": EvidenceKind.RECOVERY}
_USE_OID = re.compile(r"1\.3\.6\.1\.4\.1\.(?:0\.)?1847\.2021\.1\.([123])")  # EU DCC, vol. 5; with the zero: 2021
_LETTERS = {"t": EvidenceKind.TEST, "v": EvidenceKind.VACCINATION, "r": EvidenceKind.RECOVERY}
_DER_SEQUENCE = b"\x30"
_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
_Found = tuple[str, str | None, str, KeyForm]  # issuer's id, iss, name, key


def read_key_list(data: bytes, *, country: str | None = None, iss: str | None = None) -> KeyList:
    """Return the issuers of a published list, and their keys.  `iss`: of the issuer of SMART Health Cards whose JWKS
    it is; `country`: of keys whose list names none.  Keys of other kinds than ES256 and PS256 are passed over.
    Raises UsageError for a list that holds no key, or is in no known form."""
    try:
        covers, keys = _keys(data, country, iss)
        found = list(keys)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"the list of keys is damaged, or in a form that is not known: {_short(error)}", hint=_FORMS
        ) from error
    if not found:
        raise UsageError("the list holds no ES256 or PS256 key", hint=_FORMS)
    grouped: dict[tuple[str, str | None, str], dict[KeyForm, None]] = defaultdict(dict)
    for issuer, address, name, key in found:
        grouped[issuer, address, name][key] = None
    try:
        issuers = tuple(
            IssuerForm(
                id=issuer,
                format="hc1" if address is None else "shc",
                iss=address,
                name={"en": name} if name else {},
                max_lifetime=LONGEST_LIFETIME,
                keys=tuple(held),
            )
            for (issuer, address, name), held in grouped.items()
        )
    except ValidationError as error:
        raise UsageError(
            f"the list of keys: {first_error(error)}", hint="Correct the list, or ask who publishes it"
        ) from error
    return KeyList(issuers, covers)


_FORMS = "Give the list of a national gateway (DGCG), a JWKS with --iss, or a certificate as PEM or DER with --country"


class _FormError(ValueError):
    """A fault in the gate's own words; a library's stay inside."""


def _short(error: Exception) -> str:
    if isinstance(error, _FormError):
        return str(error)
    return "a part is missing" if isinstance(error, KeyError) else "a key or certificate in it cannot be read"


def _keys(data: bytes, country: str | None, iss: str | None) -> tuple[Covers, Iterator[_Found]]:
    if b"-----BEGIN CERTIFICATE-----" in data:
        certificates = x509.load_pem_x509_certificates(data)
        return Covers.ONE_KEY, (key for each in certificates for key in _of_certificate(each, None, country))
    if data[:1] == _DER_SEQUENCE:
        return Covers.ONE_KEY, _of_certificate(x509.load_der_x509_certificate(data), None, country)
    listed = _json(data)
    if isinstance(listed, list):
        listed = {"certificates": listed}
    for name, read in _READERS.items():
        if name in listed:
            return Covers.ISSUER if name == "keys" else Covers.FORMAT, read(listed[name], country, iss)
    raise _FormError(f"none of {', '.join(_READERS)} is in it")


def _json(data: bytes) -> Any:
    """Return the JSON in a file that may begin with a line of its own, a signature."""
    text = data.decode("utf-8-sig")
    try:
        return json.loads(text)
    except ValueError:
        begin = re.search(r"^[\[{]", text, re.MULTILINE)
        if begin is None:
            raise _FormError("it is neither JSON nor a certificate") from None
        return json.JSONDecoder().raw_decode(text, begin.start())[0]


def _certificates(entries: list[dict[str, Any]], country: str | None, _iss: str | None) -> Iterator[_Found]:
    for entry in entries:
        if entry.get("certificateType", "DSC") != "DSC":
            continue  # of an authority that signs signers' certificates
        raw = entry.get("rawData") or entry.get("certificate") or entry["x5c"][0]
        certificate = x509.load_der_x509_certificate(b64decode(raw))
        kid = _bytes(entry["kid"]) if "kid" in entry else None
        yield from _of_certificate(certificate, kid, entry.get("country", country))


def _swedish(countries: dict[str, dict[str, Any]], _country: str | None, _iss: str | None) -> Iterator[_Found]:
    for name, held in countries.items():
        uses = held.get("eku", {})
        for jwk in held["keys"]:
            kinds = _kinds_of_oids(uses.get(jwk["kid"], ()))
            yield from _of_public(_public_of_jwk(jwk), _bytes(jwk["kid"]), name, kinds)


def _swiss(entries: list[dict[str, Any]], country: str | None, _iss: str | None) -> Iterator[_Found]:
    for entry in entries:
        letters = str(entry.get("use", "sig"))
        kinds = None if letters == "sig" else tuple(_LETTERS[letter] for letter in letters if letter in _LETTERS)
        jwk = {"kty": "RSA" if str(entry.get("alg", "")).startswith(("RS", "PS")) else "EC", **entry}
        yield from _of_public(_public_of_jwk(jwk), _bytes(entry["keyId"]), entry.get("country", country), kinds)


def _dutch(kids: dict[str, list[dict[str, Any]]], country: str | None, _iss: str | None) -> Iterator[_Found]:
    for kid, entries in kids.items():
        for entry in entries:
            letters = entry.get("keyUsage") or None
            kinds = None if letters is None else tuple(_LETTERS[letter] for letter in letters if letter in _LETTERS)
            public = load_der_public_key(b64decode(entry["subjectPk"]))
            yield from _of_public(public, _bytes(kid), entry.get("country", country), kinds)


def _jwks(jwks: list[dict[str, Any]], country: str | None, iss: str | None) -> Iterator[_Found]:
    for jwk in jwks:
        if jwk.get("use", "sig") != "sig":
            continue
        kid, public = _bytes(jwk["kid"]), _public_of_jwk(jwk)
        if iss is None:
            yield from _of_public(public, kid, country, None)
        else:
            yield from _of_card_issuer(public, kid, iss, "")


def _directory(issuers: list[dict[str, Any]], _country: str | None, _iss: str | None) -> Iterator[_Found]:
    for held in issuers:
        issuer = held["issuer"]
        for jwk in held["keys"]:
            name = str(issuer.get("name", ""))
            yield from _of_card_issuer(_public_of_jwk(jwk), _bytes(jwk["kid"]), issuer["iss"], name)


_READERS: dict[str, Callable[[Any, str | None, str | None], Iterator[_Found]]] = {
    "certificates": _certificates,
    "dsc_trust_list": _swedish,
    "certs": _swiss,
    "eu_keys": _dutch,
    "keys": _jwks,
    "issuerInfo": _directory,
}


def _of_certificate(certificate: x509.Certificate, kid: bytes | None, country: str | None) -> Iterator[_Found]:
    """The key of a signer's certificate, with its time and its uses."""
    named = certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    try:
        uses: Iterable[str] = (
            use.dotted_string for use in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        )
    except x509.ExtensionNotFound:
        uses = ()
    yield from _of_public(
        certificate.public_key(),
        kid or certificate.fingerprint(SHA256())[:KID_BYTES],
        country or (str(named[0].value) if named else None),
        _kinds_of_oids(uses),
        int(certificate.not_valid_before_utc.timestamp()),
        int(certificate.not_valid_after_utc.timestamp()),
    )


def _of_public(
    public: object,
    kid: bytes,
    country: str | None,
    kinds: tuple[EvidenceKind, ...] | None,
    not_before: int = 0,
    not_after: int = FOR_EVER,
) -> Iterator[_Found]:
    issuer = f"dcc-{country.lower()}" if country else "dcc"
    written = _written(public)
    if written is not None:
        alg, key = written
        form = KeyForm(
            kid=kid.hex(), alg=alg, public=key, not_before=max(not_before, 0), not_after=not_after, kinds=kinds
        )
        yield issuer, None, "", form


def _of_card_issuer(public: object, kid: bytes, iss: str, name: str) -> Iterator[_Found]:
    written = _written(public)
    if written is not None and written[0] == "ES256":
        form = KeyForm(kid=kid.hex(), alg="ES256", public=written[1], not_before=0, not_after=FOR_EVER)
        yield _id_of(iss), iss, name, form


def _id_of(iss: str) -> str:
    """Return an id for the issuer at an address: its host, and a digest where the address says more."""
    host, _, more = iss.partition("://")[2].lower().partition("/")
    name = re.sub(r"[^a-z0-9.-]", "-", host).strip("-.") or "issuer"
    if more or len(name) > 28:
        name = f"{name[:19]}-{hashlib.sha256(iss.encode()).hexdigest()[:8]}"
    return f"shc-{name}"


def _written(public: object) -> tuple[Any, str] | None:
    """Return algorithm and key as trust.json has them; None for a key that no certificate is signed with."""
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return "ES256", public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= LEAST_RSA:
        return "PS256", public.public_bytes(Encoding.DER, PublicFormat.PKCS1).hex()
    return None


def _public_of_jwk(jwk: dict[str, Any]) -> _PublicKey | None:
    """Return the key of a JWK (RFC 7518, 6); None for one of another kind."""
    if jwk.get("kty") == "EC" and jwk.get("crv", "P-256") == "P-256":
        numbers = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
        return numbers.public_key()
    if jwk.get("kty") == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    return None


def _kinds_of_oids(oids: Iterable[str]) -> tuple[EvidenceKind, ...] | None:
    """Return the certificates that a key may sign; None: all, because none is named."""
    kinds = [_USES[found[1]] for oid in oids if (found := _USE_OID.fullmatch(oid))]
    return tuple(dict.fromkeys(kinds)) or None


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    """Decode base64 of either alphabet, padded or not."""
    try:
        return urlsafe_b64decode(
            text.replace("+", "-").replace("/", "_").rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        )
    except binascii.Error:
        raise _FormError("a kid or key that is no base64") from None
