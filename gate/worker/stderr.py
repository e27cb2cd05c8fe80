"""Keep what native libraries print on standard error away from people.

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
    """Lead file descriptor 2 nowhere for the length of the block.  What other threads print meanwhile is lost too,
    so keep the block short.  Any thread."""
    with _one_at_a_time:
        sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # standard error is closed: nothing to keep away
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except OSError:  # a worker that may open nothing: its standard error leads nowhere already
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
    """Lead file descriptor 2 nowhere for good; what Python prints still arrives."""
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    lead_nowhere(2)


def lead_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
