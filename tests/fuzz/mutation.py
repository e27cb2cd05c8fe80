"""Good inputs after a few slips: bytes changed, cut out, put in, moved, doubled."""

from hypothesis import strategies as st

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 20_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = [
    *(b"", b"\0", b"\n", b"\r\n", b'"', b"[" * 40, b"{", b"}", b",", b"-1", b"1e999", b"9" * 40, b"\xef\xbb\xbf"),
    *(b"\\u0000", b"null", b"true", "й😀".encode(), b"\xed\xa0\x80", b"a." * 40, b"../", b"%n"),
]


@st.composite
def slipped(draw: st.DrawFn, seeds: list[bytes], most: int = 4) -> bytes:
    """One of the seeds after up to `most` slips, or any bytes."""
    if draw(st.integers(0, 15)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, most))):
        # Sizes and kinds stand at the beginning: half of the slips are there.
        end = len(data) if draw(st.booleans()) else min(len(data), 64)
        at = draw(st.integers(0, end))
        length = draw(st.integers(0, 30))
        match draw(st.sampled_from(["byte", "number", "word", "cut", "repeat", "end"])):
            case "byte":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "number":
                width, order = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from(["big", "little"]))
                number = draw(st.sampled_from(_NUMBERS)) & (1 << 8 * width) - 1
                data[at : at + width] = number.to_bytes(width, "big" if order == "big" else "little")
            case "word":
                data[at : at + draw(st.sampled_from([0, length]))] = draw(st.sampled_from(_WORDS))
            case "cut":
                del data[at : at + length]
            case "repeat":
                data[at:at] = data[at : at + length] * draw(st.sampled_from([1, 1, 50]))
            case "end":
                del data[at:]
    return bytes(data)
