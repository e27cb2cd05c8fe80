"""The shipped units as systemd itself reads them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.cli.safe_outputs import WITHIN
from gate.device.system_files import GROUPS, KEPT_FOLDERS, SERVICES, USERS
from gate.errors import ConfigError
from gate.runtime.notify import STARTING
from gate.settings.desk import DEFAULT_DESK_STATE
from gate.settings.model import DeviceTable

UNITS = Path(__file__).parents[2] / "systemd"
UNIT = UNITS / "gate.service"
SYNC = UNITS / "gate-sync.service"
DESK = UNITS / "gate-desk.service"
FURTHER = UNITS / "gate@.service"
BOTH = pytest.mark.parametrize("unit", [UNIT, SYNC, DESK, FURTHER], ids=lambda unit: unit.stem)
EVERY = pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.stem)
EXPOSURE = 15
"""Tenths of systemd's score from 0 (safe) to 10 (unsafe): the most that a unit may have."""
LAXER: dict[str, tuple[int, str]] = {
    "gate-kiosk": (22, "a compositor has the display, and Chromium shuts its own processes in by namespaces"),
    "gate-provision": (23, "it is root, writes what is root's and asks a mirror for root.json; it runs for a moment"),
}
"""Unit -> its own limit, and the reason why it cannot do with `EXPOSURE`."""


def run(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = shutil.which(tool)
    assert path, f"{tool} is missing: apt-get install systemd udev"
    return subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def settings(section: str, unit: Path = UNIT) -> dict[str, list[str]]:
    """Key -> its values in order; systemd lets a key stand several times."""
    found: dict[str, list[str]] = {}
    here = ""
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif here == section and line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@EVERY
def test_systemd_has_nothing_to_say_against_the_unit(unit: Path, tmp_path: Path) -> None:
    """In a root with all of its units beside it, as on a device."""
    for each in UNITS.glob("*.service"):
        shutil.copy(each, tmp_path)
    done = run("systemd-analyze", "verify", "--man=no", tmp_path / unit.name)
    said = [line for line in done.stderr.splitlines() if line]

    absent = re.compile(
        r"gate\S*\.service: Command (/opt/gate/(proven/)?bin/gate|/usr/bin/cage) is not executable: "
        "No such file or directory"
    )
    assert [line for line in said if not absent.fullmatch(line)] == []  # the gate is not installed where the tests run


def test_systemd_finds_a_slip_of_the_pen(tmp_path: Path) -> None:
    """What the test above relies on."""
    unit = tmp_path / "gate.service"
    unit.write_text(UNIT.read_text().replace("WatchdogSec=5", "WatchdogSec=often\nWatchDog=5"))

    said = run("systemd-analyze", "verify", "--man=no", unit).stderr
    assert "Failed to parse" in said
    assert re.search(r"Unknown key .*WatchDog", said)


@EVERY
def test_the_unit_is_locked_down(unit: Path) -> None:
    limit, _ = LAXER.get(unit.stem, (EXPOSURE, ""))
    done = run("systemd-analyze", "security", "--offline=true", f"--threshold={limit}", "--no-pager", unit)

    assert done.returncode == 0, done.stdout.splitlines()[-1]
    assert f"Overall exposure level for {unit.name.replace('@.', '@i.')}" in done.stdout


def test_no_unit_has_a_limit_that_it_does_not_need() -> None:
    for stem, (limit, why) in LAXER.items():
        lower = f"--threshold={limit - 5}"
        tight = run("systemd-analyze", "security", "--offline=true", lower, UNITS / f"{stem}.service")
        assert tight.returncode != 0, f"{stem} could have a lower limit than {limit}"
        assert why


def test_a_further_lane_differs_from_the_first_in_its_paths_alone() -> None:
    def lines(unit: Path) -> list[str]:
        return [line for line in unit.read_text().splitlines() if line and not line.startswith("#")]

    of_its_own = {
        "Description=Ashyq Gate: lane %i": "Description=Ashyq Gate: the lane",
        "StateDirectory=gate/lanes/%i": "StateDirectory=gate",
    }
    expected = [of_its_own.get(line, line).replace("lanes/%i.toml", "gate.toml") for line in lines(FURTHER)]
    assert expected == lines(UNIT)
    assert lines(FURTHER) != lines(UNIT)


def test_a_slow_start_is_waited_for_as_long_as_it_makes_progress() -> None:
    service = settings("Service")

    assert float(service["TimeoutStartSec"][0]) * 1e6 >= STARTING
    assert service["NotifyAccess"] == ["exec"]  # `safe-outputs` reports its progress too


@pytest.mark.parametrize("name", ["gate.journald", "gate.chrony"])
def test_a_shipped_file_says_where_it_goes(name: str) -> None:
    assert re.match(r"# /(usr/lib|etc)/\S+\.conf: ", (UNITS / name).read_text())


def test_the_log_outlives_a_power_cut_within_bounds() -> None:
    journal = settings("Journal", UNITS / "gate.journald")

    assert journal["Storage"] == ["persistent"]
    assert {"SystemMaxUse", "SystemKeepFree", "MaxRetentionSec", "SyncIntervalSec"} <= set(journal)


def test_a_laxer_unit_would_not_pass(tmp_path: Path) -> None:
    unit = tmp_path / "gate.service"
    unit.write_text(UNIT.read_text().replace("User=gate\n", "").replace("CapabilityBoundingSet=\n", ""))

    done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit)
    assert done.returncode != 0


