"""Where a device's files lie.

The lane owns `state_dir`: lane.db, device.key, its locks and sockets.  The sync owns `list_dir`: list.db, tuf/,
subjects/, sync.lock and last-sync; the lane reads there and writes nothing.  Both may be one directory.

Where the configuration names a root.json, the lane answers from a list of its own: `verified`, below `state_dir`, which
the sync cannot write.  Its own child process fills it from the sync's list.db
(gate/decisions/0026-lists-verified-by-the-lane.md).
"""

from dataclasses import dataclass
from os.path import lexists
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    state_dir: Path
    list_dir: Path
    is_verified: bool = False  # `list_dir` is the lane's own, filled by nobody but the lane

    @classmethod
    def of(cls, where: "Places | Path") -> "Places":
        """A plain path is a directory that holds everything, its lists in lists/ if it has such a folder."""
        if isinstance(where, Places):
            return where
        lists = where / "lists"
        return cls(where, lists if lists.is_dir() else where)

    @property
    def verified(self) -> "Places":
        """The lists that the lane has verified by its own root."""
        return Places(self.state_dir, self.state_dir / "verified", is_verified=True)

    @property
    def list_db(self) -> Path:
        return self.list_dir / "list.db"

    @property
    def earlier_list_db(self) -> Path | None:
        """Where a list.db of a device lies whose lists had no directory of their own; None where they are one, and
        for the verified ones: an earlier list.db was verified by nobody."""
        return None if self.is_verified or self.list_dir == self.state_dir else self.state_dir / "list.db"

    @property
    def held_list_db(self) -> Path:
        """The list.db to read: an earlier one as long as there is no other."""
        earlier = self.earlier_list_db
        return earlier if earlier and not lexists(self.list_db) and lexists(earlier) else self.list_db


Where = Places | Path
"""What functions of the store take: the places, or one directory for everything."""
