"""No text makes the verifier raise anything but Refused, and no two readings of one pass differ."""

from io import BytesIO
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.model import Claims
from gate.core.reason import Reason
from gate.passes import base45, cbor, cose
from gate.passes.aq1_encode import credential_text
from tests.unit.aq1_outcomes import WHOLE, cut_out, decoded, outcome
from tests.unit.aq1_passes import BOUND, GOOD, HOLDER, NOW, credential, presentation, verify

INTEGERS = st.one_of(st.integers(-(2**64), 2**64 - 1), st.integers(NOW - 100_000, NOW + 100_000), st.integers(-3, 5))
SCALARS = st.one_of(
    INTEGERS,
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.just(cbor2.undefined),
)
KEYS = st.one_of(st.sampled_from([*GOOD, 1, 2, 3, 5, 8, 13, -1, -2]), INTEGERS, st.text(max_size=4), st.booleans())


def inside(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tags = st.builds(CBORTag, st.one_of(st.integers(0, 300), st.just(18), st.integers(0, 2**64 - 1)), values)
    return st.one_of(st.lists(values, max_size=5), st.dictionaries(KEYS, values, max_size=5), tags)


VALUES = st.recursive(SCALARS, inside, max_leaves=12)
CLAIMS = st.dictionaries(KEYS, VALUES, max_size=8)


@given(st.text())
def test_any_text(text: str) -> None:
    assert outcome(text) is Reason.UNREADABLE or text.startswith("AQ1:")


@given(st.text())
def test_any_text_after_the_prefix(text: str) -> None:
    assert outcome("AQ1:" + text) is Reason.MALFORMED


@given(st.text(st.sampled_from(base45.ALPHABET), max_size=400))
def test_any_base45(text: str) -> None:
    assert outcome("AQ1:" + text) is Reason.MALFORMED


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert outcome(credential_text(data)) is Reason.MALFORMED
    assert outcome(credential_text(b"\xd2\x84" + data)) is Reason.MALFORMED


@given(VALUES)
def test_any_cbor(value: Any) -> None:
    data = cbor2.dumps(value)
    assert outcome(credential_text(data)) is Reason.MALFORMED
    for pass_ in (credential(data), credential(header=data)):
        assert outcome(credential_text(pass_)) is Reason.MALFORMED
    dated = isinstance(value, dict) and 6 in value  # all that a presentation has to state
    assert dated or outcome(credential_text(presentation(WHOLE[1], data))) is Reason.MALFORMED


def test_a_time_is_all_that_a_presentation_has_to_state() -> None:
    assert outcome(credential_text(presentation(WHOLE[1], cbor2.dumps({6: 0})))) is Reason.PRESENTATION_STALE


@given(st.lists(st.one_of(VALUES, st.binary(min_size=64, max_size=64)), min_size=4, max_size=4))
def test_any_array_of_four(parts: list[Any]) -> None:
    assert outcome(credential_text(cbor2.dumps(CBORTag(18, parts)))) is Reason.MALFORMED


@settings(max_examples=70)
@given(CLAIMS)
def test_any_claims_rightly_signed(more: dict[Any, Any]) -> None:
    """With claims replaced by anything, a pass is refused or says just what was signed."""
    for body in (more, {**GOOD, **more}):
        result = outcome(credential_text(credential(body)))
        if isinstance(result, Claims):
            assert result.status is not None
            stated = (result.token_id, result.idx, int(result.status), result.issued_at, result.expires_at)
            assert stated == tuple(body[claim] for claim in (7, -70002, -70001, 6, 4))
            assert all(type(number) is int for number in stated[1:])
    outcome(credential_text(presentation(credential({**BOUND, **more}))))


@settings(max_examples=50)
@given(CLAIMS, CLAIMS)
def test_any_presentation_rightly_signed(header: dict[Any, Any], body: dict[Any, Any]) -> None:
    kcwt = list(cbor2.loads(WHOLE[1]).value)
    for pass_ in (
        presentation(WHOLE[1], {**body}),
        presentation(WHOLE[1], {**body, 6: NOW}),
        presentation(WHOLE[1], header={**header, 1: -8, 13: kcwt}),
        presentation(WHOLE[1], header={1: -8, 13: kcwt, **header}),
    ):
        result = outcome(credential_text(pass_))
        assert isinstance(result, Reason) or result.idx == 4711


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good pass after a few slips: bytes changed, cut out, put in, moved."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 6))
        slip = draw(st.sampled_from(["change", "cut", "insert", "repeat"]))
        if slip == "change":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif slip == "cut":
            del data[at : at + length]
        elif slip == "insert":
            data[at:at] = draw(st.binary(max_size=6))
        else:
            data[at:at] = data[at : at + length]
    return bytes(data)


@settings(max_examples=250)
@given(mutated())
def test_a_damaged_pass_is_refused(data: bytes) -> None:
    assert data in WHOLE or isinstance(outcome(credential_text(data)), Reason)


@given(st.sampled_from(WHOLE), st.integers(0, 300), st.text(st.sampled_from(base45.ALPHABET), max_size=3))
def test_a_damaged_text_is_refused(whole: bytes, at: int, characters: str) -> None:
    text = credential_text(whole)
    damaged = text[: 4 + at] + characters + text[4 + at + len(characters) :]
    assert damaged == text or isinstance(outcome(damaged), Reason)


ENVELOPES = st.builds(
    lambda protected, payload, size: cbor2.dumps(CBORTag(18, [protected, {}, payload, bytes(size)])),
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.sampled_from([64, 64, 64, 63, 65]),
)


@settings(max_examples=250)
@given(st.one_of(mutated(), ENVELOPES, st.binary(max_size=80)))
def test_the_short_cut_reads_what_the_decoder_reads(data: bytes) -> None:
    """An envelope that is cut out of the bytes is the same as one that was decoded, and as exactly bounded."""
    assert cut_out(data) == decoded(data)
    untagged = cose.untagged_sign1(data[1:])
    assert untagged is None or untagged == decoded(b"\xd2" + data[1:])


@settings(max_examples=250)
@given(st.one_of(st.binary(max_size=60), st.builds(cbor2.dumps, VALUES), mutated()))
def test_decoding_takes_one_item_and_all_bytes(data: bytes) -> None:
    """Against the decoder over a stream, which can tell where it stopped."""
    stream = BytesIO(data)
    decoder = cbor2.CBORDecoder(
        stream,
        max_depth=cbor.MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        semantic_decoders=cbor._TAGS,
    )
    try:
        decoder.decode()
        exact = stream.tell() == len(data)
    except cbor2.CBORDecodeError:
        exact = False
    if exact:
        cbor.decode(data)
    else:
        with pytest.raises(ValueError, match="CBOR"):
            cbor.decode(data)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 2, 3]),
    st.binary(min_size=8, max_size=16),
    st.integers(NOW - 80_000, NOW + 60),
    st.integers(1, 86_400),
    st.booleans(),
)
def test_what_is_signed_is_what_is_read(
    idx: int, status: int, token: bytes, issued_at: int, lifetime: int, bound: bool
) -> None:
    body = {1: "ashyq", 4: issued_at + lifetime, 6: issued_at, 7: token, -70001: status, -70002: idx}
    if bound:
        body[8] = BOUND[8]
    whole = presentation(credential(body), {6: NOW}, HOLDER) if bound else credential(body)
    if issued_at + lifetime <= NOW:
        assert outcome(credential_text(whole)) is Reason.EXPIRED
        return
    claims = verify(whole)
    assert (claims.idx, claims.status, claims.token_id) == (idx, status, token)
    assert (claims.issued_at, claims.expires_at) == (issued_at, issued_at + lifetime)
    assert claims.presented_at == (NOW if bound else None)
