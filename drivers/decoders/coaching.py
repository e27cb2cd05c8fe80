"""The hint for a person whose code was located and not read."""

from drivers.decoders.symbols import ReadResult
from gate.core.coaching import Hint

LEAST_MODULE = 2.0  # pixels: of smaller modules fewer than nine in ten symbols are read, by any step


def hint_for(result: ReadResult) -> Hint | None:
    """Return what to change first; None where a text was read, or nothing was located."""
    if result.texts or not (result.parts or result.located):
        return None
    if result.parts:
        return Hint.NEXT_PART
    largest = max(symbol.module for symbol in result.located)
    return Hint.CLOSER if largest < LEAST_MODULE else Hint.HOLD_STILL
