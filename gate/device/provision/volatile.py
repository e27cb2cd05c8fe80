"""Test for a folder that is kept in memory only, as under the read-only root of Raspberry Pi OS (overlayroot).

There the secrets would leave the card, and be lost at the next start.
"""

from pathlib import Path

from gate.runtime.mounts import IN_MEMORY, mount_of, parse_mounts

MOUNTS = Path("/proc/self/mountinfo")


def is_volatile(folder: Path, mountinfo: str) -> bool:
    """Return whether what is written in the folder is lost at the next start."""
    mounts = parse_mounts(mountinfo)
    found = mount_of(folder, mounts)
    if found is not None and found.kind == "overlay" and found.upper is not None:
        found = mount_of(found.upper, [mount for mount in mounts if mount is not found])
    return found is not None and found.kind in IN_MEMORY
