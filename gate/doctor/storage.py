"""The doctor's checks of the card: speed of a safe write, room, errors, age and wear, and that it is one."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from gate.doctor.examined import ExaminedGate, text_of
from gate.doctor.lines import CheckLine, Mark
from gate.runtime.clock import SystemClock
from gate.runtime.mounts import IN_MEMORY, Mount, mount_of, parse_mounts

SLOW_DISK = 0.05  # seconds until a row is on disk: slower is noticeable
STALLING = 1.0  # seconds of the slowest of nine: a person waits for it, and a dying card shows by it
LITTLE_ROOM = 200 * 2**20  # bytes
FEW_INODES = 1000  # files that may still be made: a month of lists and journal takes some ten
_OLD_CARD = 5 * 365  # days: makers of cards for continuous writing warrant them for 2 to 5 years
_WORN, _SPENT = 9, 11  # of life_time (JEDEC eMMC 5.1, 7.4.96): tenths of the life; 11 is beyond it


def disk(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that rows reach the disk quickly, and that it has space."""
    folder = examined.settings.device.state_dir
    try:
        times = _write_times(folder)
        room, table = shutil.disk_usage(folder), os.statvfs(folder)
    except OSError as error:
        yield CheckLine(
            "disk", Mark.FAIL, f"{folder}: {error.strerror}", "Make it, and let the user of the gate write there"
        )
        return
    usual, slowest = median(times), max(times)
    found = f"a row is safe on {folder} in {usual * 1000:.1f} ms (slowest of {len(times)}: {slowest * 1000:.0f} ms)"
    found += f", {room.free / 2**30:.1f} GiB are free"
    if room.free < LITTLE_ROOM:
        yield CheckLine("disk", Mark.WARN, found, "Make room: a full disk admits nobody")
    elif table.f_files and table.f_favail < FEW_INODES:
        found += f", and {table.f_favail} more files can be made"
        yield CheckLine("disk", Mark.WARN, found, "Remove files: a file system without inodes is a full one")
    elif usual > SLOW_DISK or slowest > STALLING:
        yield CheckLine("disk", Mark.WARN, found, "Use a faster card or an SSD: every person waits for it")
    else:
        yield CheckLine("disk", Mark.PASS, found)


def _write_times(folder: Path) -> list[float]:
    """Return the seconds until each of nine small writes is on disk.  Raises OSError."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(9):
            start = time.monotonic()
            file.write(bytes(300))
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - start)
    return times


def filesystem(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the state is on a disk that can be written, and that its file system met no errors."""
    folder = examined.settings.device.state_dir
    mounts = _mounts(examined)
    mount = mount_of(folder.resolve(), mounts)
    if mount is None:
        yield CheckLine("filesystem", Mark.UNKNOWN, f"no mount of {folder} is listed", "See `findmnt -T` of it")
        return
    kept_in = _upper(mount, mounts)
    if kept_in is None:
        found = f"{folder} is on an overlay, and where that keeps its changes is not listed"
        advice = "See `findmnt -T` of it: a state in memory forgets used passes at every boot"
        yield CheckLine("filesystem", Mark.UNKNOWN, found, advice)
    elif kept_in.kind in IN_MEMORY:
        advice = 'Give it a partition of its own: systemd/README.md, "Read-only root"'
        found = f"{folder} is in memory ({kept_in.kind}): used passes and journal are gone at the next boot"
        yield CheckLine("filesystem", Mark.FAIL, found, advice)
    elif kept_in.read_only:
        advice = "Look for errors with `dmesg`; a card that turned read-only is dying: replace it"
        yield CheckLine("filesystem", Mark.FAIL, f"{kept_in.point} is mounted read-only: nobody enters", advice)
    else:
        yield from _errors(examined, kept_in)


