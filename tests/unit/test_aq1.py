"""AQ1 passes as a gate meets them: the vectors of the contract, the limits of every check, the order of reasons."""

import json
from pathlib import Path
from typing import Any

import cbor2
import pytest

from gate.core.coaching import Hint
from gate.core.model import Refused
from gate.core.reason import Reason
from gate.core.trust import parse_trust
from gate.passes.aq1_encode import credential_text
from gate.passes.verifier import Verifier
from tests.unit.aq1_passes import (
    BOUND,
    GOOD,
    ISSUER,
    KEY_SPAN,
    LIFETIME,
    NOW,
    REVOKED,
    STRANGER,
    TRUST,
    VERIFIER,
    changed,
    credential,
    header_of,
    presentation,
    refusal,
    verify,
)

VECTORS = json.loads((Path(__file__).parent / "data" / "aq1.json").read_text())
CASES = VECTORS["cases"]


# The contract.


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_vector_comes_out_as_written(case: dict[str, Any]) -> None:
    verifier = Verifier(parse_trust(json.dumps(VECTORS["trust"])), venue="anywhere")
    if case["outcome"] == "accept":
        claims = verifier.verify(case["qr"], case["at"])
        assert claims.status is not None
        assert (claims.status.colour, claims.issuer, claims.idx) == (case["status"], case["issuer"], case["idx"])
        assert claims.bound is case.get("bound", False)
        assert claims.format == "aq1"
    else:
        reason = refusal(case["qr"], at=case["at"], verifier=verifier)
        assert case["reason"] in ("*", reason)


def test_a_good_pass_says_all_it_states() -> None:
    claims = verify(credential())
    assert (claims.token_id, claims.issued_at, claims.expires_at) == (b"8 bytes!", NOW - 60, NOW + 3600)
    assert claims.presented_at is None
    assert verify(presentation(credential(BOUND))).presented_at == NOW


def test_a_refusal_quotes_nothing_from_the_pass() -> None:
    private = "IIN 900101300123"
    for body in ({**GOOD, private: 1, 4: private}, cbor2.dumps({private: 1})[:-1], b"\xa2" + cbor2.dumps(private) * 4):
        with pytest.raises(Refused) as caught:
            verify(credential(body))
        assert "900101" not in caught.value.detail
    with pytest.raises(Refused) as caught:
        VERIFIER.verify("AQ1:" + private.lower(), NOW)
    assert "900101" not in caught.value.detail


# The limits of every check, to the second.


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (changed(GOOD, iat=NOW + 60), None),
        (changed(GOOD, iat=NOW + 61), Reason.NOT_YET_VALID),
        (changed(GOOD, nbf=NOW + 60), None),
        (changed(GOOD, nbf=NOW + 61), Reason.NOT_YET_VALID),
        (changed(GOOD, nbf=0), None),
        (changed(GOOD, nbf=2**64 - 1), Reason.NOT_YET_VALID),
        (changed(GOOD, exp=NOW + 1), None),
        (changed(GOOD, exp=NOW), Reason.EXPIRED),
        (changed(GOOD, exp=NOW - 60 + LIFETIME), None),
        (changed(GOOD, exp=NOW - 60 + LIFETIME + 1), Reason.LIFETIME_EXCEEDED),
        (changed(GOOD, exp=2**64 - 1), Reason.LIFETIME_EXCEEDED),
        (changed(GOOD, exp=NOW - 60), Reason.MALFORMED),  # as long as no time at all
        (changed(GOOD, iss="a"), Reason.BAD_SIGNATURE),
        (changed(GOOD, cti=b"16 bytes 16 byte"), None),
        (changed(GOOD, cti=b"17 bytes 17 bytes"), Reason.MALFORMED),
        (changed(GOOD, cti=b"7 bytes"), Reason.MALFORMED),
        (changed(GOOD, idx=0), None),
        (changed(GOOD, idx=2**32 - 1), None),
        (changed(GOOD, idx=2**32), Reason.MALFORMED),
        (changed(GOOD, status=0), None),
        (changed(GOOD, status=4), Reason.MALFORMED),
    ],
)
def test_limits_of_a_credential(body: dict[int, Any], reason: Reason | None) -> None:
    if reason is None:
        assert verify(credential(body)).issuer == "ashyq"
    else:
        assert refusal(credential(body)) is reason


