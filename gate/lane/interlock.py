"""The interlock of two doors of one device: the lane that holds the file may release its door, the other may not.

The kernel frees the file when a process ends, however it ends: a lane that was killed keeps nobody in.  Doors on
two devices use contacts (role interlock) instead, which leave a gap as long as a contact takes.
"""

import fcntl
import os
from pathlib import Path

from gate.errors import DeviceError
from gate.ports.inputs import Level, Role
from gate.store.file_lock import try_lock


class DoorInterlock:
    """One door's claim on the interlock.  Every method returns at once."""

    def __init__(self, path: Path) -> None:
        """Open the file.  Raises DeviceError."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise DeviceError(
                f"the interlock's file {path} cannot be opened: {error.strerror}",
                hint="Name a file that both lanes may write, such as /run/gate/mantrap",
            ) from error
        self.held = False

    def take(self) -> bool:
        """Claim the way for this door, and keep the other one shut from now on; return whether this door has it."""
        self.held = self.held or try_lock(self._file)
        return self.held

    def level(self, at: float) -> Level:
        """Return the level of the other door, as a contact with the role interlock reports it.  `at`: monotonic
        seconds."""
        return Level(Role.INTERLOCK, not self.take(), at)

    def give_back(self) -> None:
        """Free the way for the other door."""
        if self.held:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self.held = False

    def close(self) -> None:
        os.close(self._file)
