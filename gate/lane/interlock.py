"""Two doors of one device, of which only one may be released or open: the lane that holds the file may.

The kernel lets go of it when a process ends, however it ends: a lane that was killed keeps nobody in.
Doors on two devices use contacts (role interlock) instead, which leaves the moment that a contact takes.
"""

import fcntl
import os
from pathlib import Path

from gate.errors import DeviceError
from gate.ports.inputs import Level, Role


class DoorInterlock:
    """Every method returns at once."""

    def __init__(self, path: Path) -> None:
        """Raises DeviceError."""
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
        """Whether this door may be released: it keeps the other one shut from now on."""
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def level(self, at: float) -> Level:
        """The other door as a contact with the role interlock would report it.  `at`: monotonic seconds."""
        return Level(Role.INTERLOCK, not self.take(), at)

    def give_back(self) -> None:
        if self.held:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self.held = False

    def close(self) -> None:
        os.close(self._file)
