"""The trust list: which keys it names, and the mistakes for which none of it is believed."""

import json
from typing import Any

import pytest

from gate.core.reason import Reason
from gate.core.trust import NO_ISSUERS, IssuerKey, key_id, parse_trust
from gate.errors import PublishError
from gate.passes.verifier import Verifier
from tests.unit.aq1_passes import credential, refusal

PUBLIC = bytes(range(32))
KID = key_id(PUBLIC)
BEYOND = 2**53  # the first whole number that JSON does not carry everywhere
TEN_YEARS = 10 * 366 * 86400  # seconds
KEY: dict[str, Any] = {"kid": KID.hex(), "alg": "Ed25519", "public": PUBLIC.hex(), "not_before": 5, "not_after": 9}
ISSUER: dict[str, Any] = {"id": "ashyq", "name": {"en": "Ashyq"}, "max_lifetime": 86400, "keys": [KEY]}


def written(*, version: object = 1, key: dict[str, Any] | None = None, **issuer: Any) -> str:
    keys = {"keys": [KEY | key]} if key is not None else {}
    return json.dumps({"version": version, "issuers": [ISSUER | keys | issuer]})


def test_a_key_is_what_was_published() -> None:
    trust = parse_trust(written(version=7))
    assert trust.version == 7
    assert trust.names == {"ashyq": {"en": "Ashyq"}}
    assert trust.keys == {KID: IssuerKey(KID, PUBLIC, "ashyq", 86400, 5, 9, revoked=False)}


def test_a_revoked_key_is_revoked_from_whichever_moment() -> None:
    for at in (0, 7, BEYOND - 1):
        assert parse_trust(written(key={"revoked_at": at})).keys[KID].revoked


@pytest.mark.parametrize(
    "text",
    [
        written(version=BEYOND - 1),
        written(key={"not_before": 0, "not_after": 0}),
        written(key={"not_before": BEYOND - 1, "not_after": BEYOND - 1}),
        written(max_lifetime=1),
        written(max_lifetime=TEN_YEARS),
        written(id="a"),
        written(id="a" * 32),
        written(keys=[]),
        written(of_a_later_version=True),
    ],
)
def test_what_may_just_be(text: str) -> None:
    assert parse_trust(text).version


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (written(version=0), "version"),
        (written(version=BEYOND), "version"),
        (written(version=1.0), "version"),
        (json.dumps({"version": 1, "issuers": []}), "issuers: must have at least 1 entry"),
        (written(id=""), "id"),
        (written(id="a" * 33), "id"),
        (written(max_lifetime=0), "max_lifetime"),
        (written(max_lifetime=86400.0), "max_lifetime"),
        (written(max_lifetime=TEN_YEARS + 1), "max_lifetime"),
        (written(key={"not_before": -1}), "not_before"),
        (written(key={"not_before": 9.0}), "not_before"),
        (written(key={"not_after": BEYOND}), "not_after"),
        (written(key={"not_after": 4}), "not_after lies before not_before"),
        (written(key={"revoked_at": -1}), "revoked_at"),
        (written(key={"revoked_at": BEYOND}), "revoked_at"),
        (written(key={"alg": "EdDSA"}), "alg"),
        (written(key={"kid": KID.hex()[:-2]}), "kid"),
        (written(key={"kid": KID.hex() + "00"}), "kid"),
        (written(key={"kid": "00" * 8}), "not the SHA-256 prefix of its public key"),
        (written(key={"kid": KID.hex().upper()}), "kid"),
        (written(key={"public": PUBLIC.hex()[:-2], "kid": key_id(PUBLIC[:-1]).hex()}), "public"),
        (written(key={"public": PUBLIC.hex() + "00", "kid": key_id(PUBLIC + b"\0").hex()}), "public"),
        (written(key={"public": PUBLIC.hex().upper()}), "public"),
        (written(key={"public": PUBLIC.hex()[:62] + "  "}), "public: must be written as"),
        (written(keys=[KEY, KEY]), f"kid '{KID.hex()}'"),
        (json.dumps({"version": 1, "issuers": [ISSUER, ISSUER | {"keys": []}]}), "issuer 'ashyq'"),
    ],
)
def test_a_list_with_a_mistake_is_refused_whole(text: str, complaint: str) -> None:
    with pytest.raises(PublishError, match=complaint):
        parse_trust(text)


def test_a_gate_that_was_given_no_trust_list_knows_no_issuer() -> None:
    assert refusal(credential(), verifier=Verifier(NO_ISSUERS, venue="ala-t2")) is Reason.UNKNOWN_ISSUER
