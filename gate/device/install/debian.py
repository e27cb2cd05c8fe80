"""Debian packages that a release needs beside its own: libraries that no Python package brings."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from gate.device.bundle import Bundle
from gate.device.install.computer import installed_packages
from gate.device.install.progress import Progress
from gate.device.layout import DeviceLayout
from gate.errors import InstallError


def install_needed(bundle: Bundle, layout: DeviceLayout, extras: set[str], progress: Progress) -> None:
    """Install what is missing: from the bundle, or by apt-get where the bundle has none.  Below another root nothing
    is installed, and what is missing there is named.  Raises InstallError."""
    missing = _missing(bundle, layout.root, extras)
    if not missing:
        return
    if layout.root != Path("/"):
        progress.note(f"left to install in {layout.root}: apt-get install {' '.join(missing)}")
        return
    progress.step(f"installing Debian packages: {' '.join(missing)}")
    if "DPKG_MAINTSCRIPT_NAME" not in os.environ:  # else a Debian package's own script runs this, and dpkg is locked
        _install_carried(bundle, layout.root)
        if still := _missing(bundle, layout.root, extras):
            _install_by_apt(still)
    if still := _missing(bundle, layout.root, extras):
        raise InstallError(f"missing: {' '.join(still)}", hint=f"Run: apt-get install {' '.join(still)}")


def _missing(bundle: Bundle, root: Path, extras: set[str]) -> list[str]:
    there = installed_packages(root)
    return [name for name in bundle.manifest.chosen_needs(extras) if name not in there]


def _install_carried(bundle: Bundle, root: Path) -> None:
    """Install the bundle's Debian packages that the system lacks, in one call, so that dpkg orders them."""
    there = installed_packages(root)
    lacking = [member for name, member in bundle.manifest.debian.items() if name not in there]
    if not lacking:
        return  # dpkg fails without a file
    with tempfile.TemporaryDirectory(prefix="gate-debian-") as folder:
        files = []
        for member in lacking:
            file = Path(folder, Path(member).name)
            file.write_bytes(bundle.read(member))
            files.append(str(file))
        _run(["dpkg", "--install", "--skip-same-version", *files], "the Debian packages of the bundle")


def _install_by_apt(names: list[str]) -> None:
    if not shutil.which("apt-get"):
        raise InstallError(f"missing: {' '.join(names)}", hint="Install them by this system's own tool, then run again")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2"]
    subprocess.run([*apt, "update"], env=_environment(), capture_output=True, check=False)  # noqa: S603 - no shell
    _run([*apt, "install", "--no-install-recommends", *names], f"Debian packages {' '.join(names)}")


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(  # noqa: S603 - no shell
        command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        why = next((line for line in lines if line.startswith(("E: ", "dpkg: error"))), lines[-1] if lines else "")
        raise InstallError(
            f"{what} cannot be installed ({why})", hint="With no network, take a bundle that carries them"
        )


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a", "LC_ALL": "C.UTF-8"}
