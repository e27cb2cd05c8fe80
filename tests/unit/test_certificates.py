"""Certificates of other systems, made by other people's libraries (tests/peers/certificate_maker.py)."""

import json
import zlib
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.evidence import EvidenceKind
from gate.core.model import CertificateClaims, Refused
from gate.core.reason import Reason
from gate.core.trust import parse_trust
from gate.passes import base45, inflate
from gate.passes.aq1 import LONGEST
from gate.passes.verifier import Verifier
from tests.unit.certificates.trust import CASES, MADE, trust

VERIFIER = Verifier(parse_trust(trust()), venue=None)


def claims(name: str) -> CertificateClaims:
    found = VERIFIER.verify(CASES[name]["qr"], CASES[name]["at"])
    assert isinstance(found, CertificateClaims)
    return found


def refusal(text: str, at: int, verifier: Verifier = VERIFIER) -> Reason:
    with pytest.raises(Refused) as refused:
        verifier.verify(text, at)
    return refused.value.reason


@pytest.mark.parametrize("case", MADE["cases"], ids=CASES)
def test_a_certificate_comes_out_as_it_was_made(case: dict[str, Any]) -> None:
    if case["reason"] is None:
        assert VERIFIER.verify(case["qr"], case["at"]).format == case["qr"][:3].lower()
    else:
        assert refusal(case["qr"], case["at"]) == case["reason"]


def test_the_evidence_of_a_vaccination() -> None:
    (stated,) = claims("vaccination").evidence
    assert (stated.kind, stated.day, stated.code) == (EvidenceKind.VACCINATION, date(2021, 6, 11), "EU/1/20/1528")
    assert (stated.dose, stated.doses, stated.about_covid) == (2, 2, True)


def test_the_evidence_of_a_test_has_its_moment() -> None:
    (stated,) = claims("test").evidence
    assert stated.at == datetime(2021, 8, 26, 8, tzinfo=UTC).timestamp()
    assert (stated.code, stated.result) == ("LP6464-4", "not_detected")


def test_the_evidence_of_a_recovery_has_its_days() -> None:
    (stated,) = claims("recovery").evidence
    assert (stated.day, stated.first_day, stated.last_day) == (date(2021, 7, 1), date(2021, 7, 12), date(2021, 12, 28))


def test_the_evidence_of_a_card() -> None:
    first, second = claims("shc-immunizations").evidence
    assert (first.code, first.day, second.day) == ("cvx:207", date(2021, 5, 1), date(2021, 6, 1))
    assert not first.about_covid
    (stated,) = claims("shc-test").evidence
    assert (stated.code, stated.result) == ("loinc:94500-6", "not_detected")


def test_nothing_of_the_person_is_in_the_claims() -> None:
    for name in ("vaccination", "test", "recovery", "shc-immunizations"):
        written = repr(claims(name)).lower()
        for part in ("akhmetova", "aigul", "1990", "айгүл"):
            assert part not in written


def test_a_refusal_quotes_nothing_of_the_certificate() -> None:
    with pytest.raises(Refused) as refused:
        VERIFIER.verify(CASES["no-day"]["qr"], CASES["no-day"]["at"])
    assert "soon" not in str(refused.value)


@pytest.mark.parametrize("at", [0, 2**40, 2**60, 10**30])
def test_any_time_has_an_answer(at: int) -> None:
    assert refusal(CASES["vaccination"]["qr"], at) in (Reason.EXPIRED, Reason.NOT_YET_VALID)
    if at:
        assert VERIFIER.verify(CASES["shc-immunizations"]["qr"], min(at, 2**50)).format == "shc"


def test_a_holder_is_the_certificate_and_no_place_of_the_list() -> None:
    vaccinated, tested = claims("vaccination"), claims("test")
    assert vaccinated.idx != tested.idx
    assert vaccinated.idx == claims("rsa-2048").idx  # signed by another key, the same certificate
    assert min(vaccinated.idx, tested.idx) >= 2**63
    assert max(vaccinated.idx, tested.idx) < 2**64
    assert vaccinated.status is None


