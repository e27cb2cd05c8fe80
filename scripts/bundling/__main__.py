"""`scripts/bundle`: pinned wheels, Debian packages and the installer in one file."""

import hashlib
import os
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import click
import debian
import pins
import project_wheel

from gate.device.bundle import DEBIAN, EXTRAS, WHEELS, write_bundle
from gate.errors import GateError

ROOT = Path(__file__).resolve().parents[2]
ALWAYS_NEEDED = ("libzbar0", "libseccomp2")  # by pyzbar, by pyseccomp
NEEDED_BY = {
    "pi": ["python3-picamera2"],  # Raspberry Pi's own archive has it, Debian's has not
    "kiosk": ["cage", "chromium", "xwayland"],  # 200 MB for a screen: apt-get fetches them; cage ends without xwayland
}
"""Debian packages of an extra that a bundle does not carry."""
USUAL_TIME = 1580601600
"""Seconds since 1970 of every file in a bundle, unless SOURCE_DATE_EPOCH is set: hatchling's own."""

START = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("install: the gate needs Python 3.11 or newer: Debian 12, 13 or their like")
sys.dont_write_bytecode = True
from pathlib import Path

from gate.device.install.command import main

main(Path(sys.argv[0]))
"""


@click.command()
@click.option("--arch", "architecture", type=click.Choice(sorted(pins.MACHINES)), required=True)
@click.option("--python", type=click.Choice(["3.11", "3.12", "3.13"]), required=True, help="3.11: Debian 12; 3.13: 13.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@click.option("--version", help="Version of the release, where it is not that of pyproject.toml.")
@click.option(
    "--local", is_flag=True, help="Add a digest of the tree to the version: each state is a release of its own."
)
@click.option("--without-debian", is_flag=True, help="Carry no Debian packages: the device has them, or a network.")
@click.option(
    "--constraints",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=ROOT / "scripts" / "constraints.txt",
    help="Other pins than scripts/constraints.txt.",
)
def bundle(
    architecture: str,
    python: str,
    output: Path,
    version: str | None,
    local: bool,
    without_debian: bool,
    constraints: Path,
) -> None:
    """Pack a bundle for devices of one architecture and one Python.

    The same tree and pins give the same bytes; SOURCE_DATE_EPOCH is the time of every file in it."""
    version = version or project_wheel.version_of(ROOT)
    if local:
        version += f"+{project_wheel.digest_of(ROOT)}"
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", USUAL_TIME))
    try:
        with tempfile.TemporaryDirectory(prefix="gate-bundle-") as folder:
            parts = gather(Path(folder), architecture, python, version, seconds, constraints, without_debian)
            digest = write(parts, output, architecture, python, version, seconds)
    except GateError as error:
        click.echo(f"bundle: {error}", err=True)
        sys.exit(error.exit_code)
    say(f"{output}: {output.stat().st_size // 1_000_000} MB, release {version}, {architecture}, Python {python}")
    say(f"SHA-256 {digest}")


@dataclass
class Parts:
    """What a bundle is made of.  `wheels` and `needs` by extra, what every gate has under ""."""

    own: Path
    wheels: dict[str, list[Path]]
    needs: dict[str, list[str]]
    debian: dict[str, Path]


def gather(
    work: Path, architecture: str, python: str, version: str, seconds: int, constraints: Path, without_debian: bool
) -> Parts:
    """Build and fetch the parts of a bundle below `work`.  Raises InstallError."""
    say(f"building the wheel of {version}")
    own = project_wheel.build(ROOT, version, work / "own", seconds)
    chosen = pins.choose(constraints, ("", *EXTRAS), architecture, python)
    say(f"fetching {len({line for some in chosen.values() for line in some})} Python packages")
    wheels = {extra: pins.fetch(lines, work / WHEELS, architecture, python) for extra, lines in chosen.items()}
    wheels[""].append(own)
    needs = {"": list(ALWAYS_NEEDED), **NEEDED_BY, **pins.from_debian(chosen, architecture)}
    packages: dict[str, Path] = {}
    if not without_debian:
        say(f"fetching Debian packages for {architecture}")
        names = [name for extra, some in needs.items() if extra not in NEEDED_BY for name in some]
        packages = debian.fetch(names, python, architecture, work / DEBIAN)
    return Parts(own, wheels, needs, packages)


def write(parts: Parts, output: Path, architecture: str, python: str, version: str, seconds: int) -> str:
    """Write the bundle whole or not at all; return its SHA-256."""
    members = installer_modules(parts.own, parts.wheels[""])
    files = {path for some in parts.wheels.values() for path in some}
    members |= {f"{WHEELS}/{path.name}": path.read_bytes() for path in files}
    members |= {f"{DEBIAN}/{path.name}": path.read_bytes() for path in parts.debian.values()}
    head = {
        "version": version,
        "python": python,
        "architecture": architecture,
        "wheels": {extra: sorted(f"{WHEELS}/{path.name}" for path in some) for extra, some in parts.wheels.items()},
        "needs": parts.needs,
        "debian": {name: f"{DEBIAN}/{path.name}" for name, path in parts.debian.items()},
        "installed_bytes": sum(map(installed_bytes, files)),
    }
    new = output.with_name(f".{output.name}.new")
    write_bundle(new, members, head, seconds)
    new.replace(output)
    with output.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def installer_modules(own: Path, wheels: list[Path]) -> dict[str, bytes]:
    """Return what the bundle itself runs: the project's installer, and the library that it unpacks wheels by."""
    with zipfile.ZipFile(own) as archive:
        names = {
            "gate/__init__.py",
            "gate/errors.py",
            "gate/store/__init__.py",
            "gate/store/durable.py",
            *(name for name in archive.namelist() if name.startswith("gate/device/install/")),
            *(f"gate/device/{name}.py" for name in ("__init__", "bundle", "layout", "system_files")),
        }
        found = {name: archive.read(name) for name in names}
    (library,) = (path for path in wheels if path.name.startswith("installer-"))
    with zipfile.ZipFile(library) as archive:
        found |= {name: archive.read(name) for name in archive.namelist() if name.endswith((".py", "LICENSE"))}
    return {**found, "__main__.py": START.encode()}


def installed_bytes(wheel: Path) -> int:
    """Return the bytes that a wheel takes on a device; compiled modules take about as much as their sources."""
    with zipfile.ZipFile(wheel) as archive:
        members = archive.infolist()
    return sum(member.file_size * (2 if member.filename.endswith(".py") else 1) for member in members)


def say(text: str) -> None:
    click.echo(f"bundle: {text}", err=True)


if __name__ == "__main__":
    bundle()
