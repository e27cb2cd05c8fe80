"""The signed publication: a TUF repository (python-tuf) with consistent snapshots.

    metadata/   N.root.json N.targets.json N.status.json N.subjects.json N.snapshot.json timestamp.json
    targets/    <sha256>.<name>, in folders as the names have them

The authority's own copy is authoritative.  `place` copies it into any folder that a web server, a CDN or a
USB stick serves.  Files are never changed, only added and, a publication later, removed.  timestamp.json is
written last, so that a concurrent reader finds the state before or after.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from gate.authority import files, metadata
from gate.authority.metadata import METADATA, TARGETS, TIMESTAMP
from gate.authority.private_keys import PrivateKeys
from gate.authority.roles import DELEGATED, OFFLINE, SigningRole, make_keys, signers
from gate.errors import PublishError, StoreError, UsageError

LIVES = {  # lifetime of each role's signatures
    SigningRole.ROOT: timedelta(days=730),
    SigningRole.TARGETS: timedelta(days=730),
    SigningRole.STATUS: timedelta(days=30),
    SigningRole.SUBJECTS: timedelta(days=30),
    SigningRole.SNAPSHOT: timedelta(days=30),
    SigningRole.TIMESTAMP: timedelta(days=7),
}
RENEWED_BEFORE = timedelta(days=180)  # before the expiry of offline signatures
PATHS = {SigningRole.STATUS: ["status/*"], SigningRole.SUBJECTS: ["subjects/*", "subjects/keys/*"]}

Part = TypeVar("Part", Targets, Snapshot, Timestamp)


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one role: new files, and the names of published ones that stay unchanged."""

    new: Mapping[str, bytes]
    kept: frozenset[str] = frozenset()


