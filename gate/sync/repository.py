"""The signed files of one mirror: TUF (python-tuf), judged by the trusted time.

    root      the keys of each role; the first is the root.json that the technician installed
    timestamp names the snapshot; snapshot names the other versions: no mix and match, no rollback
    targets   length and hash of trust.json and rules.json; delegates status/ and subjects/ to online keys

python-tuf compares expiry with the system clock, which anybody can set, so it gets the trusted time.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater, UpdaterConfig

from gate.errors import SyncError
from gate.sync.folder import METADATA, TARGETS
from gate.sync.kept_metadata import KeptMetadata
from gate.sync.list_mirror import ListMirror
from gate.sync.mirror import Mirror
from gate.sync.shelf import Shelf

TIMESTAMP = f"{METADATA}/timestamp.json"
MAX_DOCUMENT = 4 << 20  # bytes of trust.json, rules.json, head.json
MAX_KEPT = 128 << 20  # bytes of either folder: twice the largest list
_NAME = re.compile(r"([a-z]{1,20}/){0,2}[a-z0-9-]{1,80}\.[a-z]{1,8}")  # of every valid target
_SHA256 = re.compile(r"[0-9a-f]{64}")

_LIMITS = UpdaterConfig(  # bytes: the size of ours, with a margin
    max_root_rotations=64,
    max_delegations=1,  # targets to status or subjects only: a name from online keys must not become a file's
    root_max_length=64 << 10,
    timestamp_max_length=16 << 10,
    snapshot_max_length=64 << 10,
    targets_max_length=4 << 20,
)


class ExpiredError(SyncError):
    """Error for a mirror whose metadata had expired at the reference time."""


class MirrorRepository:
    """One visit to one mirror.  `folder`: the device's tuf/; `now`: Unix s, trusted clock."""

    def __init__(self, mirror: Mirror | ListMirror, kept: KeptMetadata, folder: Path, root: bytes, now: float) -> None:
        """Raises StoreError, and SyncError for a root.json that is invalid."""
        self._mirror = mirror
        self._metadata = kept
        with _as_sync_error(mirror.base):
            self._updater = Updater(
                str(kept.tried), f"{mirror.base}/{METADATA}", fetcher=mirror, config=_LIMITS, bootstrap=root
            )
        trusted = self._updater._trusted_set
        self._first_root = trusted.root.version  # of the installed root.json
        if not isinstance(trusted.reference_time, datetime):
            raise TypeError("python-tuf keeps its time elsewhere now")
        trusted.reference_time = datetime.fromtimestamp(now, UTC)
        self._kept, self._parts = Shelf(folder / TARGETS), Shelf(folder / "parts")  # opened last: `close` closes them

    @property
    def base(self) -> str:
        return self._mirror.base

    def refresh(self) -> None:
        """Fetch and verify the metadata.  Raises SyncError, StoreError."""
        try:
            with _as_sync_error(self._mirror.base):
                self._updater.refresh()
        finally:
            self._metadata.keep_roots()

    @property
    def offline_end(self) -> float:
        """First expiry of offline signatures, Unix s; after `refresh`."""
        trusted = self._updater._trusted_set
        return min(trusted.root.expires, trusted.targets.expires).timestamp()

    def keep(self) -> None:
        """Accept the metadata of this visit.  Raises StoreError."""
        self._metadata.keep()

    def close(self) -> None:
        self._kept.close()
        self._parts.close()

    def proof(self, name: str, role: str) -> dict[str, bytes]:
        """Return the signed documents of the file `name`, by their names on a mirror: the file, and this visit's
        metadata down to those of `role`, which signs it.  Raises SyncError, StoreError."""
        found = {name: self.document(name)}
        trusted = self._updater._trusted_set
        for number in range(self._first_root, trusted.root.version + 1):
            root = f"{number}.root.json"
            found[f"{METADATA}/{root}"] = self._metadata.visited(f"root_history/{root}")
        found[TIMESTAMP] = self._metadata.visited("timestamp.json")
        for part in ("snapshot", "targets", role):
            found[f"{METADATA}/{trusted[part].version}.{part}.json"] = self._metadata.visited(f"{part}.json")
        return found

    def length(self, name: str) -> int | None:
        """Return a file's length in bytes; None when the authority offers no such file.  Raises SyncError."""
        found = self._find(name)
        return None if found is None else found.length

    def document(self, name: str) -> bytes:
        """Return a small file, whole; it is kept between visits.  Raises SyncError, StoreError."""
        return self.fetch(name, MAX_DOCUMENT)

    def fetch(self, name: str, most: int) -> bytes:
        """Fetch and verify a file of at most `most` bytes.  It is kept, and an interrupted download is resumed.
        Raises SyncError, StoreError."""
        target = self._find(name)
        if target is None:
            raise SyncError(f"{self._mirror.base}: {name} is named but not offered", hint="Publish the list again")
        if target.length > most:
            raise SyncError(f"{self._mirror.base}: {name} has {target.length} bytes", hint="No list is as large")
        part, kept = target.hashes["sha256"], _kept_name(target)
        content = self._kept.read(kept, target.length)
        if content is not None and _is(content, target):
            return content
        for shelf in (self._kept, self._parts):
            shelf.bound(MAX_KEPT - target.length, keep=part)
        with _as_sync_error(self._mirror.base):
            resumed = self._parts.size(part) > 0
            content = self._download(target)
            if resumed and not _is(content, target):  # the bytes kept were not its beginning
                self._parts.remove(part)
                content = self._download(target)
        if not _is(content, target):
            self._parts.remove(part)
            raise SyncError(
                f"{self._mirror.base}: {name} is not what the authority signed",
                hint="The mirror is damaged or half copied: copy the publication to it again",
            )
        self._parts.move(part, self._kept, kept)
        return content

    def drop(self, name: str) -> None:
        """Remove a fetched file.  Raises SyncError, StoreError."""
        if (target := self._find(name)) is not None:
            self._kept.remove(_kept_name(target))

    def keep_only(self, names: frozenset[str]) -> None:
        """Remove the files of earlier visits, and interrupted downloads.  Raises SyncError, StoreError."""
        found = [self._find(name) for name in names]
        needed = frozenset(target.hashes["sha256"] for target in found if target)
        for shelf in (self._kept, self._parts):
            shelf.keep_only(needed)

    def _download(self, target: TargetFile) -> bytes:
        """Download a file; return its content, at most `target.length` bytes."""
        sha256 = target.hashes["sha256"]
        folder, slash, last = target.path.rpartition("/")
        path = f"{TARGETS}/{folder}{slash}{sha256}.{last}"
        self._mirror.download(path, target.length, self._parts, sha256)
        return self._parts.read(sha256, target.length) or b""

    def _find(self, name: str) -> TargetFile | None:
        """Find a target.  Raises SyncError also for a description that could lead to another file."""
        if not _NAME.fullmatch(name):
            raise SyncError(f"{self._mirror.base}: {name!r} is no name of a list", hint="Publish the list again")
        with _as_sync_error(self._mirror.base):
            target = self._updater.get_targetinfo(name)
        if target is not None and not _SHA256.fullmatch(target.hashes.get("sha256", "")):
            raise SyncError(
                f"{self._mirror.base}: {name} is described without a SHA-256", hint="Publish it with `gate authority`"
            )
        return target


