"""What the doctor reads from a computer, its card and its services, in a root made for the test."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from gate.doctor import services
from gate.doctor.board import power, temperature, throttling
from gate.doctor.examined import ExaminedGate, LaneBeside, Running
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.services import HARDENED, log, page, service, sync
from gate.doctor.storage import card, disk, filesystem
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.state import trusted_clock
from gate.store.last_sync import Synced, record_sync
from gate.store.places import Places
from gate.wiring import fit
from tests.unit.configurations import LEAST

UNITS = Path(__file__).parents[2] / "systemd"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
ALARM = "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
ZONE = "sys/class/thermal/thermal_zone{}/temp"
CONFIG = "etc/gate/gate.toml"


class Computer:
    """A root directory with files of /sys, /proc, /etc and /run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "var/lib/gate"
        self.state.mkdir(parents=True)
        self.more = ""
        self.lane = LaneBeside(Running.NO)
        self.answers: dict[str, str] = {}  # tool and first arguments -> its output
        self.config = CONFIG

    def put(self, path: str, text: str = "") -> "Computer":
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return self

    def run(self, command: Sequence[str]) -> str | None:
        return next((text for start, text in self.answers.items() if " ".join(command).startswith(start)), None)

    def mounted(self, kind: str = "ext4", options: str = "rw,relatime", *others: str, extra: str = "rw") -> "Computer":
        number = self.root.stat().st_dev
        device = f"{os.major(number)}:{os.minor(number)}"
        rows = [*others, f"30 22 {device} / {self.root} {options} shared:1 - {kind} /dev/mmcblk0p2 {extra}"]
        return self.put("proc/self/mountinfo", "\n".join(rows) + "\n")

    def card(self, **registers: str) -> "Computer":
        self.mounted()
        number = self.root.stat().st_dev
        disk = self.root / "sys/devices/mmc/mmcblk0"
        (disk / "mmcblk0p2").mkdir(parents=True)
        (disk / "mmcblk0p2/partition").write_text("2\n")
        for name, value in registers.items():
            self.put(f"sys/devices/mmc/mmcblk0/device/{name}", f"{value}\n")
        link = self.root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        link.parent.mkdir(parents=True)
        link.symlink_to(disk / "mmcblk0p2")
        return self

    def line(self, check: Callable[[ExaminedGate], Iterator[CheckLine]]) -> CheckLine:
        lines = self.lines(check)
        assert len(lines) == 1, lines
        return lines[0]

    def lines(self, check: Callable[[ExaminedGate], Iterator[CheckLine]]) -> list[CheckLine]:
        text = LEAST.replace("[device]", f'[device]\nstate_dir = "{self.state}"', 1) + self.more
        self.put(self.config, text)
        file = self.root / self.config
        settings = load_settings(file, config_of)
        found = list(check(ExaminedGate(file, settings, fit(settings), self.lane, self.root, self.run)))
        assert all(line.advice for line in found if line.state is not Mark.PASS)
        return found


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


@pytest.mark.parametrize("check", [power, throttling, temperature, filesystem, card, service, log])
def test_a_computer_that_tells_nothing_is_not_taken_for_a_good_one(
    check: Callable[[ExaminedGate], Iterator[CheckLine]], computer: Computer
) -> None:
    assert computer.line(check).state is Mark.UNKNOWN


@pytest.mark.parametrize(
    ("bits", "voltage", "speed"),
    [
        ("0", Mark.PASS, Mark.PASS),
        ("1", Mark.FAIL, Mark.PASS),
        ("50005", Mark.FAIL, Mark.WARN),
        ("10000", Mark.FAIL, Mark.PASS),
        ("20000", Mark.PASS, Mark.WARN),
        ("40000", Mark.PASS, Mark.WARN),
        ("80000", Mark.PASS, Mark.WARN),
        ("8", Mark.PASS, Mark.WARN),
        ("nonsense", Mark.UNKNOWN, Mark.UNKNOWN),
    ],
)
@pytest.mark.parametrize("tool", [False, True])
def test_the_firmware_tells_of_supply_and_heat(
    bits: str, voltage: Mark, speed: Mark, tool: bool, computer: Computer
) -> None:
    if tool:
        computer.answers["vcgencmd get_throttled"] = f"throttled=0x{bits}\n"
    else:
        computer.put(THROTTLED, f"{bits}\n")
    assert computer.line(power).state is voltage
    assert computer.line(throttling).state is speed


