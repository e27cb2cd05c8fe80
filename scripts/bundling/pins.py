"""The pinned packages for another architecture and Python, by the sections of scripts/constraints.txt."""

import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from gate.errors import InstallError

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}  # Debian's name -> the kernel's
FROM_DEBIAN = {("arm64", "evdev"): "python3-evdev"}  # no wheels there: Debian's own, made for its own Python
_GLIBC = {"3.11": 36, "3.12": 39, "3.13": 41}  # 2.x of the system that has this Python: Debian 12, Ubuntu 24.04, 13


def choose(constraints: Path, extras: tuple[str, ...], architecture: str, python: str) -> dict[str, list[str]]:
    """Return the entries of each extra ("" for what every gate has) that hold there, without their markers."""
    sections = _sections(constraints.read_text())
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    chosen: dict[str, list[str]] = {}
    for extra in extras:
        chosen[extra] = []
        for entry in sections.get(extra or "run", []):
            wanted, _, hashes = entry.partition(" \\\n")
            requirement = Requirement(wanted)
            if requirement.marker is None or requirement.marker.evaluate(environment):
                chosen[extra].append(f"{requirement.name}{requirement.specifier} \\\n{hashes}")
    return chosen


def from_debian(chosen: dict[str, list[str]], architecture: str) -> dict[str, list[str]]:
    """Take the packages that Debian builds out of `chosen`.  Return extra -> names of Debian packages."""
    needs: dict[str, list[str]] = {}
    for extra, entries in chosen.items():
        for entry in entries:
            if name := FROM_DEBIAN.get((architecture, _name(entry))):
                needs.setdefault(extra, []).append(name)
    return needs


def fetch(entries: list[str], folder: Path, architecture: str, python: str) -> list[Path]:
    """Fetch wheels into `folder` and return their paths.  Raises InstallError."""
    entries = [entry for entry in entries if (architecture, _name(entry)) not in FROM_DEBIAN]
    if not entries:
        return []
    into = folder.with_name("fetched")
    into.mkdir()
    wanted = folder.with_name("wanted.txt")
    wanted.write_text("\n".join(entries) + "\n")
    machine = MACHINES[architecture]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC[python], 16, -1)]
    platforms = [
        word for tag in (*tags, f"manylinux2014_{machine}", f"linux_{machine}") for word in ("--platform", tag)
    ]
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    command += ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", python]
    done = subprocess.run(
        [*command, *platforms, "--dest", into, "--requirement", wanted], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        why = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
        raise InstallError(f"pip cannot fetch the packages: {' '.join(why)}", hint="See to the network, then try again")
    folder.mkdir(exist_ok=True)
    found = [path.replace(folder / path.name) for path in sorted(into.iterdir())]
    into.rmdir()
    return found


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in text.split("# section: ")[1:]:
        name, _, lines = part.partition("\n")
        found[name] = re.findall(r"^[a-z0-9].*(?:\n +--hash.*)+", lines, re.MULTILINE)
    return found


def _name(entry: str) -> str:
    return entry.partition("==")[0]
