"""Time zones: the newer data decides, wherever the older lies."""

import os
import shutil
import struct
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
import tzdata
from hypothesis import given
from hypothesis import strategies as st

from gate.core.rules import parse_rules
from gate.settings.zones import ZoneData, doubt, find_zone, local_time, zone
from gate.testing.builders import NOW

ALMATY = "Asia/Almaty"
SHIPPED = Path(str(resources.files("tzdata") / "zoneinfo"))


def stale(folder: Path, name: str = ALMATY, hours: int = 6) -> Path:
    """A zone file that knows one offset for ever, as that of Almaty was until March 2024."""
    block = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">iBB", hours * 3600, 0, 0)
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((block + b"+06\0") * 2 + f"\n<+0{hours}>-{hours}\n".encode())
    return folder


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that counts as the system's."""
    folder = tmp_path / "zoneinfo"
    folder.mkdir()
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(folder),))
    find_zone.cache_clear()
    yield folder
    find_zone.cache_clear()


def offset(name: str = ALMATY, at: float = NOW) -> timedelta | None:
    return datetime.fromtimestamp(at, zone(name)).utcoffset()


@pytest.mark.parametrize(
    "version",
    ["", "2023c", "2024b", "# version 2025b", "not a version", "2026f"],
    ids=["none", "old", "older", "line", "rubbish", "equal"],
)
@pytest.mark.parametrize("named", ["tzdata.zi", "+VERSION"])
def test_older_data_and_data_of_no_version_never_decide(system: Path, version: str, named: str) -> None:
    stale(system)
    if version:
        text = version if version.startswith("#") or named == "+VERSION" else f"# version {version}"
        (system / named).write_text(f"{text}\n")
    assert offset() == timedelta(hours=5)
    assert find_zone(ALMATY).used == ZoneData("package tzdata", tzdata.IANA_VERSION)
    assert "shows another time" in (doubt(ALMATY, NOW) or "")


def test_one_stale_file_in_a_folder_that_is_otherwise_well(system: Path) -> None:
    shutil.copytree(SHIPPED, system, dirs_exist_ok=True)
    (system / "tzdata.zi").write_text("# version 2025b\n")
    stale(system)
    assert offset() == timedelta(hours=5)


def test_a_damaged_file_of_the_system_is_passed_over(system: Path) -> None:
    for content in (b"", b"TZif", b"\0" * 4096, os.urandom(300)):
        (system / "Asia").mkdir(exist_ok=True)
        (system / ALMATY).write_bytes(content)
        (system / "tzdata.zi").write_text("# version 2099a\n")
        find_zone.cache_clear()
        assert offset() == timedelta(hours=5)


def test_newer_data_of_the_system_decides(system: Path) -> None:
    stale(system, hours=4)
    (system / "tzdata.zi").write_text("# version 2099za\n")
    assert offset() == timedelta(hours=4)
    assert find_zone(ALMATY).used == ZoneData(str(system), "2099za")
    assert doubt(ALMATY, NOW) is not None  # the package is the older one now


def test_versions_ascend_by_year_and_by_letters() -> None:
    names = ["", "2009z", "2009za", "2010a", "2010o", "2026f"]
    ranks = [ZoneData("x", name).rank for name in names]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_older_data_that_shows_the_same_time_is_no_reason_for_doubt(system: Path) -> None:
    shutil.copytree(SHIPPED, system, dirs_exist_ok=True)
    (system / "tzdata.zi").write_text("# version 2020a\n")
    assert doubt(ALMATY, NOW) is None
    assert doubt("Europe/Berlin", NOW) is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/localtime", "tzdata.zi", "Asia", "", "Asia/../x", "Asia/Almaty "]
)
def test_what_is_no_zone_has_no_data(name: str) -> None:
    with pytest.raises(KeyError):
        find_zone(name)


def test_the_local_time_is_told_with_its_offset() -> None:
    assert local_time(ALMATY, NOW) == "2027-01-15 13:00 UTC+05:00"
    assert local_time("America/St_Johns", NOW) == "2027-01-15 04:30 UTC-03:30"
    assert local_time(ALMATY, 2.0**60) == "1152921504606846976 s"


@pytest.mark.parametrize("variable", ["PYTHONTZPATH", "TZDIR", "TZ"])
def test_no_variable_of_the_environment_moves_the_venue(tmp_path: Path, variable: str) -> None:
    value = "Asia/Omsk" if variable == "TZ" else str(stale(tmp_path))
    asked = f"from gate.settings.zones import local_time; print(local_time({ALMATY!r}, {NOW}))"
    done = subprocess.run(
        [sys.executable, "-c", asked], env=os.environ | {variable: value}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2027-01-15 13:00 UTC+05:00"


RULES = parse_rules(
    '{"version": 1, "rules": [{"id": "day", "hours": "06:00-23:00", "admit": ["green"]}, {"id": "night", "admit": []}]}'
)


@given(
    st.sampled_from([ALMATY, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    st.floats(0, 253402214400, allow_nan=False),
)
def test_a_rule_is_found_at_every_moment_of_the_calendar(name: str, at: float) -> None:
    """Clock changes, leap seconds, 2038, 2106 and the last day that has a date."""
    local = datetime.fromtimestamp(at, zone(name))
    rule = RULES.deciding(local)
    assert rule is not None
    assert rule.id == ("day" if 6 <= local.hour < 23 else "night")


@pytest.mark.parametrize("at", [2**31 - 1, 2**31, 2**32 - 1, 2**32, 1483228799, 1483228800, 253402214400])
def test_rollovers_and_leap_seconds_have_a_local_time(at: int) -> None:
    expected = datetime.fromtimestamp(at, UTC) + timedelta(hours=6 if at < 1709233200 else 5)
    assert local_time(ALMATY, at).startswith(expected.strftime("%Y-%m-%d %H:%M"))