def _kept_name(target: TargetFile) -> str:
    return f"{target.hashes['sha256']}.{target.path.rpartition('/')[2]}"


def _is(content: bytes, target: TargetFile) -> bool:
    return len(content) == target.length and hashlib.sha256(content).hexdigest() == target.hashes["sha256"]


@contextmanager
def _as_sync_error(mirror: str) -> Iterator[None]:
    """Replace python-tuf's exceptions by one line for a technician."""
    try:
        yield
    except ExpiredMetadataError as error:
        raise ExpiredError(
            f"{mirror}: what it serves has expired", hint="It is no longer updated, or its authority is not"
        ) from error
    except UnsignedMetadataError as error:
        raise SyncError(
            f"{mirror}: not what the authority signed (a signature is missing or wrong)",
            hint="root.json here is of another authority, or somebody has changed what is served there",
        ) from error
    except (RepositoryError, DownloadLengthMismatchError) as error:
        raise SyncError(
            f"{mirror}: not what the authority signed ({_fault(error)})",
            hint="A log-in page or another site answers there, or what is there is damaged",
        ) from error
    except DownloadHTTPError as error:
        raise SyncError(str(error), hint="The mirror is half copied, or this is not its address") from error
    except DownloadError as error:
        raise SyncError(f"{mirror}: the download failed", hint="Check the network and the address") from error


def _fault(error: RepositoryError | DownloadLengthMismatchError) -> str:
    """Return a short text for a python-tuf exception."""
    if isinstance(error, BadVersionNumberError):
        return "older than what is held here, or of another publication"
    if isinstance(error, DownloadLengthMismatchError | LengthOrHashMismatchError):
        return "a file has another length or content"
    return "it is no metadata"
