"""Suppression of native libraries' output on standard error.

libpng, libjpeg, FFmpeg, zbar and a panic of Rust write to file descriptor 2; no Python setting reaches all of them.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def silenced() -> Iterator[None]:
    """Discard file descriptor 2 for the length of the block.  The output of other threads meanwhile is lost too, so
    keep the block short.  Any thread."""
    with _one_at_a_time:
        sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # standard error is closed: nothing to suppress
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except OSError:  # a worker that may open nothing: its standard error is discarded already
            os.close(kept)
            yield
            return
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def silence_native_noise() -> None:
    """Discard file descriptor 2 for good; Python's own output still arrives."""
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    lead_nowhere(2)


def lead_nowhere(descriptor: int) -> None:
    """Replace a descriptor by one that discards its output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
