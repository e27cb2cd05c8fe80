"""The mounts of this computer, in the form of /proc/self/mountinfo: proc_pid_mountinfo(5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

IN_MEMORY = ("tmpfs", "ramfs")  # kinds of file system whose files are gone at the next boot


@dataclass(frozen=True, slots=True)
class Mount:
    """A row of the file."""

    device: str  # major:minor
    point: str
    options: tuple[str, ...]  # of the mount
    kind: str
    extra: tuple[str, ...]  # the file system's own options

    @property
    def read_only(self) -> bool:
        return "ro" in self.options or "ro" in self.extra

    @property
    def upper(self) -> Path | None:
        """The folder in which an overlay keeps its changes; None where none is listed."""
        return next((Path(word[9:]) for word in self.extra if word.startswith("upperdir=")), None)


def parse_mounts(mountinfo: str) -> list[Mount]:
    """Return the mounts of the text, in its order."""
    found = []
    for row in mountinfo.splitlines():
        own, _, rest = row.partition(" - ")
        fields, others = own.split(), rest.split()
        if len(fields) > 5 and len(others) > 2:
            point, options = fields[4].replace("\\040", " "), tuple(fields[5].split(","))
            found.append(Mount(fields[2], point, options, others[0], tuple(others[2].split(","))))
    return found


def mount_of(path: Path, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that a path lies on: the longest point, of equals the last, which lies on top."""
    holding = [mount for mount in mounts if path.is_relative_to(mount.point)]
    return max(reversed(holding), key=lambda mount: len(mount.point), default=None)
