"""What is fuzzed, and with what it begins."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes bytes; `refusal` is the only exception that it may raise."""

    run: Callable[[bytes], object]
    refusal: type[Exception] | None
    seeds: Callable[[], list[bytes]]
    cpu: float = 0.1  # seconds of processor for one input, the least of several tries
    is_slow: bool = False  # some ms for most inputs: `scripts/fuzz` begins with it, and tests try fewer of them


BETWEEN = b"|~|"
"""Parts two answers of one input."""


def pieces(data: bytes) -> list[bytes]:
    return data.split(BETWEEN)
