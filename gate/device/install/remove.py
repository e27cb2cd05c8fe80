"""Removing an installation: all but configuration and state, or all."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from gate.device.install.activate import reload_after_removal, stop_and_disable
from gate.device.install.progress import Progress
from gate.device.install.system import laid_files, made_folders
from gate.device.layout import DeviceLayout
from gate.device.system_files import GROUPS, KEPT_FOLDERS, PURGED, UNITS, USERS
from gate.errors import InstallError


def uninstall(layout: DeviceLayout, progress: Progress, *, purge: bool) -> None:
    """Stop the gate and remove it.  Configuration and state stay, unless `purge`.  Debian packages stay: others may
    use them.  Raises InstallError."""
    laid, folders = laid_files(layout), made_folders(layout)
    names = [Path(name).name for name in laid if name.startswith(UNITS)]
    progress.step("stopping the services" if layout.root == Path("/") else "removing the links of the services")
    if layout.root == Path("/"):
        stop_and_disable(names)
    try:
        _unlink_units(layout, names)
        progress.step("removing the release and the files of the system")
        for name in laid:
            (layout.root / name).unlink(missing_ok=True)
        for folder in folders:
            with suppress(OSError):  # another package keeps something in it by now
                (layout.root / folder).rmdir()
        if layout.path_command.is_symlink():
            layout.path_command.unlink()
        _remove(layout.opt)
        _remove(layout.run)
        if purge:
            progress.step("removing configuration and state")
            _purge(layout)
    except OSError as error:
        raise InstallError(
            f"{error.filename} cannot be removed ({error.strerror})", hint="See to it and uninstall again"
        ) from error
    if layout.root == Path("/"):
        reload_after_removal()
    left = [str(layout.root / folder) for folder in KEPT_FOLDERS if (layout.root / folder).exists()]
    progress.step(f"removed; left: {' '.join(left)} (--purge removes them)" if left else "removed; nothing is left")


def _unlink_units(layout: DeviceLayout, names: list[str]) -> None:
    """Remove the links that enable the units, and instances of them."""
    prefixes = tuple(name.partition("@.")[0] + "@" for name in names if "@." in name)
    for link in layout.units.glob("*.*/*"):
        if link.is_symlink() and (link.name in names or (prefixes and link.name.startswith(prefixes))):
            link.unlink()


def _purge(layout: DeviceLayout) -> None:
    for pattern in PURGED:
        for path in layout.root.glob(pattern):
            _remove(path)
    if layout.root == Path("/"):
        for user in USERS:
            _call("userdel", user)
        for group in GROUPS:
            _call("groupdel", group)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _call(*command: str) -> None:
    """A user or group that is not there, or is still someone's first group, is no reason to stop."""
    if shutil.which(command[0]):
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
