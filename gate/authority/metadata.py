"""Files of a TUF repository in a folder: which belong together, and which are obsolete."""

import hashlib
from pathlib import Path
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from gate.authority import files
from gate.authority.roles import DELEGATED, SigningRole
from gate.errors import StoreError

METADATA, TARGETS = "metadata", "targets"
TIMESTAMP = f"{METADATA}/timestamp.json"

SignedPart = TypeVar("SignedPart", bound=Signed)


def read(path: Path) -> bytes:
    """Read a file.  Raises StoreError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}", hint="Put it back from a backup") from error


def parse(data: bytes, kind: type[SignedPart]) -> SignedPart:
    """Parse a role's metadata.  Raises StoreError."""
    try:
        signed = Metadata.from_bytes(data).signed
    except RepositoryError as error:
        raise StoreError(f"the metadata is malformed: {error}", hint="Put it back from a backup") from error
    if not isinstance(signed, kind):
        raise StoreError(f"metadata of {signed.type} where another role's should be", hint="Put it back from a backup")
    return signed


def newest(folder: Path, role: SigningRole) -> int:
    """Return the highest version of a role's metadata in a repository's folder; 0 when there is none."""
    paths = (folder / METADATA).glob(f"*.{role}.json")
    return max((int(path.name.partition(".")[0]) for path in paths), default=0)


def load(folder: Path, role: SigningRole, kind: type[SignedPart]) -> SignedPart:
    """Load the newest version of a role's metadata.  Raises StoreError."""
    return parse(read(folder / METADATA / f"{newest(folder, role)}.{role}.json"), kind)


def published(folder: Path) -> dict[SigningRole, int]:
    """Return the versions that belong together; empty before the first publication.  Raises StoreError."""
    if not (folder / TIMESTAMP).exists():
        return {}
    timestamp = parse(read(folder / TIMESTAMP), Timestamp)
    number = timestamp.snapshot_meta.version
    snapshot = parse(read(folder / METADATA / f"{number}.{SigningRole.SNAPSHOT}.json"), Snapshot)
    versions = {SigningRole(name.removesuffix(".json")): meta.version for name, meta in snapshot.meta.items()}
    return versions | {SigningRole.SNAPSHOT: number, SigningRole.TIMESTAMP: timestamp.version}


def named(folder: Path) -> set[str]:
    """Return every file of the publication in `folder`, and every root.  Empty before the first publication."""
    versions = published(folder)
    if not versions:
        return set()
    needed = {TIMESTAMP} | {f"{METADATA}/{path.name}" for path in (folder / METADATA).glob("*.root.json")}
    for role, version in versions.items():
        if role is not SigningRole.TIMESTAMP:
            needed.add(f"{METADATA}/{version}.{role}.json")
    for role in (SigningRole.TARGETS, *DELEGATED):
        targets = parse(read(folder / METADATA / f"{versions[role]}.{role}.json"), Targets).targets
        needed |= {f"{TARGETS}/{stored(name, target)}" for name, target in targets.items()}
    return needed


def stored(name: str, target: TargetFile) -> str:
    """Return a file's path below targets/. Its digest precedes its name, so that a path never names two contents."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{target.hashes['sha256']}.{last}"


def described(name: str, data: bytes) -> TargetFile:
    """Return the target entry for a file's content."""
    return TargetFile(len(data), {"sha256": hashlib.sha256(data).hexdigest()}, name)


def prune(folder: Path, kept: set[str]) -> None:
    """Remove files that are not in `kept`, and partial files that a crash left."""
    for path in [*(folder / METADATA).rglob("*"), *(folder / TARGETS).rglob("*")]:
        if path.is_file() and (path.relative_to(folder).as_posix() not in kept or path.suffix == files.PART):
            path.unlink(missing_ok=True)


def is_signed(root: Root, role: SigningRole, data: bytes) -> bool:
    """Return whether the keys that `root` names for a role signed its metadata."""
    metadata = Metadata[Targets].from_bytes(data)
    try:
        root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except RepositoryError:
        return False
    return True
