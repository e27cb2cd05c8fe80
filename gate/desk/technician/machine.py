"""This computer's load, memory and temperature, as the kernel states them.  Blocks for a moment."""

import os
from dataclasses import dataclass
from pathlib import Path

_KIB = 1024
_MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class MachineState:
    """The state of the computer.  None: the kernel does not state it."""

    busy_s: float  # of all processors, since the start of the computer
    idle_s: float
    memory: float | None  # share in use
    temperature: float | None  # °C
    uptime_s: float | None
    disk_free: int | None  # bytes, where the state is kept


def machine_state(folder: Path, root: Path = Path("/")) -> MachineState:
    """Read the present state.  `folder`: on the disk of interest."""
    busy, idle = _processor(_text(root / "proc/stat"))
    try:
        found = os.statvfs(folder)
        free: int | None = found.f_bavail * found.f_frsize
    except OSError:
        free = None
    uptime = _text(root / "proc/uptime").split()
    return MachineState(
        busy,
        idle,
        _memory(_text(root / "proc/meminfo")),
        _temperature(root),
        float(uptime[0]) if uptime else None,
        free,
    )


def boot_id(root: Path = Path("/")) -> str:
    """Return the kernel's name of this start of the computer; "" where it has none."""
    return _text(root / "proc/sys/kernel/random/boot_id").strip()


def _processor(stat: str) -> tuple[float, float]:
    """Return busy and idle seconds from the first line of /proc/stat (proc(5): user nice system idle iowait ...)."""
    words = stat.partition("\n")[0].split()[1:]
    ticks = [int(word) for word in words if word.isdigit()]
    if len(ticks) < 5:
        return 0.0, 0.0
    hertz, idle = os.sysconf("SC_CLK_TCK"), ticks[3] + ticks[4]
    return (sum(ticks[:8]) - idle) / hertz, idle / hertz


def _memory(meminfo: str) -> float | None:
    rows = dict(row.partition(":")[::2] for row in meminfo.splitlines())
    try:
        total, available = (int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (KeyError, ValueError, IndexError):
        return None
    return round(1 - available / total, 3) if total else None


def _temperature(root: Path) -> float | None:
    text = _text(root / "sys/class/thermal/thermal_zone0/temp").strip()
    try:
        return round(int(text) / _MILLI, 1)
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
