"""The computer that a bundle is meant for: its processor, Python, room and Debian packages, below a root."""

import os
import re
import shutil
import struct
from pathlib import Path

from gate.device.bundle import Manifest
from gate.device.layout import DeviceLayout
from gate.errors import InstallError

_MACHINES = {62: "amd64", 183: "arm64", 40: "armhf", 3: "i386"}  # e_machine of an ELF header: elf.h
_BYTES_TO_SPARE = 50_000_000  # beside the release itself: journal, log, system files


def python_on_device(version: str) -> Path:
    """Return the interpreter that a release runs by.  Named with its version: a release of 3.11 must not be started
    by 3.13 after the system was upgraded."""
    return Path(f"/usr/bin/python{version}")


def below(root: Path, path: Path) -> Path:
    """Return an absolute path of the device as it is below the root here."""
    return root / path.relative_to("/")


def check_fit(manifest: Manifest, layout: DeviceLayout, path: Path) -> str:
    """Check that a bundle fits the computer.  Return what is left to be seen to, or "".  Raises InstallError."""
    _check_room(manifest, layout)
    python = below(layout.root, python_on_device(manifest.python))
    others = sorted(set(_pythons(layout.root)))
    if not python.exists():
        if not others and layout.root != Path("/"):
            return f"{layout.root} has no {python_on_device(manifest.python)} yet: the gate needs it to start"
        have = f"has Python {' and '.join(others)}" if others else "has no Python in /usr/bin"
        raise InstallError(
            f"{path} is for Python {manifest.python}, and this system {have}",
            hint="Debian 12 has 3.11, Debian 13 has 3.13: take the bundle made for yours (scripts/bundle --python)",
        )
    architecture = architecture_of(python)
    if architecture != manifest.architecture:
        raise InstallError(
            f"{path} is for {manifest.architecture}, and this system is {architecture}",
            hint="Take the bundle made for it (scripts/bundle --arch); 32-bit systems are not supported",
        )
    return ""


def python_of(root: Path) -> str:
    """Return the version of the system's Python, such as "3.13".  Raises InstallError."""
    try:
        name = (root / "usr/bin/python3").readlink().name
    except OSError as error:
        raise InstallError(f"{root} has no usr/bin/python3", hint="Install Debian's python3") from error
    return name.removeprefix("python")


def _pythons(root: Path) -> list[str]:
    names = (path.name for path in root.glob("usr/bin/python3.*"))
    return [found[1] for name in names if (found := re.fullmatch(r"python(3\.\d+)", name))]


def architecture_of(program: Path) -> str:
    """Return Debian's name for the architecture of a program: what the kernel runs may be more than its system has."""
    with program.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF" or len(header) < 20:
        return "unknown"
    (machine,) = struct.unpack_from("<H" if header[5] == 1 else ">H", header, 18)
    return _MACHINES.get(machine, f"unknown ({machine})")


def _check_room(manifest: Manifest, layout: DeviceLayout) -> None:
    place = layout.opt
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    needed = manifest.installed_bytes + _BYTES_TO_SPARE
    if free < needed:
        raise InstallError(
            f"{place} has {free // 1_000_000} MB free, and the release takes {needed // 1_000_000} MB",
            hint="Free some space: `gate release prune` removes old releases",
        )


def check_writable(layout: DeviceLayout) -> None:
    """Raises InstallError where this user cannot install."""
    if not layout.root.is_dir():
        raise InstallError(f"{layout.root} is no folder", hint="Name the root of an image, or leave --root out")
    if layout.root == Path("/") and os.geteuid() != 0:
        raise InstallError("an installation is root's to make", hint="Run it with sudo; or name another --root")


def installed_packages(root: Path) -> set[str]:
    """Return the names of Debian packages that are installed below a root, and those that they provide."""
    try:
        text = (root / "var/lib/dpkg/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    found: set[str] = set()
    for entry in text.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Status|Provides): (.*)$", entry, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            found.add(fields["Package"])
            found.update(name.split()[0] for name in fields.get("Provides", "").split(",") if name.strip())
    return found
