"""The values that all reading steps exchange: pictures, places of symbols, results."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.qr.structured_append import MessagePart

Grey = npt.NDArray[np.uint8]
"""One channel, 8 bits, height x width."""

Corners = npt.NDArray[np.float32]
"""Four points (x, y) of a symbol in pixels: top left, then clockwise as the symbol is printed.  (0, 0) is the middle of
the first pixel."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol whose place and version are known."""

    corners: Corners
    size: int  # modules a side; 0: not known

    @property
    def module(self) -> float:
        """Pixels a module: the square root of its area; 0 where the size is not known."""
        return float(np.sqrt(cv2.contourArea(self.corners))) / self.size if self.size else 0.0

    def scaled(self, factor: float) -> "Symbol":
        """Return it as it lies in a picture that is `factor` times as large."""
        return Symbol(np.asarray((self.corners + 0.5) * factor - 0.5, np.float32), self.size)

    def moved(self, right: int, down: int) -> "Symbol":
        """Return it as it lies in a picture that begins this many pixels further left and up."""
        return Symbol(self.corners + np.array((right, down), np.float32), self.size)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The texts and symbols that one step, or all steps together, found in a picture."""

    texts: tuple[str, ...]  # each text once, exactly as decoded
    decoded_by: str  # the last step that read something; "" when nothing was read
    symbols: tuple[Symbol, ...] = ()  # that were read
    located: tuple[Symbol, ...] = ()  # that were not
    parts: tuple[MessagePart, ...] = ()  # of messages in several symbols
    other: bool = False  # a symbol of another kind is shown, such as a boarding pass; frames alone

    @property
    def has_read(self) -> bool:
        """Whether something was decoded: a text, or a part of one."""
        return bool(self.texts or self.parts)

    def scaled(self, factor: float) -> "ReadResult":
        """Return it as it lies in a picture that is `factor` times as large."""
        symbols, located = (tuple(one.scaled(factor) for one in part) for part in (self.symbols, self.located))
        return replace(self, symbols=symbols, located=located)

    def moved(self, right: int, down: int) -> "ReadResult":
        """Return it as it lies in the picture of which this one begins at (right, down)."""
        symbols, located = (tuple(one.moved(right, down) for one in part) for part in (self.symbols, self.located))
        return replace(self, symbols=symbols, located=located)


NOTHING = ReadResult((), "")


def first_read(results: Iterable[ReadResult]) -> ReadResult:
    """Return the first result that has read something; the results after it are not computed."""
    return next((result for result in results if result.has_read), NOTHING)


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Drop duplicates and keep the order."""
    return tuple(dict.fromkeys(texts))


def lies_in(corners: Corners, other: Corners) -> bool:
    """Return whether the centre of `corners` lies in `other`."""
    x, y = corners.mean(axis=0)
    return cv2.pointPolygonTest(other, (float(x), float(y)), measureDist=False) >= 0