def _errors(examined: ExaminedGate, mount: Mount) -> Iterator[CheckLine]:
    found = f"{mount.point} ({mount.kind}) can be written"
    counts = {path.parent.name: _number(path) for path in examined.root.glob("sys/fs/ext4/*/errors_count")}
    if bad := {name: count for name, count in counts.items() if count}:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(bad.items()))
        advice = "Make a backup (`gate backup`), run `e2fsck -f` on it unmounted, and replace the card"
        yield CheckLine("filesystem", Mark.FAIL, f"errors of the file system on {names}", advice)
    elif mount.kind == "ext4" and counts:
        yield CheckLine("filesystem", Mark.PASS, f"{found}, and no ext4 here met an error")
    else:
        advice = "Look for its errors with `dmesg`"
        yield CheckLine("filesystem", Mark.UNKNOWN, f"{found}; it counts no errors", advice)


def card(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check age and wear of the card or eMMC that holds the state."""
    mounts = _mounts(examined)
    mount = mount_of(examined.settings.device.state_dir.resolve(), mounts)
    kept_in = _upper(mount, mounts) if mount else None
    device = _block_device(examined.root, kept_in.device) if kept_in else None
    if device is None:
        yield CheckLine("card", Mark.UNKNOWN, "which disk holds the state is not listed", "See `lsblk`")
        return
    name, made = _word(device / "device/name"), _word(device / "device/date")
    found = " ".join(filter(None, (device.name, name, made and f"of {made}")))
    if life := _word(device / "device/life_time"):
        yield _worn(found, life, _word(device / "device/pre_eol_info"))
        return
    if made and (age := _days_since(made)) is not None and age > _OLD_CARD:
        advice = "Replace it before it fails: `gate backup`, a new card, `gate restore`"
        yield CheckLine("card", Mark.WARN, f"{found} is {age // 365} years old", advice)
        return
    advice = "Replace an SD card every few years; of an SSD `smartctl -A` shows the wear"
    yield CheckLine("card", Mark.UNKNOWN, f"{found} does not report its wear", advice)


def _worn(found: str, life: str, end: str) -> CheckLine:
    """Judge an eMMC by its registers."""
    try:
        tenths = max(int(value, 16) for value in life.split())
        warned = int(end, 16) if end else 1
    except ValueError:
        return CheckLine("card", Mark.UNKNOWN, f"{found} reports its wear as {life[:20]!r}", "Look for its age")
    if tenths == 0:
        return CheckLine("card", Mark.UNKNOWN, f"{found} does not report its wear", "Look for its age")
    worn = "all" if tenths >= _SPENT else f"{tenths * 10} %"
    found = f"{found} has used up to {worn} of its life"
    if tenths >= _SPENT or warned >= 3:
        return CheckLine("card", Mark.FAIL, found, "Replace it now: `gate backup`, a new one, `gate restore`")
    if tenths >= _WORN or warned == 2:
        return CheckLine("card", Mark.WARN, found, "Plan to replace it: `gate backup`, a new one, `gate restore`")
    return CheckLine("card", Mark.PASS, found)


def _mounts(examined: ExaminedGate) -> list[Mount]:
    return parse_mounts(examined.text("proc/self/mountinfo") or "")


def _upper(mount: Mount, mounts: list[Mount]) -> Mount | None:
    """Return the mount that keeps what is written: of an overlay the one of its upper folder, None if unlisted."""
    if mount.kind != "overlay":
        return mount
    if mount.upper is None:
        return mount if mount.read_only else None
    return mount_of(mount.upper, [each for each in mounts if each.kind != "overlay" and each.point != "/"])


def _block_device(root: Path, number: str) -> Path | None:
    """Return the whole disk's folder below /sys of a partition's major:minor."""
    place = root / "sys/dev/block" / number
    if not place.exists():
        return None
    real = place.resolve()
    return real.parent if (real / "partition").exists() else real


def _days_since(made: str) -> int | None:
    """Return the days since a card's date, MM/YYYY, by the system clock; None for one that cannot be."""
    try:
        date = datetime.strptime(made, "%m/%Y").replace(tzinfo=UTC)
    except ValueError:
        return None
    days = int((SystemClock().now() - date.timestamp()) // 86400)
    return days if days >= 0 else None


def _word(path: Path) -> str:
    return text_of(path) or ""


def _number(path: Path) -> int:
    word = _word(path)
    return int(word) if word.isdigit() else 0