class AuthorityRepository:
    """The signed repository of one authority.  `online`, `offline`: the folders of the private keys.  Times are Unix
    s.  Every method raises StoreError when the disk refuses, and UsageError when a required key is missing.  The
    caller holds the authority's lock during changes."""

    def __init__(self, folder: Path, online: Path, offline: Path, private: PrivateKeys) -> None:
        self.folder = folder
        self._private = private
        self._online = online
        self._offline = offline

    # Keys

    def create(self, at: int, *, root_keys: int, threshold: int) -> None:
        """Make keys for every role, and the first root."""
        if not 1 <= threshold <= root_keys:
            raise UsageError(f"{threshold} of {root_keys} root keys cannot sign", hint="Ask for fewer, or make more")
        root = Root(version=1, expires=_until(at, SigningRole.ROOT), consistent_snapshot=True)
        for role in (SigningRole.ROOT, SigningRole.TARGETS, SigningRole.SNAPSHOT, SigningRole.TIMESTAMP):
            for key in self._make_keys(role, root_keys if role is SigningRole.ROOT else 1):
                root.add_key(key, role)
        root.roles[SigningRole.ROOT].threshold = threshold
        targets = Targets(version=1, expires=_until(at, SigningRole.TARGETS), delegations=Delegations({}, {}))
        for role in DELEGATED:
            self._delegate(targets, role)
        self._save_root(root, [root])
        self._save(targets, SigningRole.TARGETS, root.roles[SigningRole.TARGETS].keyids)
        for role in DELEGATED:
            self._save(Targets(version=1, expires=_until(at, role)), role, _keyids(targets, role))

    def root_json(self) -> bytes:
        """Return the newest root, the trust anchor of a device."""
        return metadata.read(self._path(SigningRole.ROOT, metadata.newest(self.folder, SigningRole.ROOT)))

    def rotate(self, role: SigningRole, at: int) -> None:
        """Replace a role's keys by the same number of new ones.  The old ones are void after the next publication."""
        if role in DELEGATED:
            targets = metadata.load(self.folder, SigningRole.TARGETS, Targets)
            self._delegate(targets, role)
            self._save_targets(targets, at)
            return
        old, new = self._root(), self._root()
        keyids = list(old.roles[role].keyids)
        for keyid in keyids:
            new.revoke_key(keyid, role)
        for key in self._make_keys(role, len(keyids)):
            new.add_key(key, role)
        self._next_root(old, new, at)

    def renew_root(self, at: int) -> None:
        """Sign the same root again when it expires within half a year, or was signed by a clock that was ahead."""
        left = self._root().expires - _moment(at)
        if left < RENEWED_BEFORE or left > LIVES[SigningRole.ROOT] + timedelta(days=1):
            self._next_root(self._root(), self._root(), at)

    def offline_end(self) -> int:
        """Return the first expiry of offline signatures, Unix s."""
        return int(min(self._root().expires, self._targets(SigningRole.TARGETS).expires).timestamp())

    # Publications

    def content(self, role: SigningRole, name: str) -> bytes | None:
        """Return a file as the role published it last; None when there is none."""
        target = self._targets(role).targets.get(name)
        return None if target is None else metadata.read(self.folder / TARGETS / metadata.stored(name, target))

    def documents(self) -> dict[str, bytes]:
        """Return the files that offline keys sign, by name."""
        found = {name: self.content(SigningRole.TARGETS, name) for name in self._targets(SigningRole.TARGETS).targets}
        return {name: data for name, data in found.items() if data is not None}

    def lengths(self, role: SigningRole) -> dict[str, int]:
        """Return the lengths in bytes of a role's files."""
        return {name: target.length for name, target in self._targets(role).targets.items()}

    def publish(self, at: int, contents: Mapping[SigningRole, Content]) -> None:
        """Publish TARGETS, STATUS and SUBJECTS, all three required.  TARGETS is signed again only if it changed."""
        root, before = self._root(), metadata.named(self.folder)
        last = metadata.published(self.folder)
        meta = {f"{role}.json": MetaFile(self._publish_role(role, contents[role], at)) for role in contents}
        number = last.get(SigningRole.SNAPSHOT, 0) + 1
        snapshot = Snapshot(version=number, expires=_until(at, SigningRole.SNAPSHOT), meta=meta)
        self._save(snapshot, SigningRole.SNAPSHOT, root.roles[SigningRole.SNAPSHOT].keyids)
        timestamp = Timestamp(
            version=last.get(SigningRole.TIMESTAMP, 0) + 1,
            expires=_until(at, SigningRole.TIMESTAMP),
            snapshot_meta=MetaFile(number),
        )
        self._save(timestamp, SigningRole.TIMESTAMP, root.roles[SigningRole.TIMESTAMP].keyids)
        metadata.prune(self.folder, metadata.named(self.folder) | before)

    def place(self, to: Path) -> None:
        """Copy the publication into a folder that gates read from.  Raises PublishError when `to` holds a later one;
        `to` is then unchanged."""
        self._check_not_later(to)
        needed, before = metadata.named(self.folder), _named_or_nothing(to)
        for name in sorted(needed - {TIMESTAMP}, key=lambda name: (name.startswith(METADATA), name)):
            data = metadata.read(self.folder / name)
            if _other(to / name, data):
                files.make_directory((to / name).parent)
                files.write(to / name, data)
        files.write(to / TIMESTAMP, metadata.read(self.folder / TIMESTAMP))
        metadata.prune(to, needed | before)

    def _publish_role(self, role: SigningRole, content: Content, at: int) -> int:
        """Publish one role; return its version."""
        old = self._targets(role)
        targets = {name: old.targets[name] for name in content.kept}
        targets |= {name: metadata.described(name, data) for name, data in content.new.items()}
        for name, data in content.new.items():
            path = self.folder / TARGETS / metadata.stored(name, targets[name])
            files.make_directory(path.parent)
            if _other(path, data):
                files.write(path, data)
        if role is SigningRole.TARGETS:
            if old.targets != targets or not self._is_signed(old):
                old.targets = targets
                self._save_targets(old, at)
            elif old.expires - _moment(at) < RENEWED_BEFORE:
                with suppress(UsageError):  # the key is missing: the old signature is still valid
                    self._save_targets(old, at)
            return metadata.newest(self.folder, role)
        fresh = Targets(version=old.version + 1, expires=_until(at, role), targets=targets)
        self._save(fresh, role, _keyids(self._targets(SigningRole.TARGETS), role))
        return fresh.version

    # Small parts

    def _make_keys(self, role: SigningRole, count: int) -> list[Key]:
        return make_keys(self._offline if role in OFFLINE else self._online, role, count, self._private)

    def _delegate(self, targets: Targets, role: SigningRole) -> None:
        """Delegate a role's folder to new keys."""
        delegations = targets.delegations
        assert delegations is not None and delegations.roles is not None  # noqa: S101, PT018 - `create` made sure of it
        keys = self._make_keys(role, 1)
        for keyid in delegations.roles[role].keyids if role in delegations.roles else []:
            delegations.keys.pop(keyid, None)
        delegations.keys.update({key.keyid: key for key in keys})
        delegations.roles[role] = DelegatedRole(
            role, [key.keyid for key in keys], 1, terminating=True, paths=PATHS[role]
        )

    def _next_root(self, old: Root, new: Root, at: int) -> None:
        new.version = old.version + 1
        new.expires = _until(at, SigningRole.ROOT)
        self._save_root(new, [old, new])

    def _save_root(self, root: Root, judges: list[Root]) -> None:
        """Write a root that the thresholds of all `judges` accept."""
        signed = Metadata(root)
        for judge in judges:
            role = judge.roles[SigningRole.ROOT]
            for signer in signers(SigningRole.ROOT, role.keyids, role.threshold, self._folders, self._private):
                signed.sign(signer, append=True)
        files.make_directory(self.folder / METADATA)
        files.write(self._path(SigningRole.ROOT, root.version), signed.to_bytes())

    def _save_targets(self, targets: Targets, at: int) -> None:
        targets.version = metadata.newest(self.folder, SigningRole.TARGETS) + 1
        targets.expires = _until(at, SigningRole.TARGETS)
        self._save(targets, SigningRole.TARGETS, self._root().roles[SigningRole.TARGETS].keyids)

    def _save(self, part: Part, role: SigningRole, keyids: list[str]) -> None:
        signed = Metadata[Part](part)
        for signer in signers(role, keyids, 1, self._folders, self._private):
            signed.sign(signer, append=True)
        path = self.folder / TIMESTAMP if role is SigningRole.TIMESTAMP else self._path(role, part.version)
        files.write(path, signed.to_bytes())

    def _is_signed(self, targets: Targets) -> bool:
        """Return whether a key that the root still names signed them."""
        data = metadata.read(self._path(SigningRole.TARGETS, targets.version))
        return metadata.is_signed(self._root(), SigningRole.TARGETS, data)

    def _check_not_later(self, to: Path) -> None:
        theirs = _published_or_nothing(to).get(SigningRole.TIMESTAMP, 0)
        ours = metadata.published(self.folder).get(SigningRole.TIMESTAMP, 0)
        if theirs > ours:
            raise PublishError(
                f"{to} holds publication {theirs}, this authority's last is {ours}",
                hint="Publish from the newest copy of this authority, or to an empty folder",
            )

    @property
    def _folders(self) -> list[Path]:
        return list(dict.fromkeys((self._online, self._offline)))

    def _path(self, role: SigningRole, version: int) -> Path:
        return self.folder / METADATA / f"{version}.{role}.json"

    def _root(self) -> Root:
        return metadata.load(self.folder, SigningRole.ROOT, Root)

    def _targets(self, role: SigningRole) -> Targets:
        return metadata.load(self.folder, role, Targets)


def _keyids(targets: Targets, role: SigningRole) -> list[str]:
    delegations = targets.delegations
    assert delegations is not None and delegations.roles is not None  # noqa: S101, PT018 - `create` made sure of it
    return list(delegations.roles[role].keyids)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _until(at: int, role: SigningRole) -> datetime:
    return _moment(at) + LIVES[role]


def _other(path: Path, data: bytes) -> bool:
    """Return whether the file is missing, or differs from `data`."""
    try:
        return path.read_bytes() != data
    except OSError:
        return True


def _published_or_nothing(folder: Path) -> dict[SigningRole, int]:
    """Treat a damaged copy as empty: the next `place` repairs it."""
    try:
        return metadata.published(folder)
    except StoreError:
        return {}


def _named_or_nothing(folder: Path) -> set[str]:
    try:
        return metadata.named(folder)
    except StoreError:
        return set()
