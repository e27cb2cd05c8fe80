"""Debian packages of another architecture and release, for devices that have no network.

apt-get chooses and checks them, with lists and settings of its own, so that nothing of this computer's changes.
"""

import re
import shutil
import subprocess
from pathlib import Path

from gate.errors import InstallError

_SUITES = {"3.11": "bookworm", "3.13": "trixie"}
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_THERE = ("systemd", "systemd-sysv", "udev", "dbus", "python3", "apt", "dpkg", "passwd", "kmod", "coreutils")
"""What the smallest image that a gate can run on has: these, and what they need, are not carried."""


def fetch(names: list[str], python: str, architecture: str, folder: Path) -> dict[str, Path]:
    """Fetch packages, and what they need beyond the smallest image, into `folder`.  Return name -> path.  Raises
    InstallError."""
    suite = _SUITES.get(python)
    if suite is None or not shutil.which("apt-get") or not _KEYS.exists():
        raise InstallError(
            "Debian packages can be fetched on Debian only, for Python 3.11 and 3.13",
            hint="Give --without-debian: a device with no network must have libzbar0 then",
        )
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "status").touch()
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYS}] {_archive()} {suite} main\n")
    apt = ["apt-get", "-q", *_settings(folder, sources, architecture)]
    _run([*apt, "update"], folder)
    there = _closure(apt, [*_THERE], folder)
    wanted = _closure(apt, [*_THERE, *names], folder)
    carried = sorted(wanted - there)
    found = folder / "found"
    found.mkdir()
    if carried:
        _run([*apt, "download", *carried], found)
    return {path.name.partition("_")[0]: path for path in sorted(found.glob("*.deb"))}


def _archive() -> str:
    """Return the archive that this computer itself is installed from."""
    form = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
    done = subprocess.run(["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        address, codename, component = (*line.split(), "", "")[:3]
        if component == "main" and address.endswith("/debian/") and "-" not in codename:
            return address
    raise InstallError(
        "this computer names no archive of Debian's", hint="Run apt-get update, or give --without-debian"
    )


def _settings(folder: Path, sources: Path, architecture: str) -> list[str]:
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": folder / "empty",
        "Dir::Etc::preferencesparts": folder / "empty",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "2",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _closure(apt: list[str], names: list[str], folder: Path) -> set[str]:
    """Return the packages that would be installed on a system that has none."""
    plan = _run([*apt, "install", "--simulate", *names], folder)
    return set(re.findall(r"^Inst (\S+)", plan, re.MULTILINE))


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise InstallError(
            f"apt-get cannot fetch the Debian packages: {' '.join(why)}",
            hint="See to the network, or give --without-debian",
        )
    return done.stdout
