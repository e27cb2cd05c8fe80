"""Logs go to stderr: readable on a terminal, key=value for journald."""

import logging
import sys

import structlog


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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
