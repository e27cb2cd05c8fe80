"""One sync at a time on a device; a person who loads a list by hand need not wait for the daemon.

The process that syncs holds `sync.lock`.  While a person's command waits for it, that command holds a lock on the
folder itself: exclusive for `gate list load`, shared for `gate sync --once`.  A holder that gives way checks for such
a lock between steps and ends its visit; downloads are kept.  The kernel drops locks with their process, so a request
cannot be left behind.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from time import monotonic, sleep

from gate.errors import StoreError, SyncError
from gate.store.durable import make_directory, move_odd_aside
from gate.store.file_lock import try_lock
from gate.sync.shelf import disk_error

WAIT = 15.0  # seconds that a person's command waits; a holder gives way within two
CHECK_EVERY = 0.05  # seconds between two checks


class Rank(Enum):
    """Precedence between syncs; the higher rank goes first."""

    DAEMON = 0
    ONCE = fcntl.LOCK_SH  # before the daemon
    LOAD = fcntl.LOCK_EX  # before both


class BusyError(StoreError):
    """Error while another process syncs."""


class GaveWayError(SyncError):
    """Error of a sync that a person's command ended."""


@contextmanager
def alone(folder: Path, rank: Rank = Rank.DAEMON) -> Iterator[Callable[[], None]]:
    """Hold the lock of the lists' folder.  Yields a function to call between steps, which raises GaveWayError when a
    command of a higher rank waits.  Raises BusyError, StoreError."""
    try:
        make_directory(folder)
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        lock = _opened(folder / "sync.lock")
        try:
            _take(lock, place, folder, rank)
            yield lambda: _give_way(folder, rank)
        finally:
            os.close(lock)
    finally:
        os.close(place)


def _opened(path: Path) -> int:
    try:
        move_odd_aside(path)  # nobody holds what is no file
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise disk_error(path, error) from error


def _take(lock: int, place: int, folder: Path, rank: Rank) -> None:
    until = monotonic() + (0.0 if rank is Rank.DAEMON else WAIT)
    while True:
        if rank is not Rank.DAEMON:
            _locked(place, rank.value, folder)  # in each turn: another command may hold it now
        if not _is_awaited(folder, rank) and _locked(lock, fcntl.LOCK_EX, folder):
            break
        if monotonic() >= until:
            raise BusyError(f"{folder}: another sync is running", hint="Wait for it, or stop it first")
        sleep(CHECK_EVERY)
    if rank is not Rank.DAEMON:
        fcntl.flock(place, fcntl.LOCK_UN)


def _give_way(folder: Path, rank: Rank) -> None:
    if _is_awaited(folder, rank):
        raise GaveWayError("ended for a list that a person loads", hint="It resumes afterwards")


def _is_awaited(folder: Path, rank: Rank) -> bool:
    """Return whether a command of a higher rank waits."""
    if rank is Rank.LOAD:
        return False
    try:
        own = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # a lock separate from that of `place`
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        return not _locked(own, fcntl.LOCK_EX if rank is Rank.DAEMON else fcntl.LOCK_SH, folder)
    finally:
        os.close(own)


def _locked(descriptor: int, how: int, folder: Path) -> bool:
    """Try to take the lock; return whether it worked.  Raises StoreError where the file system has no locks."""
    try:
        return try_lock(descriptor, how)
    except OSError as error:
        raise disk_error(folder, error) from error
