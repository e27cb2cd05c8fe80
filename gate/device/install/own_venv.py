"""Installing around the environment that this very program runs from: one that pipx, uv or pip made."""

import os
import stat
import sys
from importlib.metadata import version
from pathlib import Path

import gate
from gate.device.install.activate import activate, restart
from gate.device.install.computer import check_writable
from gate.device.install.progress import Progress
from gate.device.install.system import lay_system_files, link, release_in_use, use_release
from gate.device.layout import DeviceLayout
from gate.device.shipped import shipped
from gate.errors import InstallError

_HIDDEN = ("root", "home", "run", "tmp", "var/tmp")  # below /, where units do not look (ProtectHome, PrivateTmp)
_ELSEWHERE = (
    "Make it where the services may read it, as root: UV_TOOL_DIR=/opt/tools UV_PYTHON_PREFERENCE=only-system uv tool "
    "install …, or PIPX_HOME=/opt/pipx pipx install …; or install a bundle"
)


def install_own(layout: DeviceLayout, progress: Progress) -> None:
    """Lay the system's files and lead /opt/gate to this environment.  Raises InstallError."""
    os.umask(0o022)
    check_writable(layout)
    prefix = Path(sys.prefix)
    check_environment(prefix, layout)
    number = version("ashyq-gate")
    release = layout.release(number)
    if prefix != release:
        _lead_to(prefix, release, layout)
    before = release_in_use(layout)
    lay_system_files(shipped(), layout, progress)
    progress.step(f"switching to release {number}")
    use_release(layout, number)
    activate(layout, progress)
    if before:
        restart(layout)
    progress.step(f"done: release {number} is {prefix}")


def lay_own_files(layout: DeviceLayout, progress: Progress) -> None:
    """Lay the system's files of this very release, which is in use already.  Its services go on; units that differ hold
    from their next start.  Raises InstallError."""
    os.umask(0o022)
    check_writable(layout)
    lay_system_files(shipped(), layout, progress)
    activate(layout, progress)


def check_environment(prefix: Path, layout: DeviceLayout) -> None:
    """Check that the services can run from the environment, and that nobody but root can change it.  Raises
    InstallError."""
    if sys.prefix == sys.base_prefix or prefix not in Path(gate.__file__).parents:
        raise InstallError(
            f"the gate runs from {Path(gate.__file__).parents[1]}, which is no environment of its own",
            hint="From a checkout: scripts/install",
        )
    if layout.root not in prefix.parents:
        raise InstallError(f"{prefix} is not below {layout.root}", hint="Name the root that this environment is in")
    for path in (prefix, Path(sys.executable).resolve()):
        within = Path("/", path.relative_to(layout.root)) if layout.root in path.parents else path
        if any(Path("/", folder) in within.parents for folder in _HIDDEN):
            raise InstallError(f"the services cannot see {path}", hint=_ELSEWHERE)
    for folder in (prefix, *prefix.parents):
        if folder in layout.root.parents:
            break
        about = folder.stat()
        if about.st_uid not in (0, os.geteuid()) or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise InstallError(
                f"others than root may change {folder}, and with it what the services run", hint=_ELSEWHERE
            )


def _lead_to(prefix: Path, release: Path, layout: DeviceLayout) -> None:
    """Make `release` a link to the environment, the only one: it is changed in place when it is updated."""
    if release.exists() and not release.is_symlink():
        raise InstallError(f"release {release.name} is there already, made from a bundle", hint="Use that one")
    target = Path("/", prefix.relative_to(layout.root))
    if layout.releases.is_dir():
        for other in layout.releases.iterdir():
            if other.is_symlink() and other.readlink() == target and other != release:
                other.unlink()
    link(release, target)