@pytest.mark.parametrize(("issued_at", "good"), [(0, True), (1, True), (-1, False)])
def test_a_key_vouches_from_not_before(issued_at: int, good: bool) -> None:
    at = KEY_SPAN[0] + issued_at
    pass_ = credential(changed(GOOD, iat=at, exp=at + 3600))
    assert (verify(pass_, at=at).issued_at == at) if good else (refusal(pass_, at=at) is Reason.ISSUER_REVOKED)


@pytest.mark.parametrize(("issued_at", "good"), [(0, True), (-1, True), (1, False)])
def test_a_key_vouches_until_not_after(issued_at: int, good: bool) -> None:
    at = KEY_SPAN[1] + issued_at
    pass_ = credential(changed(GOOD, iat=at, exp=at + 3600))
    assert (verify(pass_, at=at).issued_at == at) if good else (refusal(pass_, at=at) is Reason.ISSUER_REVOKED)


@pytest.mark.parametrize("window", [1, 30, 300])
def test_the_window_of_a_presentation_is_the_gates(window: int) -> None:
    verifier = Verifier(TRUST, venue="ala-t2", window=window)
    inner = credential(BOUND)
    for presented_at in (NOW - window, NOW + window):
        assert verify(presentation(inner, {6: presented_at}), verifier=verifier).presented_at == presented_at
    assert refusal(presentation(inner, {6: NOW - window - 1}), verifier=verifier) is Reason.PRESENTATION_STALE
    assert refusal(presentation(inner, {6: NOW + window + 1}), verifier=verifier) is Reason.PRESENTATION_EARLY
    assert refusal(presentation(inner, {6: 0}), verifier=verifier) is Reason.PRESENTATION_STALE
    assert refusal(presentation(inner, {6: 2**64 - 1}), verifier=verifier) is Reason.PRESENTATION_EARLY


def test_an_audience_must_be_this_venue_unless_no_venue_asks() -> None:
    here, elsewhere = (presentation(credential(BOUND), {3: venue, 6: NOW}) for venue in ("ala-t2", "ala-t1"))
    assert verify(here).bound
    assert refusal(elsewhere) is Reason.WRONG_VENUE
    assert refusal(presentation(credential(BOUND), {3: "", 6: NOW})) is Reason.WRONG_VENUE
    assert verify(elsewhere, verifier=Verifier(TRUST, venue=None)).bound


def test_a_venue_that_requires_binding_refuses_a_plain_pass() -> None:
    strict = Verifier(TRUST, venue="ala-t2", binding_required=True)
    assert refusal(credential(), verifier=strict) is Reason.BINDING_MISSING
    assert refusal(credential(BOUND), verifier=strict) is Reason.BINDING_MISSING
    assert verify(presentation(credential(BOUND)), verifier=strict).bound


@pytest.mark.parametrize("text", ["", "AQ1", "AQ2:", " AQ1:", "aq1:RRQT", "HC1:NCF", "\ud800", "\N{SNAKE}" * 5000])
def test_other_codes_are_unreadable(text: str) -> None:
    assert refusal(text) is Reason.UNREADABLE


def test_a_boarding_pass_is_unreadable_with_a_hint_of_its_own() -> None:
    name = "DESMARAIS/LUC".ljust(20)
    boarding = f"M1{name}EABC123 YULFRAAC 0834 226F001A0025 106>60000"
    for text, hint in ((boarding, Hint.OTHER_SYMBOL), ("M1 is a motorway", None), (boarding[:59], None)):
        with pytest.raises(Refused) as caught:
            VERIFIER.verify(text, NOW)
        assert (caught.value.reason, caught.value.hint) == (Reason.UNREADABLE, hint)
        assert "DESMARAIS" not in caught.value.detail


