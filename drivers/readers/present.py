"""The showing of a recorded code: repeated until the lane has decided."""

import asyncio
import time
from collections.abc import Iterable

from gate.core.model import Scan
from gate.ports.reader import Answer, Present, ReaderConfig

REPEAT = 0.07  # seconds between two showings: about a frame at 15 a second


async def until_decided(
    texts: Iterable[str], seen: float, config: ReaderConfig, present: Present, at_least: float = 0.0
) -> None:
    """Present every text until each was DECIDED, and for at least `at_least` seconds.

    `seen` is when the first frame was captured (monotonic seconds); every later showing is a frame of its own."""
    shown = pending = list(texts)
    until = seen + at_least
    while True:
        pending = [text for text in pending if present(scan(text, seen, config)) is not Answer.DECIDED]
        if not pending and seen >= until:
            return
        await asyncio.sleep(REPEAT)
        seen = time.monotonic()
        pending = pending or shown


def scan(text: str, seen: float, config: ReaderConfig) -> Scan:
    return Scan(text, reader=config.driver, direction=config.direction, seen=seen)
