"""A person at a terminal: reads until a question is there, and types."""

import fcntl
import os
import pty
import select
import struct
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.commands.process import Running, start_gate

_PATIENCE = 60.0  # seconds


class Terminal:
    """`gate …` on a pseudo-terminal.  `shown`: everything that it printed."""

    def __init__(self, *arguments: object, cwd: Path, columns: int = 80) -> None:
        self.shown = ""
        self._read = 0
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with os.fdopen(theirs, "r+b", buffering=0) as end:
            environment = {**os.environ, "TERM": "xterm-256color"}
            self.process: Running = start_gate(*arguments, stdin=end, stdout=end, stderr=end, cwd=cwd, env=environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def answer(self, question: str, given: str) -> None:
        """Wait until the question is shown after the last one, and answer it."""
        limit = time.monotonic() + _PATIENCE
        while question not in self.shown[self._read :]:
            assert time.monotonic() < limit, f"{question!r} was not asked: {self.shown[self._read :]}"
            assert self._more(limit - time.monotonic()), f"ended before {question!r}: {self.shown}"
        self._read = self.shown.index(question, self._read) + len(question)
        os.write(self._ours, f"{given}\n".encode())

    def end(self) -> int:
        """Wait until it has ended; return its exit code."""
        while self._more(_PATIENCE):
            pass
        return self.process.wait(_PATIENCE)

    def _more(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, seconds))
        try:
            data = os.read(self._ours, 65536) if ready else b""
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode("utf-8", "replace").replace("\r", "")
        return bool(data)
