"""What an issuer and a phone make, a gate reads; and what a gate would call malformed is not made."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.model import Status
from gate.core.reason import Reason
from gate.errors import UsageError
from gate.passes.aq1_encode import credential_text, encode_credential, encode_presentation
from gate.passes.verifier import Verifier
from tests.unit.aq1_passes import HOLDER, ISSUER, KEY_SPAN, LIFETIME, NOW, TRUST, refusal

HOLDER_PUBLIC = bytes(HOLDER.verify_key)
GIVEN: dict[str, Any] = {
    "key": ISSUER,
    "issuer": "ashyq",
    "idx": 4711,
    "status": Status.BLUE,
    "issued_at": NOW - 60,
    "expires_at": NOW + 3600,
    "token_id": b"8 bytes!",
}


def issue(**other: Any) -> bytes:
    return encode_credential(**{**GIVEN, **other})


@given(
    idx=st.integers(0, 2**32 - 1),
    status=st.sampled_from(Status),
    token_id=st.binary(min_size=8, max_size=16),
    issued_at=st.integers(NOW - 80_000, NOW + 60),
    lifetime=st.integers(81_000, LIFETIME),
    bound=st.booleans(),
    begins=st.none() | st.integers(0, NOW + 60),
    audience=st.none() | st.text(),
)
def test_what_was_issued_is_what_a_gate_reads(
    idx: int,
    status: Status,
    token_id: bytes,
    issued_at: int,
    lifetime: int,
    bound: bool,
    begins: int | None,
    audience: str | None,
) -> None:
    made = issue(
        idx=idx,
        status=status,
        token_id=token_id,
        issued_at=issued_at,
        expires_at=issued_at + lifetime,
        holder=HOLDER_PUBLIC if bound else None,
        not_before=begins,
    )
    if bound:
        made = encode_presentation(holder_key=HOLDER, credential=made, presented_at=NOW - 3, audience=audience)
    claims = Verifier(TRUST, venue=audience).verify(credential_text(made), NOW)
    assert (claims.issuer, claims.idx, claims.status, claims.token_id) == ("ashyq", idx, status, token_id)
    assert (claims.issued_at, claims.expires_at) == (issued_at, issued_at + lifetime)
    assert claims.presented_at == (NOW - 3 if bound else None)


def test_a_bound_credential_needs_its_holder() -> None:
    bound = issue(holder=HOLDER_PUBLIC)
    assert refusal(bound) is Reason.BINDING_MISSING
    other = SigningKey(b"\x77" * 32)
    assert refusal(encode_presentation(holder_key=other, credential=bound, presented_at=NOW)) is Reason.BAD_SIGNATURE


def test_maps_are_in_the_deterministic_order() -> None:
    whole = encode_presentation(
        holder_key=HOLDER, credential=issue(holder=HOLDER_PUBLIC, not_before=NOW), presented_at=NOW, audience="ala-t2"
    )
    protected, _, payload, _ = cbor2.loads(whole).value
    inner = cbor2.loads(protected)[13]
    for data in (whole, protected, payload, inner[0], inner[2]):
        assert cbor2.dumps(cbor2.loads(data), canonical=True) == data


def test_the_size_of_a_code() -> None:
    """Small enough for the versions of QR code that are planned with."""
    assert len(credential_text(issue())) <= 210
    whole = encode_presentation(holder_key=HOLDER, credential=issue(holder=HOLDER_PUBLIC), presented_at=NOW)
    assert len(credential_text(whole)) <= 400


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": ""},
        {"issuer": "x" * 33},
        {"idx": -1},
        {"idx": 2**32},
        {"issued_at": -1},
        {"expires_at": 2**64},
        {"expires_at": NOW - 60},
        {"not_before": -1},
        {"token_id": b"7 bytes"},
        {"token_id": bytes(17)},
        {"holder": bytes(31)},
    ],
    ids=repr,
)
def test_what_a_gate_would_call_malformed_is_not_issued(other: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        issue(**other)


@pytest.mark.parametrize(
    "credential", [b"", b"AQ1:", b"\xd2", b"\xd2\x80\x00", issue()[1:], issue()[:-1], issue() + b"\0"]
)
def test_only_a_credential_can_be_presented(credential: bytes) -> None:
    with pytest.raises(UsageError):
        encode_presentation(holder_key=HOLDER, credential=credential, presented_at=NOW)


def test_a_time_of_presentation_is_unix_seconds() -> None:
    with pytest.raises(UsageError):
        encode_presentation(holder_key=HOLDER, credential=issue(), presented_at=-1)


def test_a_key_out_of_its_time_may_issue_and_the_gate_refuses() -> None:
    late = issue(issued_at=KEY_SPAN[1] + 1, expires_at=KEY_SPAN[1] + 3600)
    assert refusal(late, at=KEY_SPAN[1] + 1) is Reason.ISSUER_REVOKED
