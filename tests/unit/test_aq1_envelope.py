"""The envelope of an AQ1 pass, COSE_Sign1, and its headers.

As in `test_aq1_shape`, all is rightly signed as far as it can be: only its shape can refuse it.
"""

import itertools
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from gate.core.reason import Reason
from gate.passes import cbor, cose
from tests.unit.aq1_passes import (
    BOUND,
    GOOD,
    ISSUER,
    NOW,
    STRANGER,
    credential,
    header_of,
    presentation,
    refusal,
    sign1,
    verify,
)


def test_heads_longer_than_needed_are_read() -> None:
    """COSE does not ask for the shortest form: what is signed is the content of the byte strings."""
    good = credential()
    longer = [
        b"\xd8\x12" + good[1:],
        b"\xd2\x98\x04" + good[2:],
        b"\xd2\x84\x58\x0d" + good[3:],
        b"\xd2\x84\x59\x00\x0d" + good[3:],
        good.replace(b"\xa0\x58", b"\xb8\x00\x58", 1),
        good[:-66] + b"\x59\x00\x40" + good[-64:],
        good[:-66] + b"\x5b\x00\x00\x00\x00\x00\x00\x00\x40" + good[-64:],
    ]
    for data in longer:
        assert verify(data) == verify(good)
        for cut in range(len(data)):
            assert refusal(data[:cut]) is Reason.MALFORMED
        assert refusal(data + b"\0") is Reason.MALFORMED


def test_a_presentation_may_be_written_in_other_ways() -> None:
    bound = credential(BOUND)
    inner = cbor2.loads(bound)
    expected = verify(presentation(bound))
    for header in (
        {13: list(inner.value), 1: -8},
        {1: -19, 13: list(inner.value)},
        {1: -8, 13: inner},
        {1: -8, 4: b"a hint", 13: inner, 16: "text"},
        b"\xa2\x01\x27\x0d\xd2\x98\x04" + bound[2:],
        b"\xa2\x01\x27\x0d\x98\x04" + bound[2:],
        b"\xb8\x02\x01\x27\x0d" + bound[1:],
    ):
        assert verify(presentation(bound, header=header)) == expected
    for time in (b"\xa1\x06\x1b" + NOW.to_bytes(8, "big"), {6: NOW, "x": 1}, {-1: 1, 6: NOW}):
        assert verify(presentation(bound, time)) == expected


@pytest.mark.parametrize(
    "header",
    [
        {4: header_of(ISSUER)[4]},
        {1: -8},
        {1: -8, 4: header_of(ISSUER)[4][:7]},
        {1: -8, 4: header_of(ISSUER)[4] + b"\0"},
        {1: -8, 4: header_of(ISSUER)[4].hex()},
        {1: -7, 4: header_of(ISSUER)[4]},
        {1: "EdDSA", 4: header_of(ISSUER)[4]},
        {1: -8.0, 4: header_of(ISSUER)[4]},
        {1: CBORTag(3, b"\x07"), 4: header_of(ISSUER)[4]},
        {1: -8, 2: [], 4: header_of(ISSUER)[4]},
        {1: -8, 2: None, 4: header_of(ISSUER)[4]},
    ],
    ids=repr,
)
def test_headers_that_are_refused(header: Any) -> None:
    assert refusal(credential(header=header)) is Reason.MALFORMED


def test_headers_of_a_presentation_that_are_refused() -> None:
    bound = credential(BOUND)
    parts = list(cbor2.loads(bound).value)
    for header in (
        {13: parts},
        {1: -7, 13: parts},
        {1: -8, 2: [13], 13: parts},
        {1: -8, 13: None},
        {1: -8, 13: parts[:3]},
        {1: -8, 13: [*parts, b""]},
        {1: -8, 13: bound},
        {1: -8, 13: CBORTag(17, parts)},
        {1: -8, 13: CBORTag(18, CBORTag(18, parts))},
        {1: -8, 13: CBORTag(28, parts)},
        {1: -8, 13: [parts[0], {4: b"kid"}, *parts[2:]]},
    ):
        assert refusal(presentation(bound, header=header)) is Reason.MALFORMED


def test_a_header_that_is_not_known_is_read_past() -> None:
    assert verify(credential(header={**header_of(ISSUER), 16: "application/aq1", "x": 1})).idx == 4711


