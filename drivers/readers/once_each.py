"""Presents what a scanner reads again and again as one showing of a code.

A scanner reads a phone that is held before it anew every second or so; the lane takes a code that was
away for longer than that for a new visit, which a used code does not survive.
"""

import asyncio
import time

from gate.core.model import Scan
from gate.ports.reader import Answer, Present, ReaderConfig

_ASK_EVERY = 0.05  # seconds between looks at the verdict
_ASK_FOR = 2.0


class OnceEach:
    def __init__(self, config: ReaderConfig, present: Present, again_after: float) -> None:
        self._config = config
        self._present = present
        self._again_after = again_after
        self._text = ""
        self._seen = float("-inf")
        self._decided = False

    async def show(self, text: str) -> bool:
        """Whether the lane had to be waited for.  Returns when it has answered."""
        now = time.monotonic()
        same = text == self._text and now - self._seen < self._again_after
        self._text, self._seen = text, now
        if same and self._decided:
            return False
        scan = Scan(text, self._config.driver, self._config.direction, now)
        answer, waited = self._present(scan), False
        while answer is None and time.monotonic() - now < _ASK_FOR:
            waited = True
            await asyncio.sleep(_ASK_EVERY)
            answer = self._present(scan)
        self._decided = answer is not Answer.WAIT
        return waited
