"""Lines that the gate and its drivers log, as a test looks at them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        values = getattr(record, "values", {})
        self.lines.append({"level": record.levelname.lower(), "event": record.getMessage(), **values})


@contextmanager
def captured_lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged in this block, from info on; the list grows meanwhile."""
    logger, collector = logging.getLogger("gate"), _Collector()
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.INFO)
    try:
        yield collector.lines
    finally:
        logger.setLevel(level)
        logger.removeHandler(collector)