def test_the_lane_reports_and_is_restarted() -> None:
    service, unit = settings("Service"), settings("Unit")

    assert service["Type"] == ["notify"]
    assert float(service["WatchdogSec"][0]) <= 5
    assert service["Restart"] == ["always"]
    assert service["RestartPreventExitStatus"] == [str(ConfigError.exit_code)]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert not [value for value in unit.get("After", []) + unit.get("Wants", []) if "network" in value]


def test_however_the_lane_ended_its_outputs_are_made_safe() -> None:
    service = settings("Service")

    assert service["ExecStopPost"] == ["/opt/gate/bin/gate safe-outputs --config /etc/gate/gate.toml"]
    assert float(service["TimeoutStopSec"][0]) > WITHIN


def test_the_lane_has_loopback_and_nothing_else() -> None:
    service = settings("Service")

    assert service["IPAddressDeny"] == ["any"]
    assert service["IPAddressAllow"] == ["localhost"]
    assert service["DevicePolicy"] == ["closed"]


def test_the_sync_has_no_devices_and_waits_for_nothing() -> None:
    service, unit = settings("Service", SYNC), settings("Unit", SYNC)

    assert service["PrivateDevices"] == ["yes"]
    assert "DeviceAllow" not in service
    assert "SupplementaryGroups" not in service
    assert service["ExecStart"] == ["/opt/gate/bin/gate sync --config /etc/gate/gate.toml"]
    assert service["RestartPreventExitStatus"] == [str(ConfigError.exit_code)]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert not [value for value in unit.get("After", []) + unit.get("Wants", []) if "network" in value]


