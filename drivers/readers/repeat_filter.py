"""A filter that presents repeated reads of a scanner as one showing of a code.

A scanner reads a phone that is held before it again every second or so.  The lane takes a code that was away for longer
than that for a new visit, and refuses a used code then.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace

from drivers.readers.scanner_config import ScannerText
from drivers.readers.scanner_parser import ScanLoss
from gate.core.model import Scan
from gate.ports.reader import Answer, Dropped, Present

_POLL_EVERY = 0.05  # seconds between two presentations to the lane
_DECIDED_WITHIN = 2.0  # seconds that a verdict may take
_FREE_WITHIN = 1.5  # seconds that the lane may be busy with a person or the pass before: a code may be read only once


class RepeatFilter:
    def __init__(self, config: ScannerText, present: Present) -> None:
        self._config = config
        self._present = present
        self._again_after = config.same_code_after
        self._text = ""
        self._seen = float("-inf")
        self._decided = False

    async def show(self, text: str) -> bool:
        """Present a text until the lane has answered; return whether the answer took more than one attempt."""
        text = text.removeprefix(self._config.prefix).removesuffix(self._config.suffix)
        now = time.monotonic()
        is_repeat = text == self._text and now - self._seen < self._again_after
        self._text, self._seen = text, now
        if is_repeat and self._decided:
            return False
        scan = Scan(text, self._config.driver, self._config.direction, now)
        answer, waited = self._present(scan), False
        while answer is not Answer.DECIDED:
            within = _DECIDED_WITHIN if answer is None else _FREE_WITHIN
            if time.monotonic() - now >= within:
                break
            waited = True
            await asyncio.sleep(_POLL_EVERY)
            if answer is Answer.WAIT:
                scan = replace(scan, seen=time.monotonic())  # assumed to be still held there
            answer = self._present(scan)
        self._decided = answer is not Answer.WAIT
        return waited

    def drop(self, losses: Iterable[ScanLoss]) -> None:
        """Report the dropped input."""
        for loss in losses:
            self._present(Dropped(self._config.driver, loss.what, loss.hint))
