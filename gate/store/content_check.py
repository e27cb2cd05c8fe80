"""The check of all of list.db against its signed hash, on a thread beside the lane.

A look-up verifies only the chunk it needs.  Damage elsewhere must be found before somebody needs it.
"""

import os
import threading
from contextlib import closing, suppress
from pathlib import Path

from gate.errors import DamagedError, StoreError
from gate.store.list_file import ForeignContentError, Identity, ListFile

PAUSE = 0.005  # seconds between two slices: a list of 20 million people takes 2 s here, 10 % of them at work
NICE = 19  # of this thread alone


class ContentCheck(threading.Thread):
    """The check of one file, once.  Read `damage` from any thread; it is set at the end, if at all."""

    def __init__(self, path: Path, identity: Identity) -> None:
        super().__init__(name="list check", daemon=True)
        self._path = path
        self._identity = identity
        self._stopped = threading.Event()
        self.damage: StoreError | None = None

    @property
    def refuses_all(self) -> bool:
        """Return whether no part of the file counts.  Otherwise each chunk that agrees with its digest does."""
        return isinstance(self.damage, ForeignContentError)

    def run(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        try:
            with closing(ListFile(self._path)) as file:
                if file.identity == self._identity:
                    file.check(pause=self._pause)
        except _StoppedError:
            return
        except StoreError as error:
            if isinstance(error, DamagedError) or self._path.exists():
                self.damage = error

    def stop(self) -> None:
        """Stop the thread, and return when it has ended: after a slice."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def _pause(self) -> None:
        if self._stopped.wait(PAUSE):
            raise _StoppedError


class _StoppedError(Exception):
    pass
