"""Claims and CBOR: what is not well formed is `malformed`, whatever a decoder might make of it; the rest is read.

Every pass here carries good signatures: nothing but its shape can refuse it.
"""

import resource
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from gate.core.reason import Reason
from gate.passes import cbor
from gate.passes.cbor import Unread
from tests.unit.aq1_passes import (
    BOUND,
    COSE_KEY,
    GOOD,
    HOLDER,
    ISSUER,
    MISSING,
    NOW,
    changed,
    credential,
    encoded,
    header_of,
    presentation,
    refusal,
    verify,
)

DEEP = b"\x81" * 20 + b"\x00"
INDEFINITE = {"bytes": b"\x5f\x41a\xff", "text": b"\x7f\x61a\xff", "array": b"\x9f\x01\xff", "map": b"\xbf\x01\x02\xff"}


def pairs(*items: tuple[Any, Any]) -> bytes:
    """A CBOR map of these pairs, in this order, doubles and all; bytes are CBOR already."""
    assert len(items) < 24
    return bytes([0xA0 | len(items)]) + b"".join(encoded(item) for pair in items for item in pair)


def with_bytes(key: int, value: bytes, body: dict[int, Any] = GOOD) -> bytes:
    """`body` with the claim `key` replaced by, or added as, these bytes of CBOR."""
    rest = [(name, cbor2.dumps(content)) for name, content in body.items() if name != key]
    return pairs(*rest, (key, value))


# Types of claims.

NO_INTEGERS: dict[str, Any] = {
    "float": 1.8e9,
    "true": True,
    "false": False,
    "null": None,
    "undefined": cbor2.undefined,
    "simple": cbor2.CBORSimpleValue(33),
    "text": "1800000000",
    "bytes": b"\x00",
    "array": [NOW],
    "map": {},
    "negative": -1,
    "bignum": CBORTag(2, b"\x01"),
    "negative bignum": CBORTag(3, b"\x01"),
    "date": datetime.fromtimestamp(NOW, UTC),
    "epoch": CBORTag(1, NOW),
    "decimal": CBORTag(4, [0, NOW]),
    "bigfloat": CBORTag(5, [0, NOW]),
    "fraction": Fraction(2, 1),
    "shared": CBORTag(28, NOW),
    "self-described": CBORTag(55799, NOW),
    "some tag": CBORTag(4711, NOW),
}


@pytest.mark.parametrize("value", NO_INTEGERS.values(), ids=NO_INTEGERS)
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat", "status", "idx"])
def test_numbers_are_unsigned_integers(claim: str, value: Any) -> None:
    assert refusal(credential(changed(GOOD, **{claim: value}))) is Reason.MALFORMED


@pytest.mark.parametrize("value", NO_INTEGERS.values(), ids=NO_INTEGERS)
def test_the_time_of_a_presentation_is_an_unsigned_integer(value: Any) -> None:
    assert refusal(presentation(credential(BOUND), {6: value})) is Reason.MALFORMED


@pytest.mark.parametrize("value", ["", "x" * 33, b"ashyq", 7, None, True, ["ashyq"], CBORTag(32, "ashyq")], ids=repr)
def test_iss_is_a_text_of_1_to_32_characters(value: Any) -> None:
    assert refusal(credential(changed(GOOD, iss=value))) is Reason.MALFORMED


def test_iss_is_counted_in_characters_not_bytes() -> None:
    assert refusal(credential(changed(GOOD, iss="ы" * 32))) is Reason.BAD_SIGNATURE  # well formed, another's name
    assert refusal(credential(changed(GOOD, iss="ы" * 33))) is Reason.MALFORMED


@pytest.mark.parametrize("value", ["8 bytes!", 2**60, None, [8] * 8, CBORTag(37, b"16 bytes 16 byte")], ids=repr)
def test_cti_is_bytes(value: Any) -> None:
    assert refusal(credential(changed(GOOD, cti=value))) is Reason.MALFORMED


@pytest.mark.parametrize("claim", ["iss", "exp", "iat", "cti", "status", "idx"])
def test_no_claim_may_be_missing_but_nbf_and_cnf(claim: str) -> None:
    assert refusal(credential(changed(GOOD, **{claim: MISSING}))) is Reason.MALFORMED


@pytest.mark.parametrize("value", [b"ala-t2", 5, None, ["ala-t2"], CBORTag(32, "ala-t2")], ids=repr)
def test_aud_is_a_text(value: Any) -> None:
    assert refusal(presentation(credential(BOUND), {3: value, 6: NOW})) is Reason.MALFORMED


X = bytes(HOLDER.verify_key)


