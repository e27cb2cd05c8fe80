"""The lock that admits one lane to a state directory."""

import os
from pathlib import Path

from gate.errors import FinalStoreError
from gate.store.database import unusable
from gate.store.durable import move_odd_aside
from gate.store.file_lock import try_lock

_LOCK = "lane.lock"


def claim_lane(state_dir: Path) -> int:
    """Lock the state directory for this lane; return the descriptor.  The lock is held until it is closed or the
    process ends, however it ends.  Raises StoreError when another lane holds it."""
    path = state_dir / _LOCK
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        move_odd_aside(path)  # nobody holds what is no file
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        if try_lock(descriptor):
            return descriptor
    except OSError as error:
        os.close(descriptor)
        raise unusable(path, error) from error
    os.close(descriptor)
    raise FinalStoreError(
        f"{state_dir} is in use by another gate",
        hint="Only one `gate run` may use a state directory; stop the other",
    )


def lane_pid(state_dir: Path) -> int | None:
    """Return the process that holds the directory, as the kernel lists it; None where no lane runs.  Takes no lock,
    which could keep a lane that starts from its own.  Raises PermissionError for a user who may not look."""
    try:
        found = (state_dir / _LOCK).stat()
        rows = [row.split() for row in Path("/proc/locks").read_text().splitlines()]
    except PermissionError:
        raise
    except OSError:
        return None
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    # 1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF; a row with "->" waits for a lock
    holders = [int(row[4]) for row in rows if len(row) > 5 and row[1] == "FLOCK" and row[5] == place]
    return holders[0] if holders else None
