"""What one mirror offers, as far as the authority signed it: TUF (python-tuf) with our own sense of time.

    root      who may sign what; begins with the root.json that the technician installed
    timestamp names the snapshot, snapshot the versions of the rest: no mix, no way back
    targets   length and hash of trust.json and rules.json; hands status/ and subjects/ on to online keys

python-tuf compares expiry with the system clock, which anybody can set: it is given the trusted time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import (
    DownloadError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
)
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater, UpdaterConfig

from gate.errors import SyncError
from gate.store.wire import MAX_DOCUMENT
from gate.sync.mirror import Mirror

METADATA = "metadata"  # folders below a mirror's address
TARGETS = "targets"
TIMESTAMP = f"{METADATA}/timestamp.json"

_LIMITS = UpdaterConfig(  # bytes: what ours take, and room
    max_root_rotations=64,
    max_delegations=4,
    root_max_length=64 << 10,
    timestamp_max_length=16 << 10,
    snapshot_max_length=64 << 10,
    targets_max_length=4 << 20,
)

logging.getLogger("tuf").setLevel(logging.CRITICAL)  # what goes wrong is raised, and told by us


class Repository:
    """One visit to one mirror.  `folder`: the device's tuf/; `now`: Unix s, trusted clock."""

    def __init__(self, mirror: Mirror, folder: Path, root: bytes, now: float) -> None:
        """Raises SyncError for a root.json that is none."""
        self._mirror = mirror
        self._kept = folder / TARGETS
        self._parts = folder / "parts"
        for place in (folder, self._kept, self._parts):
            place.mkdir(parents=True, exist_ok=True)
        with _told(mirror.base):
            self._updater = Updater(
                str(folder), f"{mirror.base}/{METADATA}", fetcher=mirror, config=_LIMITS, bootstrap=root
            )
        trusted = self._updater._trusted_set
        if not isinstance(trusted.reference_time, datetime):
            raise TypeError("python-tuf keeps its time elsewhere now")
        trusted.reference_time = datetime.fromtimestamp(now, UTC)

    def refresh(self) -> None:
        """Raises SyncError."""
        with _told(self._mirror.base):
            self._updater.refresh()

    def length(self, name: str) -> int | None:
        """Bytes of a file; None when the authority offers none of this name.  Raises SyncError."""
        found = self._find(name)
        return None if found is None else found.length

    def document(self, name: str) -> bytes:
        """A small file, whole; kept between visits.  Raises SyncError."""
        path = self.fetch(name, MAX_DOCUMENT)
        return path.read_bytes()

    def fetch(self, name: str, most: int) -> Path:
        """A file of at most `most` bytes, verified, on this device's disk; a broken download is resumed.
        Raises SyncError."""
        target = self._find(name)
        if target is None:
            raise SyncError(f"{self._mirror.base}: {name} is named but not offered", hint="Publish the list again")
        if target.length > most:
            raise SyncError(f"{self._mirror.base}: {name} has {target.length} bytes", hint="No list is as large")
        sha256 = target.hashes["sha256"]
        kept = self._kept / f"{sha256}.{name.rpartition('/')[2]}"
        if self._is(kept, target):
            return kept
        part = self._parts / sha256
        folder, slash, last = name.rpartition("/")
        path = f"{TARGETS}/{folder}{slash}{sha256}.{last}"
        with _told(self._mirror.base):
            resumed = part.exists()
            self._mirror.download(path, target.length, part)
            if resumed and not self._is(part, target):  # what was there before was not its beginning
                part.unlink()
                self._mirror.download(path, target.length, part)
            try:
                with part.open("rb") as file:
                    target.verify_length_and_hashes(file)
            except LengthOrHashMismatchError:
                part.unlink()
                raise
        part.replace(kept)
        return kept

    def forget_all_but(self, names: frozenset[str]) -> None:
        """Remove the files of earlier visits, and broken downloads.  Raises OSError."""
        found = [self._find(name) for name in names]
        wanted = {target.hashes["sha256"] for target in found if target}
        for path in (*self._kept.iterdir(), *self._parts.iterdir()):
            if path.name.partition(".")[0] not in wanted:
                path.unlink(missing_ok=True)

    def _find(self, name: str) -> TargetFile | None:
        with _told(self._mirror.base):
            return self._updater.get_targetinfo(name)

    @staticmethod
    def _is(path: Path, target: TargetFile) -> bool:
        try:
            with path.open("rb") as file:
                target.verify_length_and_hashes(file)
        except (OSError, LengthOrHashMismatchError):
            return False
        return True


@contextmanager
def _told(mirror: str) -> Iterator[None]:
    """One line for a technician in place of python-tuf's words."""
    try:
        yield
    except ExpiredMetadataError as error:
        raise SyncError(
            f"{mirror}: what it serves has expired ({error})", hint="It is no longer updated, or its authority is not"
        ) from error
    except RepositoryError as error:
        raise SyncError(
            f"{mirror}: not what the authority signed ({error})",
            hint="A log-in page or another site answers there, it is damaged, or root.json is of another authority",
        ) from error
    except DownloadError as error:
        raise SyncError(str(error) or f"{mirror}: download failed", hint="Check the network and the address") from error
