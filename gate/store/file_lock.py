"""A lock on an open file, held against all other processes until the descriptor is closed."""

import fcntl


def try_lock(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock the file if nobody holds it; return whether that worked.  Never waits.  The kernel drops the lock with its
    process, however that ends.  Raises OSError where the file system has no locks, or does not answer."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
