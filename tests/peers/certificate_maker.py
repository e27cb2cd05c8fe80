"""Makes tests/unit/certificates/made.json: certificates of other systems, written by other people's libraries.

    python -m venv V && V/bin/pip install cwt==3.3.0 jwcrypto==1.6.1 base45==0.4.4
    V/bin/python tests/peers/certificate_maker.py > tests/unit/certificates/made.json

Nothing of the gate is imported, so that nothing is checked against itself.  cwt needs an older cbor2 than the gate, so
the file is made by hand and kept.  The keys are new each time: only their public halves are written.
"""

import datetime
import hashlib
import json
import sys
import zlib
from typing import Any

import base45  # type: ignore[import-not-found] # not in .venv, as above
import cbor2
import cwt  # type: ignore[import-not-found] # as above
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwcrypto import jwk, jws  # type: ignore[import-untyped] # as above

ISSUED = 1_630_000_000  # Unix s: 2021-08-26 17:46:40
EXPIRES = ISSUED + 180 * 86_400
USE = "1.3.6.1.4.1.1847.2021.1."

NAME = {"fn": "Ахметова", "fnt": "AKHMETOVA", "gn": "Айгүл", "gnt": "AIGUL"}
VACCINATION = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 2,
    "sd": 2,
    "dt": "2021-06-11",
    "co": "AT",
    "is": "Ministry",
    "ci": "URN:UVCI:01:AT:V1#B",
}
TEST = {
    "tg": "840539006",
    "tt": "LP6464-4",
    "sc": "2021-08-26T10:00:00+02:00",
    "tr": "260415000",
    "tc": "Centre",
    "co": "AT",
    "is": "Ministry",
    "ci": "URN:UVCI:01:AT:T1#B",
}
RECOVERY = {
    "tg": "840539006",
    "fr": "2021-07-01",
    "df": "2021-07-12",
    "du": "2021-12-28",
    "co": "AT",
    "is": "Ministry",
    "ci": "URN:UVCI:01:AT:R1#B",
}


class Signer:
    """A signer's key and certificate."""

    def __init__(self, key: Any, alg: str, uses: tuple[str, ...] = ()) -> None:
        self.key, self.alg = key, alg
        name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "AT")])
        begin = datetime.datetime.fromtimestamp(ISSUED - 30 * 86_400, datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=700))
        )
        if uses:
            oids = [x509.ObjectIdentifier(USE + use) for use in uses]
            made = made.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
        self.certificate = made.sign(key, hashes.SHA256())
        self.kid = hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).digest()[:8]

    def listed(self) -> dict[str, str]:
        import base64

        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return {"kid": base64.b64encode(self.kid).decode(), "country": "AT", "rawData": base64.b64encode(der).decode()}


def hc1(
    signer: Signer,
    entry: dict[str, Any],
    *,
    kind: str = "v",
    kid_in: str = "protected",
    kid: bytes | None = None,
    issued: Any = ISSUED,
    expires: Any = EXPIRES,
    packed: bool = True,
    certificate: dict[str, Any] | None = None,
    tagged: bool = True,
) -> str:
    held = {"ver": "1.3.0", "nam": NAME, "dob": "1990-01-31", kind: [entry]} if certificate is None else certificate
    payload = cbor2.dumps({1: "AT", 4: expires, 6: issued, -260: {1: held}})
    pem = signer.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = cwt.COSEKey.from_pem(pem, alg=signer.alg)
    used: dict[int, Any] = {4: signer.kid if kid is None else kid}
    alg: dict[int, Any] = {1: -7 if signer.alg == "ES256" else -37}
    protected, unprotected = ({**alg, **used}, {}) if kid_in == "protected" else (alg, used)
    message = cwt.COSE.new().encode_and_sign(payload, key, protected=protected, unprotected=unprotected)
    if not tagged:
        message = cbor2.dumps(list(cbor2.loads(message).value))
    return f"HC1:{base45.b45encode(zlib.compress(message) if packed else message).decode()}"


