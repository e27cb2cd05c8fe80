"""Test for a folder that is kept in memory only, as under the read-only root of Raspberry Pi OS (overlayroot).

There the secrets would leave the card, and be lost at the next start.  Form: proc_pid_mountinfo(5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class _Mount:
    place: Path
    kind: str
    options: dict[str, str]


def is_volatile(folder: Path, mountinfo: str) -> bool:
    """Return whether what is written in the folder is lost at the next start."""
    mounts = list(_mounts(mountinfo))
    found = _of(folder, mounts)
    if found is not None and found.kind == "overlay" and (upper := found.options.get("upperdir")):
        below = _of(Path(upper), [mount for mount in mounts if mount is not found])
        return below is not None and below.kind in _IN_MEMORY
    return found is not None and found.kind in _IN_MEMORY


def _of(path: Path, mounts: list[_Mount]) -> _Mount | None:
    """Return the mount that a path lies on: the last one of the longest place."""
    around = [mount for mount in mounts if path.is_relative_to(mount.place)]
    return max(around, key=lambda mount: len(mount.place.parts), default=None)


def _mounts(mountinfo: str) -> Iterator[_Mount]:
    for line in reversed(mountinfo.splitlines()):  # a later mount hides an earlier one at its place
        own, _, rest = line.partition(" - ")
        fields, kind = own.split(), rest.split()
        if len(fields) > 4 and len(kind) > 2:
            options = dict(option.partition("=")[::2] for option in kind[2].split(","))
            yield _Mount(Path(fields[4].replace("\\040", " ")), kind[0], options)