@pytest.mark.parametrize(("alarm", "state"), [("1\n", Mark.FAIL), ("0\n", Mark.PASS)])
def test_a_low_supply_voltage_is_told_by_the_sensor_too(alarm: str, state: Mark, computer: Computer) -> None:
    assert computer.put(ALARM, alarm).line(power).state is state


def test_a_sensor_that_cannot_be_read_is_unknown(computer: Computer) -> None:
    (computer.root / ALARM).mkdir(parents=True)  # reading it is refused, to root as well
    assert computer.line(power).state is Mark.UNKNOWN
    computer.put(ALARM.replace("hwmon1", "hwmon2"), "0\n")
    assert computer.line(power).state is Mark.UNKNOWN
    computer.put(ALARM.replace("hwmon1", "hwmon3"), "1\n")
    assert computer.line(power).state is Mark.FAIL


@pytest.mark.parametrize(
    ("degrees", "state"), [("41000", Mark.PASS), ("72000", Mark.WARN), ("84500", Mark.FAIL), ("hot", Mark.UNKNOWN)]
)
def test_the_hottest_part_counts(degrees: str, state: Mark, computer: Computer) -> None:
    computer.put(ZONE.format(0), "35000\n" if degrees != "hot" else "").put(ZONE.format(1), f"{degrees}\n")
    assert computer.line(temperature).state is state


@pytest.mark.parametrize(
    ("mount", "errors", "state", "word"),
    [
        (("ext4",), "0", Mark.PASS, "can be written"),
        (("ext4",), "3", Mark.FAIL, "errors"),
        (("ext4", "ro,relatime"), "0", Mark.FAIL, "read-only"),
        (("tmpfs",), "0", Mark.FAIL, "in memory"),
        (("f2fs",), "0", Mark.UNKNOWN, "counts no errors"),
    ],
)
def test_the_file_system_of_the_state(
    mount: tuple[str, ...], errors: str, state: Mark, word: str, computer: Computer
) -> None:
    computer.mounted(*mount).put("sys/fs/ext4/mmcblk0p2/errors_count", f"{errors}\n")
    line = computer.line(filesystem)
    assert line.state is state
    assert word in line.found


@pytest.mark.parametrize(
    ("upper", "state"), [("/media/rw/upper", Mark.FAIL), ("/data/upper", Mark.PASS), ("/elsewhere", Mark.UNKNOWN)]
)
def test_a_read_only_root_with_the_state_in_its_overlay_forgets_used_passes(
    upper: str, state: Mark, computer: Computer
) -> None:
    others = ("21 1 0:30 / /media/rw rw - tmpfs tmpfs rw", "22 1 8:2 / /data rw - ext4 /dev/sda2 rw")
    computer.mounted("overlay", "rw", *others, extra=f"rw,lowerdir=/media/ro,upperdir={upper},workdir=/x")
    computer.put("sys/fs/ext4/sda2/errors_count", "0\n")
    assert computer.line(filesystem).state is state


@pytest.mark.parametrize(
    ("registers", "state", "word"),
    [
        ({"name": "SC64G", "date": "03/2026"}, Mark.UNKNOWN, "SC64G of 03/2026"),
        ({"name": "SC64G", "date": "03/2013"}, Mark.WARN, "years old"),
        ({"name": "SC64G", "date": "13/2013"}, Mark.UNKNOWN, "13/2013"),
        ({"name": "G1", "life_time": "0x01 0x02", "pre_eol_info": "0x01"}, Mark.PASS, "20 %"),
        ({"name": "G1", "life_time": "0x0A 0x02"}, Mark.WARN, "100 %"),
        ({"name": "G1", "life_time": "0x02 0x02", "pre_eol_info": "0x02"}, Mark.WARN, "20 %"),
        ({"name": "G1", "life_time": "0x0b 0x02"}, Mark.FAIL, "all"),
        ({"name": "G1", "life_time": "0x00 0x00"}, Mark.UNKNOWN, "wear"),
        ({"name": "G1", "life_time": "worn out"}, Mark.UNKNOWN, "worn out"),
    ],
)
def test_age_and_wear_of_the_card(registers: dict[str, str], state: Mark, word: str, computer: Computer) -> None:
    line = computer.card(**registers).line(card)
    assert line.state is state
    assert word in line.found