def indefinite(signer: Signer) -> str:
    """The same with a payload whose maps have no length, as Jackson writes them."""
    held = {"ver": "1.3.0", "nam": NAME, "dob": "1990-01-31", "v": [VACCINATION]}
    inner = b"\xbf" + b"".join(cbor2.dumps(name) + cbor2.dumps(value) for name, value in held.items()) + b"\xff"
    payload = b"\xbf" + b"".join(
        cbor2.dumps(name) + value
        for name, value in (
            (1, cbor2.dumps("AT")),
            (4, cbor2.dumps(EXPIRES)),
            (6, cbor2.dumps(ISSUED)),
            (-260, b"\xbf\x01" + inner + b"\xff"),
        )
    )
    payload += b"\xff"
    pem = signer.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    message = cwt.COSE.new().encode_and_sign(
        payload, cwt.COSEKey.from_pem(pem, alg="ES256"), protected={1: -7, 4: signer.kid}, unprotected={}
    )
    return f"HC1:{base45.b45encode(zlib.compress(message)).decode()}"


ISS = "https://health.example.org/cards"
IMMUNIZATIONS = [
    {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "207"}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": day,
    }
    for day in ("2021-05-01", "2021-06-01")
]
PATIENT = {"resourceType": "Patient", "name": [{"family": "Akhmetova", "given": ["Aigul"]}], "birthDate": "1990-01-31"}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
    "subject": {"reference": "resource:0"},
    "effectiveDateTime": "2021-08-26T08:00:00Z",
    "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260415000"}]},
}


def shc(
    key: jwk.JWK,
    resources: list[dict[str, Any]],
    *,
    iss: str = ISS,
    issued: Any = ISSUED,
    header: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    kinds: tuple[str, ...] = ("https://smarthealth.cards#health-card",),
    zlib_bits: int = -15,
    rid: str | None = None,
) -> str:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"resource:{at}", "resource": resource} for at, resource in enumerate(resources)],
    }
    credential = {"type": list(kinds), "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle}}
    if rid is not None:
        credential["rid"] = rid
    payload = {"iss": iss, "nbf": issued, "vc": credential, **(more or {})}
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib_bits)
    packed = packer.compress(json.dumps(payload, separators=(",", ":")).encode()) + packer.flush()
    token = jws.JWS(packed)
    kid = key.thumbprint()
    token.add_signature(key, None, json.dumps(header or {"alg": "ES256", "zip": "DEF", "kid": kid}))
    text = token.serialize(compact=True)
    return "shc:/" + "".join(f"{ord(character) - 45:02}" for character in text)


Case = tuple[str, str, int, str | None]
"""Id, text, time (Unix s), reason (None: verified)."""

AT = ISSUED + 86_400


def certificates(point: Signer, tests_only: Signer, big: Signer, small: Signer) -> list[Case]:
    unknown = Signer(ec.generate_private_key(ec.SECP256R1()), "ES256")
    return [
        ("vaccination", hc1(point, VACCINATION), AT, None),
        ("test", hc1(point, TEST, kind="t"), AT, None),
        ("recovery", hc1(point, RECOVERY, kind="r"), AT, None),
        ("rsa-3072", hc1(big, VACCINATION), AT, None),
        ("rsa-2048", hc1(small, VACCINATION), AT, None),
        ("kid-unprotected", hc1(point, VACCINATION, kid_in="unprotected"), AT, None),
        ("untagged", hc1(point, VACCINATION, tagged=False), AT, None),
        ("indefinite", indefinite(point), AT, None),
        ("float-times", hc1(point, VACCINATION, issued=float(ISSUED), expires=float(EXPIRES)), AT, None),
        ("use-fits", hc1(tests_only, TEST, kind="t"), AT, None),
        ("use-does-not-fit", hc1(tests_only, VACCINATION), AT, "bad_signature"),
        ("unknown-signer", hc1(unknown, VACCINATION), AT, "unknown_issuer"),
        ("kid-of-another", hc1(unknown, VACCINATION, kid=point.kid), AT, "bad_signature"),
        ("not-packed", hc1(point, VACCINATION, packed=False), AT, "malformed"),
        ("expired", hc1(point, VACCINATION), EXPIRES, "expired"),
        ("before-it-was-issued", hc1(point, VACCINATION), ISSUED - 61, "not_yet_valid"),
        ("clock-a-little-behind", hc1(point, VACCINATION), ISSUED - 60, None),
        ("key-not-yet-good", hc1(point, VACCINATION, issued=ISSUED - 40 * 86_400), AT, "issuer_revoked"),
        (
            "two-entries",
            hc1(point, {}, certificate={"ver": "1", "nam": NAME, "dob": "", "v": [VACCINATION, VACCINATION]}),
            AT,
            "malformed",
        ),
        (
            "two-kinds",
            hc1(point, {}, certificate={"ver": "1", "nam": NAME, "dob": "", "v": [VACCINATION], "t": [TEST]}),
            AT,
            "malformed",
        ),
        ("no-doses", hc1(point, {**VACCINATION, "dn": "2"}), AT, "malformed"),
        ("no-day", hc1(point, {**VACCINATION, "dt": "soon"}), AT, "malformed"),
        ("sample-of-tomorrow", hc1(point, {**TEST, "sc": "2021-08-29T10:00:00Z"}, kind="t"), AT, "not_yet_valid"),
    ]