@pytest.mark.parametrize(
    "cnf",
    [
        None,
        X,
        [COSE_KEY],
        {},
        {2: COSE_KEY},
        {1: X},
        {1: [1, 6, X]},
        {True: COSE_KEY},
        {1.0: COSE_KEY},
        {1: {-1: 6, -2: X}},
        {1: {1: 1, -2: X}},
        {1: {1: 1, -1: 6}},
        {1: {1: 2, -1: 6, -2: X}},
        {1: {1: 1, -1: 4, -2: X}},
        {1: {1: True, -1: 6, -2: X}},
        {1: {1: 1.0, -1: 6, -2: X}},
        {1: {1: 1, -1: 6.0, -2: X}},
        {1: {True: 1, -1: 6, -2: X}},
        {1: {1: 1, -1.0: 6, -2: X}},
        {1: {1: "OKP", -1: "Ed25519", -2: X}},
        {1: {1: 1, -1: 6, -2: X[:31]}},
        {1: {1: 1, -1: 6, -2: X + b"\0"}},
        {1: {1: 1, -1: 6, -2: X.hex()}},
        CBORTag(18, {1: COSE_KEY}),
    ],
    ids=repr,
)
def test_cnf_is_an_ed25519_key(cnf: Any) -> None:
    assert refusal(credential({**GOOD, 8: cnf})) is Reason.MALFORMED
    assert refusal(presentation(credential({**GOOD, 8: cnf}))) is Reason.MALFORMED


def test_members_of_cnf_that_are_not_known_are_passed_over() -> None:
    assert verify(presentation(credential({**GOOD, 8: {1: {**COSE_KEY, 2: b"kid"}, 3: b"other", "x": 1}}))).bound


# Unknown claims are read past, and nothing is made of them.


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(cbor2.dumps(value), id=repr(value))
        for value in (1.5, None, True, "text", [1, {2: 3}], CBORTag(0, "2027-01-15T08:00:00Z"), CBORTag(4711, 1))
    ]
    + [
        pytest.param(bytes.fromhex(value), id=name)
        for name, value in {
            "decimal with a huge exponent": "c4821b7fffffffffffffff01",
            "bigfloat with a huge exponent": "c5821b7fffffffffffffff01",
            "fraction of nothing": "d81e820100",
            "broken pattern": "d823622828",
            "pattern that would be slow to compile": "d8236f" + b"(a{99}){99}{99}".hex(),
            "mail": "d8246878783a20610a0a62",
            "address": "d9010441ff",
            "date that is none": "c06163",
            "infinite time": "c1f97c00",
            "list that holds itself": "d81c81d81d00",
            "reference to nothing": "d81d1903e7",
            "reference to a text": "d8190a",
            "set": "d90102820102",
            "not a number": "f97e00",
            "a number as a float": "fb41dad274800000 00",
        }.items()
    ],
)
def test_unknown_claims_are_read_past(value: bytes) -> None:
    assert verify(credential(with_bytes(-70999, value))).idx == 4711


def test_no_tag_means_anything() -> None:
    """Whatever a later cbor2 learns to build from a tag must not be built here."""
    contents = [b"\x00", b"\x41a", b"\x61a", b"\x82\x01\x02", b"\xa1\x01\x02"]
    for tag in range(70_000):
        head = b"\xda" + tag.to_bytes(4, "big")
        for content in contents:
            made = cbor.decode(head + content)
            assert type(made) in (CBORTag, Unread), f"tag {tag}: {made!r}"


# Maps.


@pytest.mark.parametrize("key", [True, 1.0, None, b"\x01", (1,), CBORTag(2, b"\x01"), CBORTag(4711, 1)], ids=repr)
def test_keys_are_integers_or_text(key: Any) -> None:
    for body in (
        {**changed(GOOD, iss=MISSING), key: "ashyq"},
        {key: "later", **changed(GOOD, iss=MISSING), 1: "ashyq"},
    ):
        assert refusal(credential(encode_map(body))) is Reason.MALFORMED
    assert refusal(presentation(credential(BOUND), encode_map({6: NOW, key: 1}))) is Reason.MALFORMED
    assert refusal(credential(header=encode_map({**header_of(ISSUER), key: 1}))) is Reason.MALFORMED


def encode_map(body: dict[Any, Any]) -> bytes:
    return pairs(*((cbor2.dumps(key), cbor2.dumps(value)) for key, value in body.items()))


