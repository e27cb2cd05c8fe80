"""Whether the machine's clock is kept right from the network: one kind of evidence (gate.core.trusted_time)."""

import ctypes
from enum import StrEnum
from pathlib import Path

_TIMESYNCD = Path("/run/systemd/timesync")
_TIME_ERROR = 5  # <sys/timex.h>: what adjtimex returns while the clock is not synchronised
_STA_UNSYNC = 0x0040


class Ntp(StrEnum):
    SYNCHRONISED = "synchronised"
    NOT_SYNCHRONISED = "not_synchronised"
    UNKNOWN = "unknown"


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for the rest of it."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    ]


def read_ntp(timesyncd: Path = _TIMESYNCD) -> Ntp:
    """Asks the kernel; where that is forbidden (ProtectClock in the units), what systemd-timesyncd leaves
    behind, and then another time service remains unknown.  Never raises."""
    answer = _ask_kernel()
    return _ask_timesyncd(timesyncd) if answer is Ntp.UNKNOWN else answer


def _ask_kernel() -> Ntp:
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return Ntp.UNKNOWN
    timex = _Timex()  # modes 0: reads, and sets nothing
    state = adjtimex(ctypes.byref(timex))
    return judge(state, timex.status)


def judge(state: int, status: int) -> Ntp:
    """What adjtimex returned, and the status it filled in."""
    if state < 0:  # EPERM, as a rule
        return Ntp.UNKNOWN
    return Ntp.NOT_SYNCHRONISED if state == _TIME_ERROR or status & _STA_UNSYNC else Ntp.SYNCHRONISED


def _ask_timesyncd(folder: Path) -> Ntp:
    try:
        if (folder / "synchronized").exists():
            return Ntp.SYNCHRONISED
        return Ntp.NOT_SYNCHRONISED if folder.is_dir() else Ntp.UNKNOWN
    except OSError:
        return Ntp.UNKNOWN
