"""Signatures are strict: one signature for one message, by a key that somebody holds.

A signature that Ed25519's equation accepts may still be one that everybody can make: with a key of small
order, or by adding the group order to S.  `holds` is that equation, plainly written, so that a test can
show what it refuses to be more than noise.
"""

import hashlib
import itertools
from dataclasses import replace

import cbor2
import pytest
from cbor2 import CBORTag
from nacl.signing import SigningKey

from gate.core.model import Refused
from gate.core.reason import Reason
from gate.core.trust import key_id
from gate.passes.aq1_encode import credential_text
from gate.passes.cose import to_be_signed
from gate.passes.verifier import Verifier
from tests.unit.aq1_passes import (
    BOUND,
    GOOD,
    HOLDER,
    ISSUER,
    NOW,
    STRANGER,
    TRUST,
    VERIFIER,
    credential,
    header_of,
    presentation,
    refusal,
    trust,
    verify,
)

# Ed25519 (RFC 8032, 5.1) in affine coordinates.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(number: int, point: Point) -> Point:
    result = NEUTRAL
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def to_point(data: bytes) -> Point:
    """As a lenient reader would: y is taken modulo P, and the sign of x = 0 does not matter."""
    number = int.from_bytes(data, "little")
    y, sign = (number & (2**255 - 1)) % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    assert (x * x - square) % P == 0, "not a point"
    return (P - x if x % 2 != sign and x else x), y


