"""What the verifier and its two readings of an envelope make of any bytes."""

from cbor2 import CBORTag

from gate.core.model import Claims, Refused
from gate.core.reason import Reason
from gate.passes import cbor, cose
from gate.passes.cose import Sign1
from tests.unit.aq1_passes import BOUND, NOW, STRANGER, VERIFIER, credential, presentation

WHOLE = [credential(), credential(BOUND), presentation(credential(BOUND)), credential(key=STRANGER)]


def outcome(text: str) -> Claims | Reason:
    try:
        return VERIFIER.verify(text, NOW)
    except Refused as refused:
        return refused.reason


def decoded(data: bytes) -> Sign1 | None:
    """The envelope by way of the CBOR decoder alone; None for what it refuses."""
    try:
        item = cbor.decode(data)
        return cose.sign1(item) if type(item) is CBORTag else None
    except ValueError:
        return None


def cut_out(data: bytes) -> Sign1 | None:
    try:
        return cose.tagged_sign1(data)
    except ValueError:
        return None
