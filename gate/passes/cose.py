"""COSE_Sign1 (RFC 9052): the signed envelope of a pass, without its content.

An array of four, tagged 18: protected header (a byte string that holds a map), unprotected header (a map, empty in
a pass), payload and signature (byte strings).
"""

from cbor2 import CBORTag

from gate.passes import cbor
from gate.passes.cbor import Labels

SIGN1_TAG = 18
SIGNATURE_BYTES = 64

# Labels of header parameters and their values (IANA "COSE Header Parameters", "COSE Algorithms").
ALG, CRIT, KID, KCWT = 1, 2, 4, 13
EDDSA = -8
ED25519 = -19  # the same, fully specified (RFC 9864)

_TAG = 0xD2
_ARRAY_OF_FOUR = 0x84
_EMPTY_MAP = 0xA0
_SIGNATURE_HEAD = b"\x58\x40"
_SIGNATURE_ROOM = len(_SIGNATURE_HEAD) + SIGNATURE_BYTES
_CONTEXT = b"\x84\x6aSignature1"


Sign1 = tuple[bytes, bytes, bytes]
"""An envelope of the right shape: protected header, payload, and the signature followed by the signed bytes (as
crypto_sign_open takes it).  The signature is not verified here."""


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return Sig_structure of RFC 9052, 4.4, without external data: the bytes that are signed."""
    return b"%b%b\x40%b" % (_CONTEXT, _bstr(protected), _bstr(payload))


def _bstr(data: bytes) -> bytes:
    """Return a CBOR byte string, its head in the shortest form (RFC 8949, 3.1).  Up to 65,535 bytes."""
    size = len(data)
    if size < 24:
        return b"%c%b" % (0x40 | size, data)
    if size < 256:
        return b"\x58%c%b" % (size, data)
    return b"\x59%b%b" % (size.to_bytes(2, "big"), data)


def tagged_sign1(data: bytes) -> Sign1:
    """Return the envelope in `data`, tagged 18; raises ValueError for anything else."""
    usual = _usual_sign1(data, 1) if data[:1] == b"\xd2" else None
    if usual is not None:
        return usual
    item = cbor.decode(data)
    if type(item) is not CBORTag:
        raise ValueError("no tagged COSE_Sign1")
    return sign1(item)


def sign1(item: object) -> Sign1:
    """Return the envelope in a decoded `item`, tagged 18 or not; raises ValueError for anything else."""
    if type(item) is CBORTag:
        if item.tag != SIGN1_TAG:
            raise ValueError("the tag is not that of COSE_Sign1")
        item = item.value
    if not isinstance(item, list | tuple) or len(item) != 4:  # cbor2 returns a tuple inside a tag
        raise ValueError("COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = item
    if type(protected) is not bytes or type(payload) is not bytes:
        raise ValueError("protected header and payload are byte strings")
    if unprotected != {}:
        raise ValueError("the unprotected header of a pass is empty")
    if type(signature) is not bytes or len(signature) != SIGNATURE_BYTES:
        raise ValueError("a signature is 64 bytes")
    return protected, payload, signature + to_be_signed(protected, payload)


def untagged_sign1(data: bytes) -> Sign1 | None:
    """Return the envelope in `data`, without tag, if it is in the usual form.

    None means another form, which may be no fault: decode it and call `sign1`."""
    return _usual_sign1(data, 0)


def _usual_sign1(data: bytes, at: int) -> Sign1 | None:
    """Return the same envelope as `sign1`, for an array at `at` whose every head is in its shortest form.

    Such an array can be cut out of the bytes without decoding, and its byte strings are the same as in
    Sig_structure.  It saves a third of a pass's cost besides its signature.
    """
    end = len(data) - _SIGNATURE_ROOM
    try:
        if data[at] != _ARRAY_OF_FOUR or data[end : end + 2] != _SIGNATURE_HEAD:
            return None
        protected, middle = _content(data, at + 1)
        payload, after = _content(data, middle + 1)
        if data[middle] != _EMPTY_MAP or after != end:
            return None
    except (IndexError, ValueError):
        return None
    signed = b"".join((data[end + 2 :], _CONTEXT, data[at + 1 : middle], b"\x40", data[middle + 1 : end]))
    return data[protected:middle], data[payload:end], signed


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Return begin and end of the content of the byte string at `at`.  Raises ValueError for another item or a
    longer head than needed.

    The end may lie beyond the data."""
    head = data[at]
    if 0x40 <= head < 0x58:
        return at + 1, at + 1 + head - 0x40
    if head == 0x58 and data[at + 1] >= 24:
        return at + 2, at + 2 + data[at + 1]
    if head == 0x59 and data[at + 1]:
        return at + 3, at + 3 + (data[at + 1] << 8 | data[at + 2])
    raise ValueError


def header(protected: bytes) -> Labels:
    """Return the protected header, fit for Ed25519 and free of critical extensions; raises ValueError otherwise."""
    params = cbor.decode_map(protected)
    alg = params.get(ALG)
    if type(alg) is not int or alg not in (EDDSA, ED25519):
        raise ValueError("alg is neither EdDSA nor Ed25519")
    if CRIT in params:
        raise ValueError("a critical header that is not understood")
    return params