def test_the_sync_is_a_user_of_its_own_and_writes_the_lists_only() -> None:
    """Bytes from strangers are parsed by it: it gives no orders, and reads neither journal nor key."""
    sync, lane = settings("Service", SYNC), settings("Service")

    assert sync["User"] != lane["User"]
    assert sync["Group"] == lane["Group"]  # the lane reads the lists by it
    assert sync["StateDirectory"] == ["gate/lists"]
    assert sync["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in sync
    hidden = set(sync["InaccessiblePaths"][0].split())
    assert {"-/run/gate", "-/var/lib/gate/lane.db", "-/var/lib/gate/device.key"} <= hidden


def test_the_desk_is_a_user_of_its_own_that_may_order_and_reads_the_configuration_alone() -> None:
    desk = settings("Service", DESK)

    assert desk["User"] == ["gate-desk"]
    assert desk["Group"] == settings("Service")["Group"]  # /etc/gate/gate.toml is readable by it
    assert desk["SupplementaryGroups"] == ["gate-staff systemd-journal"]  # the control socket; the log of the units
    assert desk["OOMPolicy"] == ["continue"]  # a doctor that takes too much does not end it
    assert [f"/var/lib/{name}" for name in desk["StateDirectory"]] == [str(DEFAULT_DESK_STATE)]
    hidden = set(desk["InaccessiblePaths"][0].split())
    assert {f"-/var/lib/gate/{name}" for name in ("lists", "lane.db", "device.key", "lanes")} <= hidden
    assert desk["RestartPreventExitStatus"] == [str(ConfigError.exit_code)]
    assert desk["Restart"] == ["on-failure"]  # without [desk] listen it ends at once


def test_the_lane_sees_who_gives_an_order() -> None:
    """In a user namespace of the unit's own every other user would be "nobody"."""
    assert "PrivateUsers" not in settings("Service")


@BOTH
def test_what_one_process_takes_is_bounded(unit: Path) -> None:
    service = settings("Service", unit)

    assert service["LimitCORE"] == ["0"]
    for key in ("MemoryMax", "LimitNOFILE", "TasksMax"):
        assert re.fullmatch(r"\d+M?", service[key][0]), key


def test_too_much_memory_costs_a_process_its_life_and_not_the_lane() -> None:
    service = settings("Service")

    assert service["OOMPolicy"] == ["continue"]
    assert int(service["OOMScoreAdjust"][0]) < 0  # page and cameras raise their own


def test_the_sync_goes_behind_the_lane_and_still_gets_on() -> None:
    """Never by a class that gets nothing on a busy board."""
    service = settings("Service", SYNC)

    assert service["Nice"] == ["19"]
    assert int(service["CPUWeight"][0]) < 100
    assert int(service["IOWeight"][0]) < 100
    assert "idle" not in service["CPUSchedulingPolicy"] + service["IOSchedulingClass"]
    assert service["TimeoutStartSec"] == ["infinity"]
    assert service["OOMPolicy"] == ["continue"]


def test_state_is_where_the_settings_look_for_it() -> None:
    device = DeviceTable(id="x")

    assert [f"/var/lib/{name}" for name in settings("Service")["StateDirectory"]] == [str(device.state_dir)]
    assert [f"/var/lib/{name}" for name in settings("Service", SYNC)["StateDirectory"]] == [str(device.lists)]
    assert settings("Service")["ExecStart"] == ["/opt/gate/bin/gate run --config /etc/gate/gate.toml"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory in which the user and the folders were made."""
    (tmp_path / "etc/gate").mkdir(parents=True)
    for name in ("gate.toml", "root.json"):
        (tmp_path / "etc/gate" / name).touch(mode=0o666)
    made = run("systemd-sysusers", f"--root={tmp_path}", UNITS / "gate.sysusers")
    assert made.returncode == 0, made.stderr
    return tmp_path


def test_the_user_may_use_its_devices_and_log_in_nowhere(root: Path) -> None:
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":")[3] for line in (root / "etc/group").read_text().splitlines()}

    assert users["gate"][6] == "/usr/sbin/nologin"
    assert users["gate-sync"][6] == "/usr/sbin/nologin"
    assert {name for name, members in groups.items() if members == "gate"} == {"gpio", "dialout", "input", "video"}
    assert users["gate-desk"][6] == "/usr/sbin/nologin"
    assert set(groups["gate"].split(",")) == {"gate-sync", "gate-desk"}
    assert groups["gate-staff"] == "gate-desk"  # a person puts people into it
    assert set(settings("Service")["SupplementaryGroups"][0].split()) <= set(groups)


def test_the_folders_have_their_rights(root: Path) -> None:
    done = run("systemd-tmpfiles", f"--root={root}", "--create", UNITS / "gate.tmpfiles")

    # Only root may give files away; whoever else runs the tests still sees the modes.
    assert [line for line in done.stderr.splitlines() if "Operation not permitted" not in line] == []
    modes = {
        "etc/gate": "755",
        "etc/gate/gate.toml": "640",
        "etc/gate/root.json": "644",
        "etc/gate/lanes": "755",
        "var/lib/gate/lanes": "700",
        "var/lib/gate": "750",
        "var/lib/gate/lists": "2750",
        "var/lib/gate/reports": "750",
        "var/lib/gate-desk": "700",
        "run/gate": "2750",
    }
    assert {path: f"{(root / path).stat().st_mode & 0o7777:o}" for path in modes} == modes
    if os.geteuid() == 0:
        users = {row.split(":")[0]: int(row.split(":")[2]) for row in (root / "etc/passwd").read_text().splitlines()}
        groups = {row.split(":")[0]: int(row.split(":")[2]) for row in (root / "etc/group").read_text().splitlines()}
        owners = {path: ((root / path).stat().st_uid, (root / path).stat().st_gid) for path in modes}
        assert owners["etc/gate/gate.toml"] == (0, groups["gate"])
        assert owners["var/lib/gate"] == (users["gate"], groups["gate"])
        assert owners["var/lib/gate/lists"] == (users["gate-sync"], groups["gate"])
        assert owners["run/gate"] == (users["gate"], groups["gate-staff"])


def test_what_is_made_for_the_gate_is_what_a_purge_removes() -> None:
    rows = [
        line.split() for name in ("sysusers", "tmpfiles") for line in (UNITS / f"gate.{name}").read_text().splitlines()
    ]
    assert {row[1] for row in rows if row[:1] == ["u"]} == set(USERS)
    devices = {"gpio"}
    assert {row[1] for row in rows if row[:1] in (["u"], ["g"])} - devices == set(GROUPS)
    made = {row[1].strip("/") for row in rows if row[:1] == ["d"] and not row[1].startswith("/run/")}
    assert {path for path in made if not any(path.startswith(f"{kept}/") for kept in KEPT_FOLDERS)} == set(KEPT_FOLDERS)


def test_what_reads_the_configuration_starts_after_the_file_on_the_card() -> None:
    """And after a release on trial was settled: else the first boot would end with what was before it."""
    for name in SERVICES:
        after = " ".join(settings("Unit", UNITS / name.replace("@*", "@")).get("After", [])).split()
        assert {"gate-release.service", "gate-provision.service"} <= set(after), name


def test_udev_rules_are_well_formed() -> None:
    """udevadm cannot check a file before systemd 254; this holds the grammar of udev(7)."""
    part = re.compile(r'(?:[A-Z_]+)(?:\{[A-Za-z0-9_/.]+\})?(?:==|!=|=|\+=|-=|:=)"[^"]*"')
    rules = [line for line in (UNITS / "70-gate.rules").read_text().splitlines() if line and not line.startswith("#")]

    assert rules
    for rule in rules:
        assert all(part.fullmatch(piece) for piece in re.split(r",\s*", rule)), rule
    assert any('KERNEL=="gpiochip*", GROUP="gpio"' in rule for rule in rules)


def test_modules_are_loaded_for_the_devices_that_come_later() -> None:
    modules = {line for line in (UNITS / "gate.modules").read_text().splitlines() if line and not line.startswith("#")}
    allowed = {value.split()[0] for value in settings("Service")["DeviceAllow"]}
    needed = {"char-video4linux": "videodev", "char-ttyUSB": "usbserial", "char-ttyACM": "cdc_acm"}
    needed |= {"char-input": "evdev"}

    assert {module for device, module in needed.items() if device in allowed} == modules


def test_the_screen_has_nothing_of_the_gate_and_asks_nobody_anything() -> None:
    kiosk = UNITS / "gate-kiosk.service"
    service = settings("Service", kiosk)
    start = " ".join(
        line.rstrip("\\").strip() for line in kiosk.read_text().partition("ExecStart=")[2].splitlines()[:6]
    )
    for flag in ("--kiosk", "--noerrdialogs", "--no-first-run", "--autoplay-policy=no-user-gesture-required"):
        assert flag in start
    assert "--jitless" in start  # what MemoryDenyWriteExecute=yes relies on
    assert service["MemoryDenyWriteExecute"] == ["yes"]
    assert service["Restart"] == ["always"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == (["any"], ["localhost"])
    hidden = service["InaccessiblePaths"][0].split()
    assert hidden == ["-/etc/gate", "-/var/lib/gate", "-/var/lib/gate-desk", "-/run/gate", "-/opt/gate"]
    assert "gate" not in service["SupplementaryGroups"][0].split()
    assert int(service["OOMScoreAdjust"][0]) > 0 > int(settings("Service")["OOMScoreAdjust"][0])
    assert settings("Unit", kiosk)["Wants"] == ["gate.service"]  # the lane needs no screen: nothing of it asks for one
    assert "gate-kiosk" not in UNIT.read_text()
