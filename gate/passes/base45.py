"""Base45 (RFC 9285): bytes as the 45 characters that a QR code packs tightly.

Two bytes are three characters, least significant first (n = a + 45 b + 45² c); a last odd byte is two.

Decoding is on the hot path, so all groups are computed at once.  The text, its characters replaced by their values,
is read as one big integer with a lane of 24 bits for each group.  A few operations on that integer do the
arithmetic of every lane.
"""

from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_VALUES = bytes(ALPHABET.find(chr(code)) & 0xFF for code in range(256))  # 0xFF, which is not ASCII: no digit


def encode(data: bytes) -> str:
    """Encode any bytes; empty for empty."""
    out: list[str] = []
    for at in range(0, len(data) - 1, 2):
        high, low = divmod(data[at] << 8 | data[at + 1], 45)
        high, middle = divmod(high, 45)
        out += (ALPHABET[low], ALPHABET[middle], ALPHABET[high])
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        out += (ALPHABET[low], ALPHABET[high])
    return "".join(out)


@lru_cache(maxsize=64)  # a venue sees passes of few lengths
def _masks(groups: int) -> tuple[int, int]:
    """Return two masks of every lane: its lowest byte, and its highest, which holds the part of a sum beyond
    65535."""
    lowest = int.from_bytes(b"\0\0\xff" * groups, "big")
    return lowest, lowest << 16


def decode(text: str) -> bytes:
    """Decode a Base45 text; empty for empty.

    Raises ValueError for a character outside the alphabet, a group above 65535, a last pair above 255 and a single
    character left over.
    """
    digits = text.encode("ascii", "replace").translate(_VALUES)  # "?" is no digit either
    if not digits.isascii():
        raise ValueError("a character outside the Base45 alphabet")
    groups, rest = divmod(len(digits), 3)
    if rest == 1:
        raise ValueError("a single Base45 character at the end")
    if rest:
        digits += b"\0"  # a pair is a group whose third digit is 0
        groups += 1
    lanes = int.from_bytes(digits, "big")
    lowest, highest = _masks(groups)
    sums = (lanes >> 16 & lowest) + 45 * (lanes >> 8 & lowest) + 2025 * (lanes & lowest)  # at most 91,124
    if sums & highest:
        raise ValueError("a Base45 group above 65535")
    data = bytearray(sums.to_bytes(3 * groups, "big"))
    del data[::3]
    if rest and data.pop(-2):
        raise ValueError("a Base45 pair above 255")
    return bytes(data)