def test_the_text_is_never_stripped() -> None:
    text = credential_text(credential())
    for other in (text + " ", text + "\n", " " + text, text.lower(), text.replace("AQ1:", "AQ1: ")):
        assert refusal(other) in (Reason.UNREADABLE, Reason.MALFORMED)


def test_longer_than_a_qr_code_can_hold() -> None:
    """At the limit it is read, one beyond it is refused before any decoding."""
    around = len(credential({**GOOD, "x": "y" * 2000})) - 2000
    text = credential_text(credential({**GOOD, "x": "y" * (2861 - around)}))
    assert len(text) == 4296
    assert VERIFIER.verify(text, NOW).idx == 4711
    with pytest.raises(Refused, match="malformed") as caught:
        VERIFIER.verify("AQ1:" + "a" * 4293, NOW)
    assert "longer" in caught.value.detail


# Of several things that are wrong, the first in the order of the contract is the reason.

EXPIRED = changed(BOUND, iat=NOW - 7200, exp=NOW - 3600)
STALE, ELSEWHERE = {6: NOW - 300}, {3: "ala-t1", 6: NOW - 300}


@pytest.mark.parametrize(
    ("pass_", "reason"),
    [
        pytest.param(presentation(credential(BOUND, STRANGER), {6: -1}), Reason.MALFORMED, id="shape, issuer"),
        pytest.param(credential(changed(GOOD, idx=-1), STRANGER), Reason.MALFORMED, id="claim, issuer"),
        pytest.param(
            credential(changed(GOOD, exp=None), STRANGER, header=header_of(ISSUER)),
            Reason.MALFORMED,
            id="claim, signature",
        ),
        pytest.param(
            presentation(credential(BOUND, STRANGER), key=STRANGER), Reason.UNKNOWN_ISSUER, id="issuer, holder"
        ),
        pytest.param(
            presentation(credential(BOUND, STRANGER, header=header_of(ISSUER)), key=STRANGER),
            Reason.BAD_SIGNATURE,
            id="both signatures",
        ),
        pytest.param(presentation(credential(EXPIRED), key=STRANGER), Reason.BAD_SIGNATURE, id="holder, expired"),
        pytest.param(credential(changed(GOOD, iss="aitu"), REVOKED), Reason.BAD_SIGNATURE, id="iss, revoked key"),
        pytest.param(presentation(credential(EXPIRED, REVOKED)), Reason.ISSUER_REVOKED, id="revoked key, expired"),
        pytest.param(
            credential(changed(GOOD, nbf=NOW + 900, iat=NOW - 100_000, exp=NOW - 1)),
            Reason.NOT_YET_VALID,
            id="not yet, expired, lifetime",
        ),
        pytest.param(credential(changed(GOOD, iat=NOW - 100_000, exp=NOW - 1)), Reason.EXPIRED, id="expired, lifetime"),
        pytest.param(credential(changed(BOUND, exp=NOW + 100_000)), Reason.LIFETIME_EXCEEDED, id="lifetime, binding"),
        pytest.param(credential(EXPIRED), Reason.EXPIRED, id="expired, binding"),
        pytest.param(presentation(credential(EXPIRED), STALE), Reason.EXPIRED, id="expired, stale"),
        pytest.param(presentation(credential(BOUND), ELSEWHERE), Reason.PRESENTATION_STALE, id="stale, venue"),
        pytest.param(
            presentation(credential(BOUND), {3: "ala-t1", 6: NOW + 300}), Reason.PRESENTATION_EARLY, id="early, venue"
        ),
    ],
)
def test_the_first_reason_in_the_order_of_checks(pass_: bytes, reason: Reason) -> None:
    assert refusal(pass_) is reason