def to_bytes(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = to_point(bytes.fromhex("58" + "66" * 31))


def challenge(key: bytes, r: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER


def holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519's equation S B = R + h A, and nothing but the equation."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    return times(s, BASE) == add(to_point(r), times(challenge(key, r, message), to_point(key)))


EIGHTH = to_point(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
TORSION = [times(number, EIGHTH) for number in range(8)]


def small_order_keys() -> dict[str, bytes]:
    """The eight points of small order, and the other ways of writing them that a lenient reader takes."""
    keys = {f"order of {number}/8": to_bytes(point) for number, point in enumerate(TORSION)}
    for name, y in {"y=0": 0, "y=1": 1, "y=-1": P - 1, "y=P": P, "y=P+1": P + 1}.items():
        for sign in (0, 1):
            keys[f"{name}, sign {sign}"] = (y | sign << 255).to_bytes(32, "little")
    return keys


def forged(key: bytes, message: bytes) -> bytes:
    """A signature by nobody that satisfies the equation under a key of small order."""
    for s in itertools.count(1):
        base = times(s, BASE)
        for torsion in TORSION:
            r = to_bytes(add(base, torsion))
            signature = r + s.to_bytes(32, "little")
            if add(torsion, times(challenge(key, r, message) % 8, to_point(key))) == NEUTRAL:
                return signature
    raise AssertionError


def test_the_plain_equation_is_right() -> None:
    """It takes what libsodium makes, and nothing else: otherwise the tests below would prove nothing."""
    signed = ISSUER.sign(b"message")
    key = bytes(ISSUER.verify_key)
    assert holds(key, b"message", signed.signature)
    assert not holds(key, b"Message", signed.signature)
    assert times(ORDER, BASE) == NEUTRAL
    assert times(8, EIGHTH) == NEUTRAL
    assert len(set(TORSION)) == 8


@pytest.mark.parametrize("key", small_order_keys().values(), ids=small_order_keys())
def test_no_key_of_small_order_on_the_trust_list(key: bytes) -> None:
    protected, payload = cbor2.dumps({1: -8, 4: key_id(key)}), cbor2.dumps(GOOD)
    message = to_be_signed(protected, payload)
    signature = forged(key, message)
    assert holds(key, message, signature)
    pass_ = cbor2.dumps(CBORTag(18, [protected, {}, payload, signature]))
    assert refusal(pass_, verifier=Verifier(trust(key), venue=None)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("key", small_order_keys().values(), ids=small_order_keys())
def test_no_holders_key_of_small_order(key: bytes) -> None:
    inner = credential({**GOOD, 8: {1: {1: 1, -1: 6, -2: key}}})
    protected, payload = cbor2.dumps({1: -8, 13: list(cbor2.loads(inner).value)}), cbor2.dumps({6: NOW})
    message = to_be_signed(protected, payload)
    signature = forged(key, message)
    assert holds(key, message, signature)
    assert refusal(cbor2.dumps(CBORTag(18, [protected, {}, payload, signature]))) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("key", [b"\xff" * 32, b"\x02" + bytes(31), (P + 4).to_bytes(32, "little")], ids=bytes.hex)
def test_a_key_that_is_no_point_or_not_written_as_one(key: bytes) -> None:
    verifier = Verifier(trust(key), venue=None)
    assert refusal(credential(header={1: -8, 4: key_id(key)}), verifier=verifier) is Reason.BAD_SIGNATURE
    inner = credential({**GOOD, 8: {1: {1: 1, -1: 6, -2: key}}})
    assert refusal(presentation(inner)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("multiple", [1, 2, 7, 15])
def test_s_is_below_the_group_order(multiple: int) -> None:
    """S + L satisfies the equation as S does; it would be a second code for the same pass."""
    for whole, key in ((credential(), ISSUER), (presentation(credential(BOUND)), HOLDER)):
        protected, _, payload, signature = cbor2.loads(whole).value
        s = int.from_bytes(signature[32:], "little") + multiple * ORDER
        other = signature[:32] + s.to_bytes(32, "little")
        assert holds(bytes(key.verify_key), to_be_signed(protected, payload), other)
        assert refusal(whole[:-64] + other) is Reason.BAD_SIGNATURE


def test_every_bit_counts() -> None:
    """No bit of a credential or a presentation can be turned: not one stands outside shape and signatures."""
    for whole in (credential(), credential(BOUND), presentation(credential(BOUND)), long_presentation()):
        text = credential_text(whole)
        for bit in range(8 * len(whole)):
            turned = bytearray(whole)
            turned[bit // 8] ^= 1 << bit % 8
            with pytest.raises(Refused):
                VERIFIER.verify(credential_text(bytes(turned)), NOW)
        assert credential_text(whole) == text


def long_presentation() -> bytes:
    return presentation(credential(BOUND), {3: "ala-t2", 6: NOW, -1: "x"}, header=other_header(credential(BOUND)))


def other_header(inner: bytes) -> dict[int, object]:
    return {16: "aq1", 13: cbor2.loads(inner), 1: -19}


def test_signatures_are_not_interchangeable() -> None:
    """A signature belongs to one message, one key and one place in the pass."""
    one, other = credential(GOOD), credential({**GOOD, -70002: 4712})
    assert refusal(one[:-64] + other[-64:]) is Reason.BAD_SIGNATURE
    bound = credential(BOUND)
    assert refusal(presentation(bound, key=ISSUER)) is Reason.BAD_SIGNATURE  # the issuer is not the holder
    assert refusal(credential(GOOD, HOLDER, header=header_of(ISSUER))) is Reason.BAD_SIGNATURE
    mine = credential({**GOOD, 8: {1: {1: 1, -1: 6, -2: bytes(STRANGER.verify_key)}}})
    assert verify(presentation(mine, key=STRANGER)).bound
    assert refusal(presentation(mine, key=HOLDER)) is Reason.BAD_SIGNATURE


def test_a_key_vouches_for_its_own_issuer_only() -> None:
    assert refusal(credential({**GOOD, 1: "Ashyq"})) is Reason.BAD_SIGNATURE
    assert refusal(credential({**GOOD, 1: "ashyq "})) is Reason.BAD_SIGNATURE


def test_a_kid_of_another_key_does_not_help() -> None:
    """Two issuers' keys are on the list; each is asked only about what names it."""
    second = SigningKey(b"\x09" * 32)
    both = Verifier(trust(bytes(ISSUER.verify_key), bytes(second.verify_key)), venue=None)
    assert verify(credential(GOOD, second), verifier=both).idx == 4711
    assert refusal(credential(GOOD, second, header=header_of(ISSUER)), verifier=both) is Reason.BAD_SIGNATURE
    assert refusal(credential(GOOD, second), verifier=Verifier(TRUST, venue=None)) is Reason.UNKNOWN_ISSUER


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_never_reaches_the_library(length: int) -> None:
    (kid, key), *_ = TRUST.keys.items()
    with pytest.raises(ValueError, match="32 bytes"):
        Verifier(replace(TRUST, keys={kid: replace(key, public=bytes(length))}), venue=None)
