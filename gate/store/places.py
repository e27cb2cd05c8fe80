"""The places of a device's files.

The lane owns `state_dir`: lane.db, device.key, its locks and sockets.  The sync owns `list_dir`: list.db, tuf/,
subjects/, sync.lock and last-sync; the lane reads there and writes nothing.  Both may be one directory.

Where the configuration names a root.json, the lane answers from a list of its own: `verified`, below `state_dir`,
which the sync cannot write.  Its own child process fills it from the sync's list.db
(gate/decisions/0026-lists-verified-by-the-lane.md).
"""

from dataclasses import dataclass
from os.path import lexists
from pathlib import Path

SUBJECT_INDEX = "head.json"


@dataclass(frozen=True, slots=True)
class Places:
    """The directories of one device."""

    state_dir: Path
    list_dir: Path
    is_verified: bool = False  # `list_dir` is the lane's own, filled by the lane only

    @classmethod
    def of(cls, where: "Places | Path") -> "Places":
        """Return the places of a plain path: a directory that holds everything, its lists in lists/ if that folder
        exists."""
        if isinstance(where, Places):
            return where
        lists = where / "lists"
        return cls(where, lists if lists.is_dir() else where)

    @property
    def verified(self) -> "Places":
        """Return the places with the lists that the lane has verified by its own root."""
        return Places(self.state_dir, self.state_dir / "verified", is_verified=True)

    @property
    def list_db(self) -> Path:
        return self.list_dir / "list.db"

    @property
    def earlier_list_db(self) -> Path | None:
        """Return the path of a list.db from a release without a list directory; None where lists and state share
        one, and for verified lists: an earlier list.db was verified by nobody."""
        return None if self.is_verified or self.list_dir == self.state_dir else self.state_dir / "list.db"

    @property
    def subjects(self) -> Path:
        """Return the folder of the subject index, by which staff check people."""
        return self.list_dir / "subjects"

    @property
    def subject_index(self) -> Path:
        """Return the path of the subject index's head: where there is none, no index is held."""
        return self.subjects / SUBJECT_INDEX

    @property
    def held_list_db(self) -> Path:
        """Return the list.db to read: an earlier one as long as there is no other."""
        earlier = self.earlier_list_db
        return earlier if earlier and not lexists(self.list_db) and lexists(earlier) else self.list_db


Where = Places | Path
"""The argument of the store's functions: the places, or one directory for everything."""
