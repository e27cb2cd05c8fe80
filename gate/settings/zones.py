"""Time zones from the newer of the system's data and the package tzdata.

Zone files carry no date.  A folder of them states its version in tzdata.zi (`# version 2026f`) or in +VERSION.
A folder without a version counts as older than the package: an old image, or PYTHONTZPATH, must not shift the
hours of a venue. zoneinfo itself always prefers the system's file.
"""

import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import ZoneInfo

_VERSION = re.compile(rb"(?:# version )?((?:19|20)\d\d)([a-z]{1,2})\b")  # IANA: a year and letters
_PACKAGE = "tzdata"
_NAME = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")  # the longest known one has 32


@dataclass(frozen=True, slots=True)
class ZoneData:
    """The source of a zone's data."""

    place: str  # a folder, or "package tzdata"
    version: str  # "2026f"; "" when it is unknown

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sort key: newer data ranks higher; an unknown version is the oldest."""
        if not self.version:
            return (0, 0, "")
        year, letters = self.version[:4], self.version[4:]
        return (int(year), len(letters), letters)  # za follows z

    def __str__(self) -> str:
        return f"{self.place} ({self.version or 'no version'})"


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone, and the data it was read from."""

    info: ZoneInfo
    used: ZoneData
    passed_over: tuple[tuple[ZoneData, ZoneInfo], ...]  # the same zone in older data, or of unknown version


@lru_cache(maxsize=64)
def find_zone(name: str) -> Zone:
    """Read the newest data of a zone.  Raises KeyError when no place has it (in a readable format)."""
    found = [(data, info) for data, file in _places(name) if (info := _read(file, name)) is not None]
    if not found:
        raise KeyError(name)
    used, info = max(found, key=lambda pair: pair[0].rank)  # the first of equals: the package
    return Zone(info, used, tuple(pair for pair in found if pair[0] is not used))


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.  Raises KeyError."""
    return find_zone(name).info


def local_time(name: str, at: float) -> str:
    """Return `at` (Unix s) on a venue's wall clock, with its offset: "2026-11-27 21:05 UTC+05:00"."""
    try:
        local = datetime.fromtimestamp(at, zone(name))
        offset = local.strftime("%z")
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return f"{at:.0f} s"
    seconds = offset[5:] and f":{offset[5:]}"
    return f"{local:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:5]}{seconds}"


def doubt(name: str, at: float) -> str | None:
    """Return where older data, of this system or shipped with it, shows another time within a year of `at` (Unix s).
    None: nowhere; older data that agrees does no harm."""
    chosen = find_zone(name)
    moments = [at + week * 7 * 86400 for week in range(-52, 53)]
    for data, info in chosen.passed_over:
        if any(_offset(info, moment) != _offset(chosen.info, moment) for moment in moments):
            return f"the time zone data in {data} is older than {chosen.used} and shows another time; it is not used"
    return None


def _offset(info: ZoneInfo, at: float) -> timedelta | None:
    try:
        return datetime.fromtimestamp(at, info).utcoffset()
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return None


_PACKAGE_PLACE = f"package {_PACKAGE}"


def _places(name: str) -> Iterator[tuple[ZoneData, Traversable]]:
    """Yield every file of a zone, the package's first."""
    if not _NAME.fullmatch(name):  # a name must not contain a path
        return
    try:
        packed: Traversable | None = resources.files(_PACKAGE).joinpath("zoneinfo")
    except ModuleNotFoundError:
        packed = None
    folders = [(_PACKAGE_PLACE, packed)] if packed is not None else []
    folders += [(folder, Path(folder)) for folder in zoneinfo.TZPATH]
    for place, folder in folders:
        file = folder.joinpath(*name.split("/"))
        if file.is_file():
            yield ZoneData(place, _version(folder)), file


def _version(folder: Traversable) -> str:
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with folder.joinpath(name).open("rb") as file:
                found = _VERSION.match(file.readline(64))
        except OSError:
            continue
        if found:
            return (found[1] + found[2]).decode()
    return ""


def _read(file: Traversable, name: str) -> ZoneInfo | None:
    try:
        with file.open("rb") as stream:
            info = ZoneInfo.from_file(stream, key=name)
        datetime.fromtimestamp(0, UTC).astimezone(info)
    except (OSError, ValueError, ArithmeticError, LookupError):  # a file that is no zone, or a damaged one
        return None
    return info
