"""Releases of an installed gate: a folder with a virtual environment each, and the links that name two of them."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from gate.device.layout import DeviceLayout
from gate.errors import GateError, StoreError, UsageError
from gate.store.durable import link_whole, sync_folder

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*")
_LEAVING = ".leaving-"  # beginning of the name of a release that is being removed: never taken for a whole one
_BLOCK = 512  # bytes: the unit of st_blocks


class InstalledRelease(NamedTuple):
    """A release, whether or not it is whole."""

    version: str
    path: Path

    @property
    def command(self) -> Path:
        return self.path / "bin/gate"

    @property
    def is_whole(self) -> bool:
        return os.access(self.command, os.X_OK)


class Releases:
    """The releases below one root.  Raises GateError."""

    def __init__(self, layout: DeviceLayout) -> None:
        self.layout = layout

    def every(self) -> list[InstalledRelease]:
        """Return all releases, by version."""
        try:
            found = [path for path in self.layout.releases.iterdir() if path.is_dir() and _VERSION.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _refused(self.layout.releases, error) from error
        return [InstalledRelease(path.name, path) for path in sorted(found, key=lambda path: _in_order(path.name))]

    def find(self, version: str) -> InstalledRelease:
        """Return the release of that version.  Raises UsageError where there is none, or not a whole one."""
        found = next((release for release in self.every() if release.version == version), None)
        if found is None:
            there = ", ".join(release.version for release in self.every()) or "none"
            raise UsageError(f"there is no release {version}", hint=f"Installed: {there} (`gate release list`)")
        if not found.is_whole:
            raise UsageError(
                f"{found.path} is not a whole release", hint="Install it again, or remove it: `gate release prune`"
            )
        return found

    def current(self) -> InstalledRelease | None:
        """Return the release in use; None where there is no link to a release."""
        return self._named(self.layout.current)

    def proven(self) -> InstalledRelease | None:
        """Return the release that goes on when the one on trial fails; None before the first trial."""
        return self._named(self.layout.proven)

    def point(self, link: Path, release: InstalledRelease) -> None:
        """Let the link name this release.  At any moment it names one of the two; the new one is on the disk on
        return."""
        try:
            link_whole(link, Path("releases", release.version))
        except OSError as error:
            raise _refused(link, error) from error

    def remove_all_but(self, kept: set[str]) -> dict[str, int]:
        """Remove the other releases, whole or not; return the bytes that each has freed.  What a link among them names
        is kept with the link."""
        there = self.every()
        needed = {release.path.resolve() for release in there if release.version in kept}
        freed = {}
        for release in there:
            if release.path.resolve() not in needed:
                leaving = release.path.with_name(f"{_LEAVING}{release.version}")
                with _refusal_named(release.path):
                    freed[release.version] = _size(release.path)
                    _remove(leaving)
                    release.path.rename(leaving)
                    sync_folder(leaving.parent)
                    _remove(leaving)
        with suppress(FileNotFoundError), _refusal_named(self.layout.releases):
            for leaving in self.layout.releases.iterdir():  # of a removal that a power cut has ended
                if leaving.name.startswith(_LEAVING):
                    _remove(leaving)
        return freed

    def _named(self, link: Path) -> InstalledRelease | None:
        try:
            target = Path(os.readlink(link))  # noqa: PTH115 - Path.readlink does the same
        except OSError:
            return None
        path = self.layout.releases / target.name
        return InstalledRelease(target.name, path) if (link.parent / target).parent == self.layout.releases else None


def _remove(path: Path) -> None:
    """Remove a folder with what is in it, or a link without what it names; one that is not there is no fault."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


@contextmanager
def _refusal_named(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> GateError:
    return StoreError(f"{path}: {error.strerror or error}", hint="Call it as root: `sudo gate release ...`")


def _in_order(version: str) -> list[tuple[int, str]]:
    """Return what sorts versions: numbers within them by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", version)]


def _size(folder: Path) -> int:
    """Return the bytes on the disk of everything in the folder, each file once."""
    seen: dict[tuple[int, int], int] = {}
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            status = path.lstat()
            seen[status.st_dev, status.st_ino] = status.st_blocks * _BLOCK
    return sum(seen.values())
