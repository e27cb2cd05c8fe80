"""The metadata that a device accepted, beside those that a visit tries.

python-tuf stores verified metadata at once.  Signed metadata can still be useless, because the content they name is
missing or refused; they would then block the next mirror's.  So a visit works in its own folder, and its metadata are
kept when it succeeds.  New roots are kept in any case, because they revoke keys.
"""

import re
import shutil
from contextlib import suppress
from pathlib import Path

from gate.errors import StoreError
from gate.sync.shelf import Shelf, disk_error

MAX_METADATA = 4 << 20  # bytes of any one file

_ROLES = ("timestamp.json", "snapshot.json", "targets.json", "status.json", "subjects.json")
_NAMES = re.compile(r"(timestamp|snapshot|targets|status|subjects|root)\.json|timestamp\.validators")
_ROOTS = re.compile(r"[1-9][0-9]{0,8}\.root\.json")


class KeptMetadata:
    """The accepted metadata in `folder`, the device's tuf/. Every method raises StoreError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self.files = Shelf(folder, _NAMES)
        self.tried = folder / "visit"
        self._roots = Shelf(folder / "root_history", _ROOTS)
        self._prepare()

    def close(self) -> None:
        self._drop_visit()
        self.files.close()
        self._roots.close()

    def keep(self) -> None:
        """Accept the metadata of the visit."""
        for name in _ROLES:
            found = _content(self.tried / name)
            if found is not None and found != self.files.read(name, MAX_METADATA):
                self.files.write(name, found)

    def keep_roots(self) -> None:
        """Accept the new roots of the visit, which revoke keys."""
        for path in sorted((self.tried / "root_history").glob("*.root.json")):
            found = _content(path)
            if found is not None and found != self._roots.read(path.name, MAX_METADATA):
                self._roots.write(path.name, found)
        newest = _content(self.tried / "root.json")
        if newest is not None and newest != self.files.read("root.json", MAX_METADATA):
            self.files.write("root.json", newest)

    def visited(self, name: str) -> bytes:
        """Return a file of the visit's metadata.  Raises StoreError."""
        found = _content(self.tried / name)
        if found is None:
            raise StoreError(f"{self.tried / name}: it is missing", hint="Sync again")
        return found

    def _prepare(self) -> None:
        self._drop_visit()
        history = self.tried / "root_history"
        try:
            history.mkdir(mode=0o700, parents=True)
            for name in _ROLES:
                if (known := self.files.read(name, MAX_METADATA)) is not None:
                    (self.tried / name).write_bytes(known)
            for name in self._roots.names():
                if (known := self._roots.read(name, MAX_METADATA)) is not None:
                    (history / name).write_bytes(known)
        except OSError as error:
            raise disk_error(Path(error.filename or history), error) from error

    def _drop_visit(self) -> None:
        try:
            with suppress(FileNotFoundError):
                if self.tried.is_symlink() or not self.tried.is_dir():
                    self.tried.unlink()
                else:
                    shutil.rmtree(self.tried)
        except OSError as error:
            raise disk_error(Path(error.filename or self.tried), error) from error


def _content(path: Path) -> bytes | None:
    """Return a file that this visit wrote."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise disk_error(path, error) from error
