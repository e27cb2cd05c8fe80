"""Letting a running system take what was laid: users, folders, rules, units.  Never done below another root."""

import os
import shutil
import subprocess
from pathlib import Path

from gate.device.install.progress import Progress
from gate.device.install.system import enable_units
from gate.device.layout import DeviceLayout
from gate.device.system_files import ENABLED_UNITS, SERVICES
from gate.errors import InstallError


def activate(layout: DeviceLayout, progress: Progress) -> None:
    """Make users and folders, and enable the units.  Raises InstallError.

    Below another root the units are enabled by links, and the rest is left to the first boot: systemd makes users
    when /usr is newer than /etc."""
    if layout.root != Path("/"):
        enable_units(layout)
        os.utime(layout.root / "usr")
        return
    progress.step("making users and folders, loading rules, enabling services")
    _run("systemd-sysusers")
    _run("systemd-tmpfiles", "--create", "gate.conf")
    if is_booted():
        _run("systemctl", "restart", "systemd-modules-load.service", must=False)
        _run("systemctl", "try-restart", "systemd-journald.service", must=False)
        _run("journalctl", "--flush", must=False)  # what was kept in memory until now goes to the disk
        _run("udevadm", "control", "--reload", must=False)
        _run("udevadm", "trigger", "--action=change", must=False)
        _run("systemctl", "daemon-reload")
        _run("systemctl", "enable", *ENABLED_UNITS)
    else:
        enable_units(layout)


def restart(layout: DeviceLayout) -> None:
    """Restart the services that run, so that they run the release that is in use now."""
    if layout.root == Path("/") and is_booted():
        _run("systemctl", "try-restart", *SERVICES, must=False)


def stop_and_disable(names: list[str]) -> None:
    """Stop and disable these units; of a template (`gate@.service`) stop every instance."""
    if names and is_booted():
        _run("systemctl", "disable", "--now", *(name for name in names if "@." not in name), must=False)
        _run("systemctl", "stop", *(name.replace("@.", "@*.") for name in names if "@." in name), must=False)


def reload_after_removal() -> None:
    if is_booted():
        _run("systemctl", "daemon-reload", must=False)
        _run("udevadm", "control", "--reload", must=False)


def is_booted() -> bool:
    """Return whether systemd runs this system; not so in a chroot or a container that is being built."""
    return Path("/run/systemd/system").is_dir()


def _run(*command: str, must: bool = True) -> None:
    if shutil.which(command[0]) is None:
        if must:
            raise InstallError(f"{command[0]} is missing", hint="The gate is installed on a system with systemd")
        return
    done = subprocess.run(  # noqa: S603 - no shell
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if must and done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InstallError(f"`{' '.join(command)}` failed: {lines[-1]}", hint="Correct that and install again")
