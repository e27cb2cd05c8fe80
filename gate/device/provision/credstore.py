"""Secrets as credentials of systemd (systemd.exec(5), "Credentials"): the files, and what each unit is given.

Encrypted by the device's own key where systemd can (since 250), so that a copy of a single file is worth nothing; a
person who has the whole card has the key as well.  Each unit names the credentials that it needs: a pattern
(ImportCredential=) takes systemd 254, and Debian 12 has 252.
"""

import shutil
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from gate.device.provision.change import STORES, FileChange
from gate.ports.credentials import PREFIX, decrypt
from gate.settings.load import BASES

PLAIN, ENCRYPTED = STORES
LANE = "gate.service"
_OF_DEVICES = frozenset(BASES)
UNITS = {LANE: _OF_DEVICES, "gate-sync.service": frozenset({"sync"})}
"""Unit -> the tables of gate.toml whose secrets it needs."""

_WITHIN = 30.0  # seconds: the first use makes the device's key


def kept_secrets(root: Path) -> dict[str, str]:
    """Return the secrets that the device has: name -> path below the root."""
    found: dict[str, str] = {}
    for folder in (PLAIN, ENCRYPTED):
        place = root / folder
        if place.is_dir():
            names = sorted(path.name for path in place.iterdir() if path.name.startswith(PREFIX))
            found |= {name.removeprefix(PREFIX): f"{folder}/{name}" for name in names}
    return found


def secret_changes(root: Path, secrets: Mapping[str, str], kept: Mapping[str, str]) -> Iterator[FileChange]:
    """Yield the files of the secrets that were given."""
    for name, value in secrets.items():
        sealed = _encrypted(name, value) if root == Path("/") else None
        if sealed is None:
            path, content = f"{PLAIN}/{PREFIX}{name}", value.encode()
        else:
            path, content = f"{ENCRYPTED}/{PREFIX}{name}", sealed
        if kept.get(name, path) != path:
            yield FileChange(kept[name])
        yield FileChange(path, content, 0o600)


def places_after(changes: Iterable[FileChange], kept: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that the device has after a change of them: name -> path below the root."""
    written = (change.path for change in changes if change.content is not None)
    return dict(kept) | {path.rpartition(f"/{PREFIX}")[2]: path for path in written}


def unit_changes(
    referred: Mapping[str, Collection[str]], places: Mapping[str, str], addresses: Collection[str]
) -> Iterator[FileChange]:
    """Yield a drop-in for each unit of gate.toml that needs more than it has as shipped.  `referred`: name -> the
    tables that refer to it.  `places`: name -> path below the root.  `addresses`: of devices that the lane must
    reach."""
    for unit, tables in UNITS.items():
        yield from _drop_in(unit, tables, referred, places, addresses if unit == LANE else ())


def further_lane_changes(
    name: str, referred: Mapping[str, Collection[str]], places: Mapping[str, str], addresses: Collection[str]
) -> Iterator[FileChange]:
    """Yield the drop-in of gate@NAME.service, as `unit_changes` does for the first lane."""
    yield from _drop_in(f"gate@{name}.service", _OF_DEVICES, referred, places, addresses)


def _drop_in(
    unit: str,
    tables: Collection[str],
    referred: Mapping[str, Collection[str]],
    places: Mapping[str, str],
    addresses: Collection[str],
) -> Iterator[FileChange]:
    names = sorted(name for name, where in referred.items() if set(tables) & set(where))
    lines = "".join(f"{_key(places[name])}={PREFIX}{name}:/{places[name]}\n" for name in names)
    lines += "".join(f"IPAddressAllow={address}\n" for address in sorted(addresses))
    if lines:
        content = f"# Written by `gate provision`: what the configuration needs.\n[Service]\n{lines}"
        yield FileChange(f"etc/systemd/system/{unit}.d/50-provision.conf", content.encode())


def read_secret(root: Path, path: str) -> str | None:
    """Return a secret that the device has at this path below the root; None where it cannot be decrypted, as in an
    image.  Raises OSError, ValueError."""
    if path.startswith(f"{PLAIN}/"):
        return (root / path).read_bytes().decode()
    content = decrypt(Path("/", path)) if root == Path("/") else None
    return None if content is None else content.decode()


def _key(path: str) -> str:
    return "LoadCredentialEncrypted" if path.startswith(ENCRYPTED) else "LoadCredential"


def _encrypted(name: str, value: str) -> bytes | None:
    """Return a secret encrypted by the device's key; None where systemd cannot."""
    program = shutil.which("systemd-creds")
    if program is None:
        return None
    command = [program, "encrypt", "--with-key=host", f"--name={PREFIX}{name}", "-", "-"]
    try:
        done = subprocess.run(command, input=value.encode(), capture_output=True, timeout=_WITHIN, check=False)  # noqa: S603 - a fixed program, names of letters
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None
