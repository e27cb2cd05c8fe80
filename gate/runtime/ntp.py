"""The state of network time on this machine: one kind of evidence (gate.core.trusted_time)."""

import ctypes
import socket
import struct
from pathlib import Path

from gate.core.trusted_time import Ntp

_TIMESYNCD = Path("/run/systemd/timesync")
_TIME_ERROR = 5  # <sys/timex.h>: adjtimex returns it while the clock is not synchronised
_STA_UNSYNC = 0x0040


_CHRONY = 323
"""UDP port of chronyd for commands, on loopback; only root can take it."""
_TRACKING = struct.pack(">BBxxHxxI", 6, 1, 33, 1).ljust(104, b"\0")
"""Protocol 6, a request, for REQ_TRACKING, number 1; as long as its answer.  Source: candm.h of chrony 4."""
_TRACKED = struct.Struct(">BBxxHHHxxxxxxI8xI22xH")
"""Protocol, kind, request, kind of answer, status, number; then the reference's id, and the leap status."""
_LOCAL = 0x7F7F  # prefix of the id of a clock that is its own reference
_UNSYNCHRONISED = 3  # leap status
_ANSWERS_WITHIN = 0.5  # seconds; a running chronyd answers in one millisecond


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


def read_ntp(timesyncd: Path = _TIMESYNCD, chrony: int = _CHRONY) -> Ntp:
    """Read the state from the kernel; where that is forbidden (ProtectClock in the units), from the files of
    systemd-timesyncd and from chronyd, on its port `chrony`.  Any other time service is then unknown.  May block
    for half a second.  Never raises."""
    if (answer := _query_kernel()) is not Ntp.UNKNOWN:
        return answer
    if (left := _read_timesyncd(timesyncd)) is Ntp.SYNCHRONISED:
        return left
    return left if (answer := query_chrony(chrony)) is Ntp.UNKNOWN else answer


def _query_kernel() -> Ntp:
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return Ntp.UNKNOWN
    timex = _Timex()  # modes 0: reads only
    state = adjtimex(ctypes.byref(timex))
    return judge(state, timex.status)


def judge(state: int, status: int) -> Ntp:
    """Return the state from adjtimex's result and the status that it filled in."""
    if state < 0:  # usually EPERM
        return Ntp.UNKNOWN
    return Ntp.NOT_SYNCHRONISED if state == _TIME_ERROR or status & _STA_UNSYNC else Ntp.SYNCHRONISED


def _read_timesyncd(folder: Path) -> Ntp:
    try:
        if (folder / "synchronized").exists():
            return Ntp.SYNCHRONISED
        return Ntp.NOT_SYNCHRONISED if folder.is_dir() else Ntp.UNKNOWN
    except OSError:
        return Ntp.UNKNOWN


def query_chrony(port: int) -> Ntp:
    """Return the state that chronyd reports on this port."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(_ANSWERS_WITHIN)
            line.connect(("127.0.0.1", port))
            line.send(_TRACKING)
            answer = line.recv(1024)
    except OSError:  # no chronyd
        return Ntp.UNKNOWN
    if len(answer) < len(_TRACKING):
        return Ntp.UNKNOWN
    *head, reference, leap = _TRACKED.unpack_from(answer)
    if head != [6, 2, 33, 5, 0, 1]:
        return Ntp.UNKNOWN
    return Ntp.NOT_SYNCHRONISED if leap == _UNSYNCHRONISED or reference >> 16 == _LOCAL else Ntp.SYNCHRONISED