@pytest.mark.parametrize("again", [1, True, 1.0, b"\x18\x01", b"\xc2\x41\x01"], ids=repr)
def test_a_key_may_stand_once(again: Any) -> None:
    """Two readers must not see two passes in one: which of the two values counts would be a matter of taste."""
    doubled = pairs(*GOOD.items(), (again, "aitu"))
    assert refusal(credential(doubled)) is Reason.MALFORMED
    assert refusal(credential(pairs((again, "aitu"), *GOOD.items()))) is Reason.MALFORMED
    assert refusal(credential(header=pairs(*header_of(ISSUER).items(), (again, -8)))) is Reason.MALFORMED
    assert refusal(presentation(credential(BOUND), pairs((6, NOW), (6, NOW)))) is Reason.MALFORMED
    assert refusal(credential(with_bytes(-70999, pairs((1, 2), (1, 3))))) is Reason.MALFORMED


@pytest.mark.parametrize("body", [b"", b"\x80", b"\xf6", b"\x40", b"\x81\xa0", b"\xd2\xa0"], ids=bytes.hex)
def test_claims_and_headers_are_maps(body: bytes) -> None:
    assert refusal(credential(body)) is Reason.MALFORMED
    assert refusal(credential(header=body)) is Reason.MALFORMED
    assert refusal(presentation(credential(BOUND), body)) is Reason.MALFORMED


# Forms of CBOR.


@pytest.mark.parametrize("value", INDEFINITE.values(), ids=INDEFINITE)
def test_no_indefinite_length(value: bytes) -> None:
    assert refusal(credential(with_bytes(-70999, value))) is Reason.MALFORMED
    assert refusal(credential(header=pairs(*header_of(ISSUER).items(), (99, value)))) is Reason.MALFORMED


def test_no_indefinite_length_outside() -> None:
    good = credential()
    body = b"\xbf" + cbor2.dumps(GOOD)[1:] + b"\xff"
    assert refusal(credential(body)) is Reason.MALFORMED
    assert refusal(b"\xd2\x9f" + good[2:] + b"\xff") is Reason.MALFORMED
    assert refusal(good.replace(b"\xa0\x58", b"\xbf\xff\x58", 1)) is Reason.MALFORMED


@pytest.mark.parametrize("more", [b"\x00", b"\xf6", b"\xff", b"\xa0", b"\x81", b"\x41", b"\x00\x00"], ids=bytes.hex)
def test_nothing_after_the_end(more: bytes) -> None:
    bound = credential(BOUND)
    assert refusal(credential() + more) is Reason.MALFORMED
    assert refusal(presentation(bound) + more) is Reason.MALFORMED
    assert refusal(credential(cbor2.dumps(GOOD) + more)) is Reason.MALFORMED
    assert refusal(credential(header=cbor2.dumps(header_of(ISSUER)) + more)) is Reason.MALFORMED
    assert refusal(presentation(bound, cbor2.dumps({6: NOW}) + more)) is Reason.MALFORMED
    assert refusal(presentation(bound, header=b"\xa2\x01\x27\x0d" + bound[1:] + more)) is Reason.MALFORMED


def test_every_truncation() -> None:
    for whole in (credential(), presentation(credential(BOUND))):
        for length in range(len(whole)):
            assert refusal(whole[:length]) is Reason.MALFORMED


@pytest.mark.parametrize(
    "value", [DEEP, b"\xa1\x00" * 20 + b"\x00", b"\xc1" * 2000 + b"\x00", b"\xd8\x63" * 900 + b"\x00"]
)
def test_deep_nesting(value: bytes) -> None:
    assert refusal(credential(with_bytes(-70999, value))) is Reason.MALFORMED
    assert refusal(credential(header=pairs(*header_of(ISSUER).items(), (99, value)))) is Reason.MALFORMED
    assert refusal(value) is Reason.MALFORMED
    assert refusal(b"\xd2\x84" + value) is Reason.MALFORMED


def test_some_nesting_is_read() -> None:
    assert verify(credential(with_bytes(-70999, b"\x81" * 12 + b"\x00"))).idx == 4711
    cbor.decode(b"\x81" * cbor.MAX_DEPTH + b"\x00")
    with pytest.raises(ValueError, match="not well-formed"):
        cbor.decode(b"\x81" * (cbor.MAX_DEPTH + 1) + b"\x00")


@pytest.mark.parametrize("head", ["5b", "7b", "9b", "bb", "db"])
@pytest.mark.parametrize("length", ["00000000ffffffff", "0000ffffffffffff", "7fffffffffffffff", "ffffffffffffffff"])
def test_a_declared_length_allocates_nothing(head: str, length: str) -> None:
    huge = bytes.fromhex(head + length)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in (
        huge,
        b"\xd2" + huge,
        b"\xd2\x84" + huge + b"\xa0" * 80,
        credential(with_bytes(9, huge)),
        credential(huge),
    ):
        assert refusal(data) is Reason.MALFORMED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # KiB