def cards(card: jwk.JWK) -> list[Case]:
    stranger = jwk.JWK.generate(kty="EC", crv="P-256")
    return [
        ("shc-immunizations", shc(card, [PATIENT, *IMMUNIZATIONS]), AT, None),
        ("shc-test", shc(card, [PATIENT, OBSERVATION]), AT, None),
        ("shc-revocable", shc(card, [PATIENT, *IMMUNIZATIONS], rid="MKyCxh7p6uQ"), AT, None),
        ("shc-expired", shc(card, [PATIENT, *IMMUNIZATIONS], more={"exp": AT}), AT, "expired"),
        ("shc-not-yet", shc(card, [PATIENT, *IMMUNIZATIONS], issued=AT + 61), AT, "not_yet_valid"),
        ("shc-unknown", shc(stranger, [PATIENT, *IMMUNIZATIONS]), AT, "unknown_issuer"),
        ("shc-another-issuer", shc(card, [PATIENT, *IMMUNIZATIONS], iss=f"{ISS}/2"), AT, "bad_signature"),
        (
            "shc-kid-of-another",
            shc(stranger, [PATIENT], header={"alg": "ES256", "zip": "DEF", "kid": card.thumbprint()}),
            AT,
            "bad_signature",
        ),
        ("shc-zlib-header", shc(card, [PATIENT], zlib_bits=15), AT, "malformed"),
        ("shc-no-card", shc(card, [PATIENT], kinds=("VerifiableCredential",)), AT, "malformed"),
        ("shc-no-zip", shc(card, [PATIENT], header={"alg": "ES256", "kid": card.thumbprint()}), AT, "malformed"),
        ("shc-month-only", shc(card, [{**IMMUNIZATIONS[0], "occurrenceDateTime": "2021-05"}]), AT, "malformed"),
        ("shc-part", "shc:/1/2/" + shc(card, [PATIENT])[5:], AT, "malformed"),
    ]


def main() -> None:
    point, other, tests_only = (
        Signer(ec.generate_private_key(ec.SECP256R1()), "ES256", uses) for uses in ((), (), ("1",))
    )
    big, small = (Signer(rsa.generate_private_key(65537, bits), "PS256") for bits in (3072, 2048))
    card = jwk.JWK.generate(kty="EC", crv="P-256")
    cases = [*certificates(point, tests_only, big, small), *cards(card)]
    held = {
        "iss": ISS,
        "dcc": {"certificates": [signer.listed() for signer in (point, other, tests_only, big, small)]},
        "jwks": {
            "keys": [{**card.export_public(as_dict=True), "use": "sig", "alg": "ES256", "kid": card.thumbprint()}]
        },
        "cases": [{"id": name, "qr": text, "at": when, "reason": reason} for name, text, when, reason in cases],
    }
    json.dump(held, sys.stdout, indent=1)
    print()


main()
