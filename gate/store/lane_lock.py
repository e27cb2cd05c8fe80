"""The lock that admits one lane to a state directory."""

import os
from pathlib import Path

from gate.errors import FinalStoreError
from gate.store.database import unusable
from gate.store.file_lock import try_lock


def claim_lane(state_dir: Path) -> int:
    """Lock the state directory for this lane; return the descriptor.  The lock is held until it is closed or the
    process ends, however it ends.  Raises StoreError when another lane holds it."""
    path = state_dir / "lane.lock"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
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