def test_a_revocation_list_may_name_it_in_three_ways() -> None:
    assert len({*claims("vaccination").revocable_as}) == 3
    assert all(len(digest) == 16 for digest in claims("vaccination").revocable_as)
    assert len(claims("shc-revocable").revocable_as) == 1
    assert claims("shc-immunizations").revocable_as == ()


def test_a_revoked_key_vouches_for_nothing() -> None:
    verifier = Verifier(parse_trust(trust(revoked_at=1)), venue=None)
    for name in ("vaccination", "shc-immunizations"):
        assert refusal(CASES[name]["qr"], CASES[name]["at"], verifier) is Reason.ISSUER_REVOKED


def test_the_key_of_another_curve_is_refused_and_nothing_raises() -> None:
    verifier = Verifier(parse_trust(trust(alg="ES256", public="04" + "11" * 64)), venue=None)
    assert refusal(CASES["vaccination"]["qr"], CASES["vaccination"]["at"], verifier) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("name", ["vaccination", "shc-immunizations"])
@given(data=st.data())
def test_one_changed_character_is_never_accepted(name: str, data: st.DataObject) -> None:
    text = CASES[name]["qr"]
    place = data.draw(st.integers(5, len(text) - 1))
    letters = "0123456789" if name.startswith("shc") else base45.ALPHABET
    letter = data.draw(st.sampled_from(letters).filter(lambda one: one != text[place]))
    refusal(text[:place] + letter + text[place + 1 :], CASES[name]["at"])


@given(st.binary(max_size=400))
def test_any_bytes_in_an_envelope_are_refused(data: bytes) -> None:
    for packed in (zlib.compress(data), data):
        assert refusal("HC1:" + base45.encode(packed), 0) is Reason.MALFORMED
    digits = "".join(f"{byte % 78:02}" for byte in data)
    assert refusal(f"shc:/{digits}", 0) is Reason.MALFORMED


def test_a_text_that_would_fill_the_memory_is_refused() -> None:
    bomb = zlib.compress(bytes(inflate.MOST + 1), 9)
    assert len(bomb) < 200
    assert refusal("HC1:" + base45.encode(bomb), 0) is Reason.MALFORMED
    assert inflate.inflate(zlib.compress(bytes(inflate.MOST)), inflate.ZLIB) == bytes(inflate.MOST)
    with pytest.raises(ValueError, match="after the end"):
        inflate.inflate(zlib.compress(b"x") + b"y", inflate.ZLIB)
    with pytest.raises(ValueError, match="too early"):
        inflate.inflate(zlib.compress(b"xyz" * 99)[:-5], inflate.ZLIB)


def test_keys_of_a_map_whose_hashes_agree_are_bounded_by_their_bytes() -> None:
    """hash(-1) == hash(-2), so arrays of these collide: such a map is refused for its size, before it is read."""
    keys = (b"\x8c" + bytes(0x20 + (number >> bit & 1) for bit in range(12)) + b"\x00" for number in range(1000))
    packed = zlib.compress(b"\xb9\x03\xe8" + b"".join(keys), 9)
    text = "HC1:" + base45.encode(packed)
    assert len(text) < LONGEST
    with pytest.raises(Refused, match="bytes once decompressed"):
        VERIFIER.verify(text, 0)


def test_a_key_that_is_listed_twice_and_revoked_once_is_revoked() -> None:
    form = json.loads(trust())
    for issuer in form["issuers"]:
        issuer["keys"] += [{**key, "revoked_at": 1} for key in issuer["keys"]]
    verifier = Verifier(parse_trust(json.dumps(form)), venue=None)
    assert refusal(CASES["vaccination"]["qr"], CASES["vaccination"]["at"], verifier) is Reason.ISSUER_REVOKED