def test_a_card_that_stalls_is_told_by_its_slowest_write(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert computer.line(disk).state is Mark.PASS
    monkeypatch.setattr("gate.doctor.storage._write_times", lambda _: [0.004] * 8 + [2.5])
    line = computer.line(disk)
    assert line.state is Mark.WARN
    assert "2500 ms" in line.found


def shown(**changed: str) -> str:
    state = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "NRestarts": "0"}
    state |= {"WatchdogUSec": "5s", "IPAddressDeny": "::/0 0.0.0.0/0", "ExecStopPost": "{ path=… safe-outputs }"}
    return "".join(f"{key}={value}\n" for key, value in (HARDENED | state | changed).items())


@pytest.mark.parametrize(
    ("changed", "state", "word"),
    [
        ({}, Mark.PASS, "as hardened as"),
        ({"LoadState": "not-found"}, Mark.FAIL, "not installed"),
        ({"ProtectSystem": "no"}, Mark.FAIL, "ProtectSystem=no"),
        ({"User": "root"}, Mark.FAIL, "User=root"),
        ({"ExecStopPost": ""}, Mark.FAIL, "safe-outputs"),
        ({"IPAddressDeny": ""}, Mark.FAIL, "IPAddressDeny"),
        ({"WatchdogUSec": "infinity"}, Mark.FAIL, "WatchdogSec"),
        ({"ActiveState": "failed"}, Mark.WARN, "failed"),
        ({"UnitFileState": "disabled"}, Mark.WARN, "disabled"),
        ({"NRestarts": "17"}, Mark.WARN, "17 times"),
    ],
)
def test_the_unit_is_the_one_that_was_shipped(
    changed: Mapping[str, str], state: Mark, word: str, computer: Computer
) -> None:
    (computer.root / "run/systemd/system").mkdir(parents=True)
    computer.answers["systemctl show gate.service"] = shown(**changed)
    line = computer.line(service)
    assert line.state is state
    assert word in line.found


def test_what_the_doctor_holds_the_unit_to_is_in_the_shipped_unit() -> None:
    rows = (UNITS / "gate.service").read_text().splitlines()
    assert [f"{key}={value}" for key, value in HARDENED.items() if f"{key}={value}" not in rows] == []


def test_a_lane_that_somebody_started_beside_its_unit_is_named(computer: Computer) -> None:
    (computer.root / "run/systemd/system").mkdir(parents=True)
    computer.answers["systemctl show gate@left.service"] = shown()
    computer.config = "etc/gate/lanes/left.toml"
    computer.lane = LaneBeside(Running.YES, {}, 71)
    computer.put("proc/71/cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n")
    good, bad = computer.lines(service)
    assert (good.state, bad.state) == (Mark.PASS, Mark.FAIL)
    assert "does not run under gate@left.service" in bad.found
    computer.put("proc/71/cgroup", "0::/system.slice/system-gate.slice/gate@left.service\n")
    assert len(computer.lines(service)) == 1


def test_a_configuration_elsewhere_and_a_systemd_that_is_mute_are_unknown(computer: Computer) -> None:
    (computer.root / "run/systemd/system").mkdir(parents=True)
    assert "does not answer" in computer.line(service).found
    computer.config = "home/pi/gate.toml"
    assert "no file that a unit runs" in computer.line(service).found


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, Mark.WARN),
        ({"var/log/journal/0123/system.journal": ""}, Mark.PASS),
        ({"etc/systemd/journald.conf": "[Journal]\n#Storage=persistent\n"}, Mark.WARN),
        ({"usr/lib/systemd/journald.conf.d/gate.conf": (UNITS / "gate.journald").read_text()}, Mark.PASS),
        (
            {
                "usr/lib/systemd/journald.conf.d/gate.conf": "[Journal]\nStorage=persistent\n",
                "etc/systemd/journald.conf.d/zz.conf": "[Journal]\nStorage=volatile\n",
            },
            Mark.WARN,
        ),
        (
            {
                "usr/lib/systemd/journald.conf.d/40-rpi-volatile-storage.conf": "[Journal]\nStorage=volatile\n",
                "usr/lib/systemd/journald.conf.d/gate.conf": "[Journal]\nStorage=persistent\n",
            },
            Mark.PASS,
        ),
    ],
)
def test_a_log_that_dies_with_the_power_is_named(files: dict[str, str], state: Mark, computer: Computer) -> None:
    (computer.root / "run/systemd/journal").mkdir(parents=True)
    for path, text in files.items():
        computer.put(path, text)
    assert computer.line(log).state is state


