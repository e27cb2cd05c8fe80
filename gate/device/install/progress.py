"""Progress of an installation: one line for each step, on standard error."""

import sys
import time
from typing import TextIO

_REDRAW = 0.2  # seconds: a terminal shows a count no more often


class Progress:
    """Prints steps.  On a terminal the count of a step is drawn in its own line; elsewhere a step is one line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._step = ""
        self._drawn = 0.0

    def step(self, text: str) -> None:
        """Report the begin of a step."""
        self._step = text
        print(f"install: {text}", file=self._stream, flush=True)

    def note(self, text: str) -> None:
        """Report what a person should know, such as something that is left to do."""
        print(f"install: {text}", file=self._stream, flush=True)

    def count(self, done: int, of: int) -> None:
        """Report how far the step has come."""
        now = time.monotonic()
        if not self._live or not of or (done < of and now - self._drawn < _REDRAW):
            return
        self._drawn = now
        end = "\n" if done >= of else ""
        print(f"\rinstall: {self._step}: {100 * done // of} %", end=end, file=self._stream, flush=True)
