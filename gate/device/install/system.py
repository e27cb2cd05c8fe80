"""The files of a release that the system reads: units, users, rules, completions, pages of the manual; and the links
to the release in use."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from gate.device.install.progress import Progress
from gate.device.layout import DeviceLayout
from gate.device.system_files import ENABLED_UNITS, SYSTEM_FILES, UNITS
from gate.errors import InstallError
from gate.store.durable import link_whole, sync_folder


def lay_system_files(source: Path, layout: DeviceLayout, progress: Progress) -> list[str]:
    """Lay what SYSTEM_FILES names from `source`, and remove what an earlier version laid and this one does not.
    Return what was changed.  Raises InstallError."""
    wanted = {
        destination: file.read_bytes()
        for row in SYSTEM_FILES
        for destination, file in _files(source / row.source, row.destination)
    }
    folders = {*made_folders(layout), *_missing_folders(layout.root, wanted)}
    progress.step(f"laying {len(wanted)} files of the system")
    try:
        changed = [name for name, data in wanted.items() if _write(layout.root / name, data)]
        for destination in laid_files(layout):
            if destination not in wanted:
                (layout.root / destination).unlink(missing_ok=True)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
        digests |= {f"{folder}/": "" for folder in folders}
        _write(layout.laid, json.dumps(digests, indent=1, sort_keys=True).encode() + b"\n")
    except OSError as error:
        raise InstallError(
            f"{error.filename} cannot be written ({error.strerror})", hint="See to its folder and install again"
        ) from error
    for destination in wanted:
        unit = layout.units / Path(destination).name
        if destination.startswith(UNITS) and unit.is_file() and not unit.is_symlink():
            progress.note(f"{unit} hides the unit that was laid: remove it, or make it a drop-in")
    return changed


def laid_files(layout: DeviceLayout) -> list[str]:
    """Return the paths below the root that an installation laid outside of its release."""
    return [name for name in _recorded(layout) if not name.endswith("/")]


def made_folders(layout: DeviceLayout) -> list[str]:
    """Return the folders below the root that an installation made for them, the innermost first."""
    found = [name.rstrip("/") for name in _recorded(layout) if name.endswith("/")]
    return sorted(found, key=len, reverse=True)


def _recorded(layout: DeviceLayout) -> list[str]:
    try:
        table = json.loads(layout.laid.read_text())
    except (OSError, ValueError, RecursionError):
        return []
    return [name for name in table if not name.startswith("/") and ".." not in Path(name).parts]


def _missing_folders(root: Path, files: Iterable[str]) -> set[str]:
    folders = {str(folder) for file in files for folder in Path(file).parents if folder != Path()}
    return {folder for folder in folders if not (root / folder).exists()}


def enable_units(layout: DeviceLayout) -> None:
    """Enable units by links below the root, as `systemctl enable` makes them."""
    for unit in ENABLED_UNITS:
        for line in (layout.root / UNITS / unit).read_text().splitlines():
            if line.startswith("WantedBy="):
                for target in line.removeprefix("WantedBy=").split():
                    link(layout.units / f"{target}.wants" / unit, Path("/", UNITS, unit))


def use_release(layout: DeviceLayout, version: str) -> None:
    """Switch to a release by one rename, and make the commands that lead to it.  Raises InstallError."""
    try:
        link(layout.command, Path("../current/bin/gate"))
        if not layout.path_command.exists() or layout.path_command.is_symlink():
            link(layout.path_command, Path("/opt/gate/bin/gate"))
        link(layout.current, Path("releases", version))
    except OSError as error:
        raise InstallError(
            f"{error.filename} cannot be written ({error.strerror})", hint="See to its folder and install again"
        ) from error


def release_in_use(layout: DeviceLayout) -> str:
    """Return the version in use; "" where there is none."""
    try:
        return layout.current.readlink().name
    except OSError:
        return ""


def link(at: Path, to: Path) -> None:
    """Make a symbolic link and its folder, or change one in one step."""
    if at.is_symlink() and at.readlink() == to:
        return
    at.parent.mkdir(parents=True, exist_ok=True)
    link_whole(at, to)


def _files(source: Path, destination: str) -> list[tuple[str, Path]]:
    if source.is_dir():
        return [(f"{destination}/{file.name}", file) for file in sorted(source.iterdir())]
    return [(destination, source)] if source.exists() else []


def _write(path: Path, data: bytes) -> bool:
    """Write a file whole or not at all.  Return False for one that holds the same already.

    Its staged name is hidden: shells and systemd read every other file in some of these folders."""
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.chmod(0o644)
    new.replace(path)
    sync_folder(path.parent)
    return True
