"""Logs go to stderr: readable on a terminal, key=value for journald."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _Log:
    """A stream for lines of the log: one that cannot be written is lost, and ends nothing.  Its reader may be gone,
    the disk of its file full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # ValueError: it was closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def set_up(*, verbose: bool = False) -> None:
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if terminal
        else structlog.processors.LogfmtRenderer(key_order=["level", "event"], bool_as_flag=False)
    )
    stamp = [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)] if terminal else []  # journald stamps itself
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, *stamp, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Log(sys.stderr))),
        cache_logger_on_first_use=True,
    )
