"""Making a release: a venv of its own, from the wheels of a bundle, under its name only when it is whole."""

import ctypes
import errno
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from gate.device.bundle import Bundle, Manifest
from gate.device.install.computer import python_on_device
from gate.device.install.progress import Progress
from gate.device.layout import DeviceLayout
from gate.errors import InstallError
from gate.store.durable import sync_folder

ABOUT = "release.json"
"""In a release: its version, the bundle that it was made from, the extras that were chosen."""

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


def about(release: Path) -> dict[str, Any]:
    """Return what a release was made from; nothing for one that was not made by an installation."""
    try:
        table = json.loads((release / ABOUT).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def check_name(manifest: Manifest, layout: DeviceLayout) -> None:
    """Raises InstallError where another bundle's release has this version: a release is never edited."""
    release = layout.release(manifest.version)
    if release.exists() and about(release).get("bundle") != manifest.digest:
        raise InstallError(
            f"release {manifest.version} is there already, made from another bundle",
            hint="Give the new one a version of its own: scripts/bundle --version",
        )


def make_release(bundle: Bundle, layout: DeviceLayout, extras: set[str], progress: Progress) -> tuple[Path, bool]:
    """Make the release of a bundle, unless it is there with these extras.  Return its folder, and whether it was made
    now.  A power cut leaves it unmade, and the one in use as it was.  Raises InstallError."""
    manifest = bundle.manifest
    release = layout.release(manifest.version)
    wanted = {
        "version": manifest.version,
        "python": manifest.python,
        "architecture": manifest.architecture,
        "bundle": manifest.digest,
        "extras": sorted(extras),
    }
    if about(release) == wanted:
        progress.step(f"release {manifest.version} is there")
        return release, False
    unfinished = layout.unfinished(manifest.version)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _begin_venv(unfinished, manifest.python, with_system="pi" in extras)
        _unpack(bundle, unfinished, layout.release_on_device(manifest.version), extras, progress)
        _link_debian_modules(unfinished, manifest.python, extras, manifest.needs)
        _compile(unfinished, layout.release_on_device(manifest.version), manifest.python, progress)
        (unfinished / ABOUT).write_text(json.dumps(wanted, indent=1) + "\n")
        os.sync()
        _put(unfinished, release)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise InstallError(
            f"{error.filename or layout.releases} cannot be written ({error.strerror or error})",
            hint="Nothing was changed. See to the disk and install again",
        ) from error
    return release, True


def site_packages(release: Path, python: str) -> Path:
    return release / "lib" / f"python{python}" / "site-packages"


def _begin_venv(folder: Path, python: str, *, with_system: bool) -> None:
    """Make an empty venv as `venv` would on the device; nothing of the device is run, so any root will do."""
    site_packages(folder, python).mkdir(parents=True)
    (folder / "lib64").symlink_to("lib")
    scripts = folder / "bin"
    scripts.mkdir()
    interpreter = python_on_device(python)
    (scripts / "python").symlink_to(interpreter)
    for name in ("python3", f"python{python}"):
        (scripts / name).symlink_to("python")
    (folder / "pyvenv.cfg").write_text(
        f"home = {interpreter.parent}\n"
        f"include-system-site-packages = {str(with_system).lower()}\n"
        f"version = {python}\n"
        f"executable = {interpreter}\n"
    )


def _unpack(bundle: Bundle, folder: Path, on_device: Path, extras: set[str], progress: Progress) -> None:
    from installer import install
    from installer.destinations import SchemeDictionaryDestination
    from installer.sources import WheelFile

    site = str(site_packages(folder, bundle.manifest.python))
    places = {
        "purelib": site,
        "platlib": site,
        "scripts": str(folder / "bin"),
        "data": str(folder),
        "headers": str(folder / "include"),
    }
    destination = SchemeDictionaryDestination(places, str(on_device / "bin" / "python"), "posix")
    wheels = bundle.manifest.chosen_wheels(extras)
    progress.step(f"unpacking {len(wheels)} Python packages")
    for number, member in enumerate(wheels):
        progress.count(number, len(wheels))
        with zipfile.ZipFile(io.BytesIO(bundle.read(member))) as archive:
            archive.filename = member  # `installer` takes name and version from it
            install(WheelFile(archive), destination, {"INSTALLER": b"ashyq-gate\n"})
    progress.count(len(wheels), len(wheels))


def _link_debian_modules(folder: Path, python: str, extras: set[str], needs: Any) -> None:
    """Let the release use modules that only Debian builds for this architecture: these and no others of Debian's."""
    for extra in extras & set(needs):
        for package in needs[extra]:
            if package == "python3-evdev":
                (site_packages(folder, python) / "evdev").symlink_to("/usr/lib/python3/dist-packages/evdev")


def _compile(folder: Path, on_device: Path, python: str, progress: Progress) -> None:
    """Compile the modules, as the users of the services may not write: a start without it takes seconds longer."""
    interpreter = next(filter(None, (_of_version(name, python) for name in (sys.executable, f"python{python}"))), None)
    if interpreter is None:
        progress.note(f"no Python {python} here to compile the modules by: each start will take some seconds longer")
        return
    progress.step("compiling them")
    paths = ["-s", str(folder), "-p", str(on_device)]
    if folder.parent == on_device.parent:  # on the device itself by all its cores, which takes semaphores in /dev/shm
        paths += ["-j", "0"]
    command = (interpreter, "-I", "-m", "compileall", "-q", "-q", *paths, str(folder / "lib"))
    # Files for other versions of Python, which some packages carry, cannot be compiled: its exit code means nothing.
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - no shell


def _of_version(name: str, python: str) -> str | None:
    """Return the path of an interpreter, if it is one of that version: a name in the path may be another's stand-in."""
    path = shutil.which(name)
    if path is None:
        return None
    asked = [path, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - found above
    return path if done.stdout.strip() == python else None


def _put(unfinished: Path, release: Path) -> None:
    """Give the folder its name in one step; one that is there, of other extras, changes places with it."""
    if release.exists():
        exchange(unfinished, release)
    else:
        unfinished.rename(release)
    sync_folder(release.parent)
    shutil.rmtree(unfinished, ignore_errors=True)


def exchange(one: Path, other: Path) -> None:
    """Swap two paths in one step, so that neither is ever missing."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) != 0:
        number = ctypes.get_errno()
        hint = " by this file system" if number == errno.EINVAL else ""
        raise OSError(number, os.strerror(number) + hint, str(other))
