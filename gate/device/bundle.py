"""A bundle: one file with everything that a release is made of, for one architecture and one Python.

It is a ZIP archive behind a few lines for the shell: `sudo sh FILE` installs it.  `manifest.json` names every other
member with its SHA-256.  It is not signed: its digest is compared, or it comes as a signed target of the authority.
"""

import hashlib
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from gate.errors import InstallError

MANIFEST = "manifest.json"
WHEELS, DEBIAN = "wheels", "debian"  # folders in the archive
EXTRAS = ("pi", "hid", "osdp", "modbus", "kiosk", "desk", "link")
"""What `--with` may name: hardware and services beyond those that every gate has."""

_FORMAT = 1
_START = b"""#!/bin/sh
# Installs Ashyq Gate on this computer: sudo sh FILE; see sh FILE --help.  The rest is a ZIP archive.
if [ "$(wc -c <"$0")" -ne %-12d ]; then
    echo "install: $0 was cut short. Copy it again" >&2
    exit 1
fi
exec /usr/bin/python3 -I "$0" "$@"
"""
_MOST_MANIFEST = 4 << 20  # bytes; the largest bundle has some 60,000
_PIECE = 1 << 20  # bytes hashed at a time
_FIRST_TIME = 315532800  # seconds since 1970: a ZIP archive knows no time before 1980
_DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""Errors of zipfile for a damaged archive."""

_COPY_AGAIN = "Copy the file again, and compare its SHA-256 with that of the original"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0  # a bool is an int, too


def _is_texts(value: object) -> bool:
    """Return whether it is a table of text; JSON's keys are text."""
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_lists(value: object) -> bool:
    """Return whether it is a table of lists of text."""
    return isinstance(value, dict) and all(isinstance(row, list) and all(map(_is_text, row)) for row in value.values())


_FIELDS: Mapping[str, Callable[[object], bool]] = {
    "version": _is_text,
    "python": _is_text,
    "architecture": _is_text,
    "wheels": _is_lists,
    "needs": _is_lists,
    "debian": _is_texts,
    "installed_bytes": _is_count,
    "files": _is_texts,
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of a bundle.  Wheels and Debian packages are listed by extra; those of every gate under ""."""

    version: str
    python: str  # "3.13"
    architecture: str  # Debian's name: "arm64"
    wheels: Mapping[str, list[str]]  # members of the archive
    needs: Mapping[str, list[str]]  # extra -> names of Debian packages
    debian: Mapping[str, str]  # name of a Debian package -> member of the archive
    installed_bytes: int
    files: Mapping[str, str]  # member -> SHA-256

    def to_json(self) -> bytes:
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Raises ValueError for what is no manifest of this format; its text says why."""
        try:
            table = json.loads(data)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        except ValueError as error:
            raise ValueError("it is no JSON") from error
        if not isinstance(table, dict) or table.pop("format", None) != _FORMAT:
            raise ValueError("it has another format")
        if table.keys() != _FIELDS.keys():
            raise ValueError(f"it has other fields: {', '.join(sorted(table.keys() ^ _FIELDS.keys()))[:100]}")
        if wrong := [name for name, is_right in _FIELDS.items() if not is_right(table[name])]:
            raise ValueError(f"{wrong[0]} has a value of another kind")
        members = {*chain(*table["wheels"].values()), *table["debian"].values()}
        if unlisted := members - table["files"].keys():
            raise ValueError(f"it names {min(unlisted)[:100]!r} without a digest")
        return cls(**table)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the manifest, and so of everything that it names."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def extras(self) -> set[str]:
        return {name for name in EXTRAS if name in self.wheels}

    def chosen_wheels(self, extras: set[str]) -> list[str]:
        """Return the members to install, each once."""
        return _chosen(self.wheels, extras)

    def chosen_needs(self, extras: set[str]) -> list[str]:
        """Return the names of the Debian packages to have, each once."""
        return _chosen(self.needs, extras)


def _chosen(by_extra: Mapping[str, list[str]], extras: set[str]) -> list[str]:
    names = [name for extra in ("", *sorted(extras)) for name in by_extra.get(extra, [])]
    return list(dict.fromkeys(names))


class Bundle:
    """A bundle whose every byte was checked.  Close it by `with`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._archive = archive

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._archive.close()

    def read(self, member: str) -> bytes:
        return self._archive.read(member)

    def open(self, member: str) -> IO[bytes]:
        return self._archive.open(member)


def open_bundle(path: Path, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Bundle:
    """Open a bundle and check all of it; `progress` gets bytes done and all.  Raises InstallError."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise InstallError(f"{path} cannot be read ({error.strerror})", hint="Name a bundle") from error
    except zipfile.BadZipFile as error:
        raise InstallError(f"{path} is no bundle, or was cut short", hint=_COPY_AGAIN) from error
    try:
        manifest = _manifest(archive, path)
        _check(archive, manifest, path, progress)
    except BaseException:
        archive.close()
        raise
    return Bundle(path, archive, manifest)


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        with archive.open(MANIFEST) as file:
            data = file.read(_MOST_MANIFEST + 1)
    except (KeyError, *_DAMAGE) as error:
        raise InstallError(f"{path} is no bundle, or is damaged", hint=_COPY_AGAIN) from error
    try:
        if len(data) > _MOST_MANIFEST:
            raise ValueError(f"it is larger than {_MOST_MANIFEST >> 20} MiB")
        return Manifest.from_json(data)
    except ValueError as error:
        raise InstallError(
            f"{path} has a manifest that this installer cannot read: {error}",
            hint=f"Run the bundle itself: sh {path}; or copy it again",
        ) from error


def _check(archive: zipfile.ZipFile, manifest: Manifest, path: Path, progress: Callable[[int, int], None]) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if sorted(names) != sorted([*manifest.files, MANIFEST]):
        raise InstallError(f"{path} holds other files than its manifest names", hint=_COPY_AGAIN)
    done, whole = 0, sum(member.file_size for member in members)
    for member in members:
        if member.filename == MANIFEST:
            continue
        hashed = hashlib.sha256()
        try:
            with archive.open(member) as file:
                while piece := file.read(_PIECE):
                    hashed.update(piece)
                    done += len(piece)
                    progress(done, whole)
        except _DAMAGE as error:
            raise InstallError(f"{path} is damaged at {member.filename}", hint=_COPY_AGAIN) from error
        if hashed.hexdigest() != manifest.files[member.filename]:
            raise InstallError(f"{path} is damaged at {member.filename}", hint=_COPY_AGAIN)


def write_bundle(path: Path, members: Mapping[str, bytes], head: Mapping[str, Any], seconds: int) -> Manifest:
    """Write members and their manifest to `path`, the same bytes for the same input.  `head` holds the manifest's
    values but `files`; `seconds` is the time of every member, since 1970."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())}
    manifest = Manifest(**head, files=digests)
    moment = time.gmtime(max(seconds, _FIRST_TIME))[:6]
    with path.open("wb") as file:
        file.write(_START % 0)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, data in {MANIFEST: manifest.to_json(), **dict(sorted(members.items()))}.items():
                about = zipfile.ZipInfo(name, moment)
                about.external_attr = 0o644 << 16
                archive.writestr(about, data)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(_START % size)
    path.chmod(0o755)
    return manifest
