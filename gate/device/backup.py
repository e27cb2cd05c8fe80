"""The backup of a device: what another one needs to take its place.

Identity (device.key), configuration, secrets, and of each lane the standing orders, the uses and who is inside.  Not
the lists, which are fetched again, and not the journal, which stays evidence of the device that wrote it.
"""

import io
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.device.layout import DeviceLayout
from gate.device.owner import as_owner
from gate.device.provision.credstore import kept_secrets, read_secret
from gate.errors import ConfigError, StoreError, in_words
from gate.ports.credentials import NAME
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.store.durable import read_regular
from gate.store.journal_end import End
from gate.store.lane_backup import BackedUpLane, read_lane

_MANIFEST = "manifest.json"
_FORM = 1
MOST_OF_FILE = 4 << 20  # bytes of a configuration or secret
_CONFIG, _SECRETS, _LANES = "etc/gate/", "secrets/", "lanes/"


class LaneEntry(BaseModel):
    """A lane in a backup: its configuration, and where its journal ended."""

    config: str  # below etc/gate/
    device: str
    state_dir: str  # below the root
    public: str  # half of its key
    seq: int
    digest: str
    at: int | None  # Unix ms: of its last row


class BackupManifest(BaseModel):
    """Contents of a backup."""

    model_config = ConfigDict(extra="ignore")

    form: int = _FORM
    made_at: int  # Unix s, system time
    gate: str  # the release that made it
    lanes: list[LaneEntry] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)  # secrets that this device could not decrypt

    @property
    def made(self) -> str:
        return datetime.fromtimestamp(self.made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")


@dataclass(frozen=True, slots=True)
class DeviceBackup:
    """A backup: configuration by its path below the root, secrets by their name, lanes by their configuration."""

    manifest: BackupManifest
    files: dict[str, tuple[int, bytes]]  # mode, content
    secrets: dict[str, str]
    lanes: dict[str, BackedUpLane]


def _named_in(layout: DeviceLayout, config: Path) -> tuple[str, Path]:
    """Return the device's id and its state directory below the root.  Raises ConfigError."""
    device = load_settings(config, config_of).device
    folder = Path(os.path.normpath(device.state_dir.absolute()))
    below = folder if folder.is_relative_to(layout.root) else layout.root / folder.relative_to("/")
    return device.id, below


def take(layout: DeviceLayout, at: float) -> DeviceBackup:
    """Take the backup of a device, whose lanes may run.  `at`: system time, Unix s.  Raises GateError."""
    configs = [layout.config, *sorted(layout.lanes.glob("*.toml"))]
    if not layout.config.exists():
        raise ConfigError(f"{layout.config} is missing", hint="Only a configured device can be backed up")
    entries, lanes = [], {}
    for config in configs:
        device, state_dir = _named_in(layout, config)
        with as_owner(state_dir):
            lane = read_lane(state_dir) if state_dir.is_dir() else None
        if lane is not None:
            name = config.relative_to(layout.etc).as_posix()
            seq, digest, when, _ = lane.end
            entries.append(
                LaneEntry(
                    config=name,
                    device=device,
                    state_dir=state_dir.relative_to(layout.root).as_posix(),
                    public=lane.public,
                    seq=seq,
                    digest=digest.hex(),
                    at=when,
                )
            )
            lanes[name] = lane
    secrets, left_out = _secrets(layout)
    manifest = BackupManifest(made_at=int(at), gate=version("ashyq-gate"), lanes=entries, left_out=left_out)
    return DeviceBackup(manifest, dict(_files(layout.etc, _CONFIG)), secrets, lanes)


def pack(backup: DeviceBackup) -> bytes:
    """Return the backup as one archive (ZIP)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_MANIFEST, backup.manifest.model_dump_json(indent=1))
        for name, (mode, content) in backup.files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
        for name, secret in backup.secrets.items():
            archive.writestr(f"{_SECRETS}{name}", secret)
        for number, described in enumerate(backup.manifest.lanes):
            lane = backup.lanes[described.config]
            archive.writestr(f"{_LANES}{number}/device.key", lane.seed)
            archive.writestr(f"{_LANES}{number}/lane.db", lane.database)
    return packed.getvalue()


def unpack(packed: bytes) -> DeviceBackup:
    """Return the backup in an archive that `pack` made.  Raises StoreError for any other."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            manifest = BackupManifest.model_validate_json(archive.read(_MANIFEST))
            if manifest.form > _FORM:
                raise StoreError("this backup is of a newer release", hint=f"Restore it with release {manifest.gate}")
            files = {
                entry.filename: (stat.S_IMODE(entry.external_attr >> 16), archive.read(entry))
                for entry in archive.infolist()
                if entry.filename.startswith(_CONFIG)
            }
            secrets = {
                name.removeprefix(_SECRETS): archive.read(name).decode()
                for name in archive.namelist()
                if name.startswith(_SECRETS)
            }
            lanes = {
                entry.config: BackedUpLane(
                    archive.read(f"{_LANES}{number}/device.key"),
                    archive.read(f"{_LANES}{number}/lane.db"),
                    End(entry.seq, bytes.fromhex(entry.digest), entry.at),
                )
                for number, entry in enumerate(manifest.lanes)
            }
    except (zipfile.BadZipFile, KeyError, ValueError, ValidationError, NotImplementedError) as error:
        raise StoreError("this backup holds something else than a device", hint="Take another one") from error
    named = (*files, *(entry.state_dir for entry in manifest.lanes))
    if strange := next((name for name in named if not _is_below(name)), None):
        raise StoreError(f"this backup names a file that is not a gate's ({strange!r})", hint="Take another one")
    if not all(NAME.fullmatch(name) for name in secrets):
        raise StoreError("this backup names a secret that is none of a gate's", hint="Take another one")
    return DeviceBackup(manifest, files, secrets, lanes)


def contents(backup: DeviceBackup) -> Iterator[str]:
    """Yield what a backup holds, in lines for people; never a secret."""
    yield f"made {backup.manifest.made} by release {backup.manifest.gate}"
    for entry in backup.manifest.lanes:
        state = "orders, uses and who is inside" if backup.lanes[entry.config].database else "no state yet"
        yield f"lane {entry.device} ({entry.config}): key {entry.public[:16]}…, {state} as of row {entry.seq}"
    for name, (_, content) in sorted(backup.files.items()):
        yield f"{name}, {len(content)} bytes"
    for name in sorted(backup.secrets):
        yield f"secret {name}"
    for name in backup.manifest.left_out:
        yield f"NOT in it: secret {name}, which this device could not decrypt. Write it again on the other one"


def as_json(backup: DeviceBackup) -> str:
    """Return the same as one JSON object."""
    sizes = {name: len(content) for name, (_, content) in sorted(backup.files.items())}
    return json.dumps({**backup.manifest.model_dump(), "files": sizes, "secrets": sorted(backup.secrets)})


def _secrets(layout: DeviceLayout) -> tuple[dict[str, str], list[str]]:
    """Return the secrets, and the names of those that cannot be read here."""
    secrets, left_out = {}, []
    for name, place in kept_secrets(layout.root).items():
        try:
            secret = read_secret(layout.root, place)
        except (OSError, ValueError) as error:
            hint = "Call it as root: `sudo gate backup ...`"
            raise StoreError(f"{layout.root / place} cannot be read ({in_words(error)})", hint=hint) from error
        if secret is None:
            left_out.append(name)
        else:
            secrets[name] = secret
    return secrets, left_out


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, tuple[int, bytes]]]:
    """Yield the regular files of a folder, but for hidden ones: those are of a change that is being made."""
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            if path.is_symlink() or not path.is_file():
                continue
            content = read_regular(path, MOST_OF_FILE + 1) or b""
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            hint = "Call it as root: `sudo gate backup ...`"
            raise StoreError(f"{path} cannot be read ({error.strerror})", hint=hint) from error
        if len(content) > MOST_OF_FILE:
            raise StoreError(f"{path} is too large for a configuration", hint="Move it out of this folder")
        yield prefix + path.relative_to(folder).as_posix(), (mode, content)


def _is_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not name.startswith("/") and ".." not in parts and "\0" not in name