@pytest.mark.parametrize("unprotected", [{4: b"kid"}, {1: -8}, [], b"", None, {"x": 1}], ids=repr)
def test_the_unprotected_header_is_empty(unprotected: Any) -> None:
    parts = list(cbor2.loads(credential()).value)
    parts[1] = unprotected
    assert refusal(cbor2.dumps(CBORTag(18, parts))) is Reason.MALFORMED


@pytest.mark.parametrize("tag", [None, 16, 17, 61, 98, 55799])
def test_the_tag_is_18(tag: int | None) -> None:
    assert refusal(credential(tag=tag)) is Reason.MALFORMED
    assert refusal(presentation(credential(BOUND), tag=tag)) is Reason.MALFORMED


def test_tags_around_the_tag() -> None:
    good = credential()
    for data in (b"\xd2" + good, b"\xd9\xd9\xf7" + good, b"\xd8\x3d" + good, b"\x81" + good):
        assert refusal(data) is Reason.MALFORMED


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_is_64_bytes(length: int) -> None:
    parts = list(cbor2.loads(credential()).value)
    parts[3] = (parts[3] * 2)[:length]
    assert refusal(cbor2.dumps(CBORTag(18, parts))) is Reason.MALFORMED


def test_a_presentation_wraps_a_bound_credential_and_nothing_else() -> None:
    bound, plain = credential(BOUND), credential()
    once = presentation(bound)
    assert refusal(presentation(plain)) is Reason.MALFORMED
    assert refusal(presentation(once)) is Reason.MALFORMED
    assert refusal(presentation(presentation(once))) is Reason.MALFORMED
    both = credential(BOUND, header={**header_of(ISSUER), 13: list(cbor2.loads(bound).value)})
    assert refusal(presentation(both)) is Reason.MALFORMED


def test_parts_of_long_passes_are_signed_as_any_other() -> None:
    """Byte strings in the envelope have heads of one, two and three bytes."""
    for size in (1, 200, 250, 256, 300, 1000, 2500):
        assert verify(credential({**GOOD, "x": "y" * size})).idx == 4711
        header = {**header_of(ISSUER), "x": "y" * size}
        assert verify(credential(header=header)).idx == 4711


def test_sig_structure_is_that_of_the_rfc() -> None:
    for size in (0, 1, 23, 24, 255, 256, 2861):
        data = bytes(size)
        assert cose.to_be_signed(data, b"x") == cbor2.dumps(["Signature1", data, b"", b"x"])
        assert cose.to_be_signed(b"x", data) == cbor2.dumps(["Signature1", b"x", b"", data])


def test_a_stranger_may_send_any_shape() -> None:
    """Shape comes first also where nobody vouches for the pass."""
    assert refusal(sign1(header_of(STRANGER), {**GOOD, 4: "soon"}, STRANGER)) is Reason.MALFORMED
    assert refusal(sign1(header_of(STRANGER), GOOD, STRANGER)) is Reason.UNKNOWN_ISSUER


SIZES = [0, 1, 23, 24, 255, 256, 65_535]


def envelope(protected: int, payload: int) -> bytes:
    """As nearly everybody writes it: every head in its shortest form, without tag."""
    return cbor2.dumps([bytes(protected), {}, b"\x01" * payload, bytes(range(64))])


def test_the_usual_envelope_is_cut_out_of_its_bytes_and_gives_what_decoding_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cbor, "decode", None)  # the quick way does without
    for protected, payload in itertools.product(SIZES, SIZES):
        usual = envelope(protected, payload)
        expected = cose.sign1(cbor2.loads(usual))
        assert cose.untagged_sign1(usual) == expected
        assert cose.tagged_sign1(b"\xd2" + usual) == expected


def test_an_envelope_written_in_another_way_is_left_to_the_decoder() -> None:
    usual = envelope(5, 30)
    others = [
        usual.replace(b"\x45", b"\x58\x05", 1),
        usual.replace(b"\x58\x1e", b"\x59\x00\x1e", 1),
        usual.replace(b"\xa0", b"\xb8\x00", 1),
        usual.replace(b"\x58\x40", b"\x59\x00\x40", 1),
        b"\x98\x04" + usual[1:],
        cbor2.dumps(["text", {}, b"", bytes(64)]),
        cbor2.dumps([b"", {}, b"", bytes(63)]),
        cbor2.dumps([bytes(5), {}, bytes(65_536), bytes(64)]),
        usual + b"\0",
        usual[:-1],
        b"",
    ]
    assert [cose.untagged_sign1(data) for data in others] == [None] * len(others)
