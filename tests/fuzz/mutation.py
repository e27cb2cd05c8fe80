"""Good inputs after a few slips: bytes changed, cut out, put in, moved, doubled."""

from random import Random

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 20_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    *(b"", b"\0", b"\n", b"\r\n", b'"', b"[" * 40, b"{", b"}", b",", b"-1", b"1e999", b"9" * 40, b"\xef\xbb\xbf"),
    *(b"\\u0000", b"null", b"true", "й😀".encode(), b"\xed\xa0\x80", b"a." * 40, b"../", b"%n"),
)
_SLIPS = ("byte", "number", "word", "cut", "repeat", "end", "splice")
_ANY = 1 / 16
"""Share of inputs that are any bytes, up to 200."""


def slipped(random: Random, seeds: list[bytes], most: int = 4) -> bytes:
    """One of the seeds after up to `most` slips, or any bytes.  The same from the same state of `random`."""
    if random.random() < _ANY:
        return random.randbytes(random.randrange(201))
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(0, most)):
        _slip(random, data, seeds)
    return bytes(data)


def _slip(random: Random, data: bytearray, seeds: list[bytes]) -> None:
    # Sizes and kinds are at the beginning: half of the slips are there.
    at = random.randint(0, len(data) if random.random() < 0.5 else min(len(data), 64))
    length = random.randint(0, 30)
    match random.choice(_SLIPS):
        case "byte":
            data[at : at + 1] = random.randbytes(1)
        case "number":
            width, order = random.choice((1, 2, 4)), random.choice(("big", "little"))
            number = random.choice(_NUMBERS) & (1 << 8 * width) - 1
            data[at : at + width] = number.to_bytes(width, "big" if order == "big" else "little")
        case "word":
            data[at : at + random.choice((0, length))] = random.choice(_WORDS)
        case "cut":
            del data[at : at + length]
        case "repeat":
            data[at:at] = data[at : at + length] * random.choice((1, 1, 50))
        case "end":
            del data[at:]
        case "splice":
            other = random.choice(seeds)
            start = random.randint(0, len(other))
            data[at : at + length] = other[start : start + length]
