"""Keeps what native libraries print on standard error away from people.

libpng, libjpeg, FFmpeg and zbar write there by themselves; no Python setting reaches all of them.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """File descriptor 2 leads nowhere for the length of the block.  What other threads print
    meanwhile is lost too, so keep the block short."""
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
