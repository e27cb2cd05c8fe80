"""Removing an installation: all but configuration and state, or all."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from gate.device.install.activate import reload_after_removal, stop_and_disable
from gate.device.install.progress import Progress
from gate.device.install.system import laid_files, made_folders
from gate.device.layout import DeviceLayout
from gate.device.system_files import UNITS
from gate.errors import InstallError

_USERS = ("gate-kiosk", "gate-desk", "gate-sync", "gate")
_GROUPS = ("gate-staff", "gate-kiosk", "gate-desk", "gate-sync", "gate")


def uninstall(layout: DeviceLayout, progress: Progress, *, purge: bool) -> None:
    """Stop the gate and remove it.  /etc/gate and /var/lib/gate stay, unless `purge`.  Debian packages stay: others may
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
            _purge(layout, names)
    except OSError as error:
        raise InstallError(
            f"{error.filename} cannot be removed ({error.strerror})", hint="See to it and uninstall again"
        ) from error
    if layout.root == Path("/"):
        reload_after_removal()
    left = [str(folder) for folder in (layout.etc, layout.state) if folder.exists()]
    progress.step(f"removed; left: {' '.join(left)} (--purge removes them)" if left else "removed; nothing is left")


def _unlink_units(layout: DeviceLayout, names: list[str]) -> None:
    """Remove the links that enable the units, and instances of them."""
    prefixes = tuple(name.partition("@.")[0] + "@" for name in names if "@." in name)
    for link in layout.units.glob("*.*/*"):
        if link.is_symlink() and (link.name in names or (prefixes and link.name.startswith(prefixes))):
            link.unlink()


def _purge(layout: DeviceLayout, names: list[str]) -> None:
    for folder in (layout.etc, layout.state):
        _remove(folder)
    for secret in (path for folder in layout.credstores for path in folder.glob("gate.*")):
        secret.unlink(missing_ok=True)
    for name in names:  # what an administrator changed of these units
        _remove(layout.units / f"{name}.d")
    if layout.root == Path("/"):
        for user in _USERS:
            _call("userdel", user)
        for group in _GROUPS:
            _call("groupdel", group)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _call(*command: str) -> None:
    """A user or group that is not there, or is still someone's first group, is no reason to stop."""
    if shutil.which(command[0]):
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
