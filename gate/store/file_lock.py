"""A lock on an open file, held against all other processes until the descriptor is closed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from gate.errors import GateError


def try_lock(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock the file if nobody holds it; return whether that worked.  Never waits.  The kernel drops the lock with its
    process, however that ends.  Raises OSError where the file system has no locks, or does not answer."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def held(descriptor: int, refusal: GateError) -> Iterator[None]:
    """Hold the lock of an open file, and close the file at the end.  Raises `refusal` where somebody holds it, and
    OSError as `try_lock` does."""
    try:
        if not try_lock(descriptor):
            raise refusal
        yield
    finally:
        os.close(descriptor)
