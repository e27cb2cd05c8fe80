"""Structured append: one message in up to 16 symbols (ISO/IEC 18004:2015, 8).

zxing-cpp gives the text of each symbol and not its header, so the header is taken from the symbol's modules: the first
20 bits of its first block.  A message is joined once all of its symbols are known, and only if its parity is right.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import xor

import numpy as np

from drivers.decoders.qr import layout
from drivers.decoders.qr.layout import Bits
from drivers.decoders.qr.reed_solomon import correct

_MODE = 0b0011  # of a structured append (8.1)
_MODE_BITS = [False, False, True, True]
_MOST_MESSAGES = 4  # whose symbols are kept at one time: a picture may show any number


@dataclass(frozen=True, slots=True)
class MessagePart:
    """One symbol of a message in several."""

    index: int  # from 0
    count: int  # of the symbols of the message
    parity: int  # XOR of all bytes of the message
    text: str
    data: bytes

    @property
    def message(self) -> tuple[int, int]:
        """Return what tells its message from others."""
        return self.count, self.parity


def is_part(modules: Bits, mask: int) -> bool:
    """Return whether a symbol without a wrong module is a part: by its first four bits alone, which is much faster.

    They are the lower right ones (7.7.3)."""
    rows, columns = [-1, -1, -2, -2], [-1, -2, -1, -2]
    bits = modules[rows, columns] ^ layout.data_mask(mask, len(modules))[rows, columns]
    return bool(bits.tolist() == _MODE_BITS)


def part_of(modules: Bits, text: str, data: bytes, *, exact: bool = False) -> MessagePart | None:
    """Return the part that a symbol carries, None for a symbol that carries a whole message.

    `modules`: of the upright symbol, `exact` when none of them is wrong; `text` and `data`: decoded from it."""
    header = _header(modules, exact=exact)
    if header is None or header >> 16 != _MODE:
        return None
    index, count, parity = header >> 12 & 15, (header >> 8 & 15) + 1, header & 255
    return MessagePart(index, count, parity, text, data) if count > 1 and index < count else None


def _header(modules: Bits, *, exact: bool) -> int | None:
    """Return the first 20 bits of a symbol, None where its first block cannot be corrected."""
    shape = layout.layout((len(modules) - 17) // 4)
    signs = np.where(modules, 1, -1)
    seen = signs[shape.formats[..., 0], shape.formats[..., 1]].sum(axis=0)
    format_info = int(np.argmax(layout.format_signs() @ seen))
    block = layout.blocks(shape.version, format_info)[0]
    row, column = shape.bits[block.places, :, 0], shape.bits[block.places, :, 1]
    masked = layout.data_mask(format_info & 7, shape.size)[row, column]
    seen_words = np.packbits(modules[row, column] ^ masked, axis=1)[:, 0]
    words = seen_words if exact else correct(seen_words, block.ecc, np.zeros(0, np.intp))
    return None if words is None else int.from_bytes(words[:3].tobytes(), "big") >> 4


class MessageParts:
    """The parts that were read, by message.  For one thread."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], dict[int, MessagePart]] = {}

    def add(self, parts: Iterable[MessagePart]) -> tuple[list[str], list[MessagePart]]:
        """Return the messages that these parts complete, and the parts among them that still miss others."""
        parts = list(parts)
        for part in parts:
            known = self._known.pop(part.message, {})
            self._known[part.message] = known | {part.index: part}  # at the end: the oldest make room
            if len(self._known) > _MOST_MESSAGES:
                del self._known[next(iter(self._known))]
        joined = {message: _join(known) for message, known in self._known.items()}
        messages = dict.fromkeys(part.message for part in parts)
        texts = [text for message in messages if (text := joined.get(message)) is not None]
        return texts, [part for part in parts if joined.get(part.message) is None]

    def clear(self) -> None:
        """Forget all parts."""
        self._known.clear()


def _join(known: dict[int, MessagePart]) -> str | None:
    """Return the text of a message, None while parts of it are missing, or its parity is wrong."""
    parts = [known[index] for index in sorted(known)]
    if len(parts) < parts[0].count:
        return None
    data = b"".join(part.data for part in parts)
    try:
        text = data.decode()  # a character may begin in one symbol and end in the next
    except UnicodeDecodeError:
        text = "".join(part.text for part in parts)
    # Some encoders take it of the text's UTF-8, whatever they encode.
    parities = {reduce(xor, whole, 0) for whole in (data, text.encode(errors="surrogatepass"))}
    return text if parts[0].parity in parities else None