def test_the_port_of_the_page_without_a_lane(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PAGE_WITHIN", 0.2)
    assert computer.line(page).state is Mark.PASS  # none is wanted
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        computer.more = f'[kiosk]\nlisten = "127.0.0.1:{port}"\n'
        taken = computer.line(page)
        assert taken.state is Mark.FAIL
        assert f":{port}" in taken.advice
        computer.lane = LaneBeside(Running.YES)
        assert computer.line(page).state is Mark.FAIL  # that is not the page: it never answers
    computer.lane = LaneBeside(Running.NO)
    assert computer.line(page).state is Mark.PASS


def drip(line: socket.socket, end: Event) -> None:
    """Send an answer that is good, and spaces behind it for ever."""
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"ok": true}')
    while not end.wait(0.05):
        line.sendall(b" ")


def dripping_head(line: socket.socket, end: Event) -> None:
    while not end.wait(0.05):
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def nested(line: socket.socket, end: Event) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 1000)
    line.shutdown(socket.SHUT_WR)
    end.wait()


def endless(line: socket.socket, end: Event) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not end.is_set():
        line.sendall(b'{"ok": true}' + b" " * 65536)


def good(line: socket.socket, end: Event) -> None:
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"ok": true}')
    end.wait()


@pytest.mark.parametrize(
    ("answer", "state"),
    [(drip, Mark.FAIL), (dripping_head, Mark.FAIL), (nested, Mark.FAIL), (endless, Mark.PASS), (good, Mark.PASS)],
)
@pytest.mark.timeout(20)
def test_whatever_has_the_port_of_the_page_cannot_hold_or_end_the_doctor(
    answer: Callable[[socket.socket, Event], None],
    state: Mark,
    computer: Computer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "PAGE_WITHIN", 0.5 if state is Mark.FAIL else 10.0)
    end = Event()
    with socket.create_server(("127.0.0.1", 0)) as other:

        def serve() -> None:
            line, _ = other.accept()
            with line, suppress(OSError):
                line.recv(4096)
                answer(line, end)

        server = Thread(target=serve)
        server.start()
        computer.more = f'[kiosk]\nlisten = "127.0.0.1:{other.getsockname()[1]}"\n'
        computer.lane = LaneBeside(Running.YES)
        try:
            assert computer.line(page).state is state
        finally:
            end.set()
            server.join()


def test_the_sync_by_its_unit_and_by_its_last_visit(computer: Computer) -> None:
    computer.more = '[sync]\nmirrors = ["https://lists.example.kz/gate"]\nevery = "15m"\n'
    assert computer.line(sync).state is Mark.WARN  # it never succeeded
    now = trusted_clock(computer.state, 0.0).now()
    record_sync(Synced(now - 60, "https://lists.example.kz"), Places.of(computer.state))
    assert computer.line(sync).state is Mark.UNKNOWN  # no systemd: whether it goes on is not known
    (computer.root / "run/systemd/system").mkdir(parents=True)
    computer.answers["systemctl show gate-sync.service"] = "ActiveState=active\n"
    assert computer.line(sync).state is Mark.PASS
    computer.answers["systemctl show gate-sync.service"] = "ActiveState=failed\n"
    assert computer.line(sync).state is Mark.FAIL
    computer.answers["systemctl show gate-sync.service"] = "ActiveState=active\n"
    record_sync(Synced(now - 5 * 900, "https://lists.example.kz"), Places.of(computer.state))
    assert computer.line(sync).state is Mark.WARN
