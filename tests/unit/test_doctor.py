"""`gate doctor`: what it says of cameras, and of the rest of a device."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result

from drivers.decoders.symbols import Symbol
from drivers.readers.camera_check import CameraExaminer
from drivers.readers.camera_worker import measures
from drivers.readers.picamera import PicameraConfig
from gate import registry
from gate.cli.doctor import doctor
from gate.cli.main import gate as cli
from gate.core.model import Listing
from gate.doctor.camera import advice, judge
from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.time import clock_lines
from gate.errors import DeviceError
from gate.ports.camera_report import CameraReport
from gate.runtime.clock import SystemClock
from gate.settings.load import load_settings
from gate.store.apply_list import apply
from gate.testing import builders
from tests.commands.inside import invoke
from tests.contract.camera_rigs import BLANK, NetworkCamera, camera_config, drawn, film, jpeg, put
from tests.contract.picamera_rig import attach, show

GOOD = CameraReport(
    frames=150,
    fps=15.0,
    width=1280,
    height=720,
    brightness=110.0,
    burnt_out=0.01,
    sharpness=0.6,
    located=0.9,
    read=0.88,
    module_px=3.4,
    decode_ms=2.0,
)

CONFIG = """
[device]
id = "a"
state_dir = "{state}"
[venue]
id = "v"
category = "cafe"
zone = "almaty"
timezone = "Asia/Almaty"
[[reader]]
driver = "camera"
device = "{device}"
"""


def written(folder: Path, more: str = "", state: Path | None = None) -> Path:
    file = folder / "gate.toml"
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    file.write_text(CONFIG.format(state=state or folder, device=pictures) + more)
    return file


def asked(file: Path, *options: str) -> tuple[Result, list[dict[str, Any]]]:
    result = invoke(doctor, ["--config", str(file), "--json", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def wordless(_: CameraReport) -> list[str]:
    return []


def of(rows: list[dict[str, Any]], check: str) -> dict[str, Any]:
    [row] = [row for row in rows if row["check"] == check]
    return row


# What is made of a report.


def test_a_good_camera_passes_every_line() -> None:
    assert {line.state for line in judge(GOOD, 15.0)} == {Mark.PASS}
    assert not any(line.advice for line in judge(GOOD, 15.0))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"fps": 7.0}, "USB port"),
        ({"brightness": 9.0}, "cover"),
        ({"brightness": 240.0}, "shorter time"),
        ({"burnt_out": 0.5}, "shorter time"),
        ({"sharpness": 0.1}, "lens"),
        ({"module_px": 1.4}, "nearer"),
        ({"read": 0.3}, "still"),
        ({"read": 0.3, "module_px": 2.4}, "nearer"),
        ({"located": 0.0, "read": 0.0, "module_px": 0.0}, "Hold a code up"),
    ],
)
def test_each_fault_of_a_camera_has_its_advice(change: dict[str, Any], word: str) -> None:
    warned = [line for line in judge(replace(GOOD, **change), 15.0) if line.state is not Mark.PASS]
    assert len({line.advice for line in warned}) == 1
    assert word in warned[0].advice


def test_what_to_do_is_said_before_what_was_measured() -> None:
    assert advice(GOOD, 15.0) == []
    small = replace(GOOD, module_px=1.0, brightness=1.0)
    assert advice(small, 15.0)[0].startswith("Hold it nearer")
    assert "cover" in advice(small, 15.0)[1]


def test_no_picture_at_all_is_a_failure() -> None:
    assert [line.state for line in judge(CameraReport(), 15.0)] == [Mark.FAIL]


# What is measured.


def test_sharpness_falls_with_blur() -> None:
    code = drawn("HELLO")[20:152, 20:152]
    measured = [
        measures.sharpness(np.asarray(cv2.GaussianBlur(code, (0, 0), blur), np.uint8)) for blur in (0.3, 1, 2, 4)
    ]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] > 0.8
    assert measured[-1] < 0.22
    assert measures.sharpness(BLANK) == 0


def test_the_size_of_a_module_is_its_side() -> None:
    corners = np.array([(10, 10), (85, 10), (85, 85), (10, 85)], np.float32)
    assert Symbol(corners, 25).module == pytest.approx(3.0)


def assert_child_is_confined() -> None:
    """What strangers hold before a camera is decoded with no more rights than in the lane."""
    threads = Path("/proc/self/task").iterdir()
    children = {int(pid) for thread in threads for pid in (thread / "children").read_text().split()}
    (child,) = (pid for pid in children if b"check_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    assert "Seccomp:\t2" in Path(f"/proc/{child}/status").read_text()


def confined(_: CameraReport) -> list[str]:
    assert_child_is_confined()
    return []


def test_a_network_camera_is_examined_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "seen.png"
    heard: list[CameraReport] = []

    def tell(report: CameraReport) -> list[str]:
        heard.append(report)
        assert_child_is_confined()
        return ["Hold it nearer", "Take the cover off"]

    camera = NetworkCamera([jpeg(drawn("HELLO"))] * 8 + [jpeg(BLANK)] * 2)
    try:
        report = CameraExaminer().examine(camera_config(camera.url), 2.0, picture, tell)
    finally:
        camera.stop()
    assert report.frames > 10
    assert report.fps > 5
    assert (report.width, report.height) == (640, 480)
    assert 0.5 < report.read <= report.located < 1
    assert report.module_px == pytest.approx(4.0, abs=0.3)
    assert report.decode_ms > 0
    assert heard
    marked = cv2.imread(str(picture))
    assert marked is not None
    assert len(np.unique(marked.reshape(-1, 3), axis=0)) > 256  # colours: a grey picture has no more
    assert marked.shape[1] == 640
    assert marked.shape[0] > 480 + 3 * 20  # what to do above it, what was measured below


def test_a_video_and_a_folder_are_examined_too(tmp_path: Path) -> None:
    film(tmp_path / "lane.avi", ["HELLO"])
    assert CameraExaminer().examine(camera_config(tmp_path / "lane.avi"), 5.0, None, confined).frames == 9
    (tmp_path / "people").mkdir()
    put(tmp_path / "people", "1.png", "HELLO")
    put(tmp_path / "people", "2.png")
    report = CameraExaminer().examine(camera_config(tmp_path / "people"), 5.0, None, confined)
    assert (report.frames, report.read) == (2, 0.5)


def test_a_ribbon_cable_camera_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in attach(tmp_path).items():
        monkeypatch.setenv(name, value)
    show(tmp_path, "HELLO")
    settings = {"driver": "picamera", "width": 640, "height": 480, "fps": 25, "exposures": ["6ms"]}
    report = CameraExaminer().examine(PicameraConfig.model_validate(settings), 1.5, None, wordless)
    assert report.read > 0.3
    assert '"ExposureTime": 6000' in (tmp_path / "log.jsonl").read_text()


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "HELLO")
    with pytest.raises(DeviceError, match="cannot be written"):
        CameraExaminer().examine(camera_config(tmp_path), 1.0, tmp_path / "no" / "seen.png", wordless)
    with pytest.raises(DeviceError, match="cannot be written"):
        CameraExaminer().examine(camera_config(tmp_path), 1.0, tmp_path / "seen.odd", wordless)
    assert not (tmp_path / "seen.odd").exists()


def test_every_camera_driver_has_an_examiner_and_recordings_have_none() -> None:
    assert isinstance(registry.examiner("camera"), CameraExaminer)
    assert isinstance(registry.examiner("picamera"), CameraExaminer)
    assert registry.examiner("replay") is None


# The whole command.


def test_a_device_that_is_well(tmp_path: Path) -> None:
    made = builders.publication({7: Listing.GREEN}, as_of=int(SystemClock().now()) - 60)
    apply(made, tmp_path)
    file = written(tmp_path)
    put(tmp_path / "pictures", "1.png", "HELLO")
    result, rows = asked(file)
    assert result.exit_code == 0
    keys = {"check", "state", "found", "advice"}
    assert set(rows[0]) == keys | {"device", "venue", "version", "python", "board", "system", "kernel", "lane"}
    assert all(set(row) == keys for row in rows[1:])
    assert [row["check"] for row in rows if row["check"] != "reader[0]"] == [
        "gate",
        "barrier",
        "decoder",
        "disk",
        "filesystem",
        "card",
        "files",
        "journal",
        "clock",
        "list",
        "content",
        "sync",
        "service",
        "page",
        "log",
        "power",
        "throttling",
        "temperature",
        "rights",
    ]
    assert of(rows, "decoder")["state"] == "pass"
    assert of(rows, "list")["state"] == "pass"
    assert all(row["advice"] for row in rows if row["state"] != "pass")


def test_a_device_without_a_list_and_without_a_camera_fails_and_says_what_to_do(tmp_path: Path) -> None:
    file = written(tmp_path)
    shutil.rmtree(tmp_path / "pictures")
    result, rows = asked(file)
    assert result.exit_code == 1
    assert of(rows, "reader[0]")["state"] == "fail"
    assert "gate list load" in of(rows, "list")["advice"]


def test_a_clock_before_the_list_fails(tmp_path: Path) -> None:
    apply(builders.publication({7: Listing.GREEN}, as_of=int(SystemClock().now()) + 10_000), tmp_path)
    _, rows = asked(written(tmp_path))
    assert of(rows, "clock")["state"] == "fail"


def test_a_clock_that_contradicts_the_trusted_time_fails_and_the_list_is_judged_by_the_same(
    tmp_path: Path,
) -> None:
    now = int(SystemClock().now())
    apply(builders.publication({7: Listing.GREEN}, as_of=now + 40 * 86400), tmp_path)
    _, rows = asked(written(tmp_path))
    clock = of(rows, "clock")
    assert clock["state"] == "fail"
    assert "the trusted time is 20" in clock["found"]
    assert "gate clock reset" in clock["advice"]
    assert of(rows, "list")["found"] == "0 min old by the gate's time"


@pytest.mark.parametrize(
    ("chip", "binding", "fails"), [(True, "required", False), (False, "required", True), (False, "optional", False)]
)
def test_live_codes_need_a_clock_chip(tmp_path: Path, chip: bool, binding: str, fails: bool) -> None:
    file = written(tmp_path, f'[passes]\nbinding = "{binding}"\n')
    if chip:
        (tmp_path / "rtc" / "rtc0").mkdir(parents=True)
    lines = list(clock_lines(load_settings(file, registry.config_of), tmp_path / "rtc"))
    assert any(line.state is Mark.FAIL and "no clock chip" in line.found for line in lines) is fails


@pytest.mark.parametrize("as_of", [1, 2**31, 2**32, 2**52, 2**53 - 1])
def test_no_time_that_a_list_speaks_of_ends_in_an_exception(tmp_path: Path, as_of: int) -> None:
    apply(builders.publication({7: Listing.GREEN}, as_of=as_of), tmp_path)
    result, rows = asked(written(tmp_path))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert of(rows, "list")["found"]
    for command in (["list", "status"], ["clock", "status"]):
        result = invoke(cli, [*command, "--state-dir", str(tmp_path)])
        assert result.exception is None or isinstance(result.exception, SystemExit), command


def test_the_list_status_says_whose_time_it_judges_by(tmp_path: Path) -> None:
    apply(builders.publication({7: Listing.GREEN}, as_of=int(SystemClock().now()) - 60), tmp_path)
    words = ["list", "status", "--state-dir", str(tmp_path)]
    assert json.loads(invoke(cli, [*words, "--json"]).stdout)["time"] == "signed time and the system's clock"
    assert "time         signed time and the system's clock\n" in invoke(cli, words).stdout


def test_barrier_inputs_and_lamps_are_opened_and_what_is_not_there_is_named(tmp_path: Path) -> None:
    more = '[barrier]\ndriver = "serial_frames"\nprofile = "lcus"\nport = "/dev/no-such-port"\n'
    more += 'channel = 1\npulse = "500ms"\n'
    more += '[[input]]\ndriver = "fake"\nrole = "fire"\n'
    _, rows = asked(written(tmp_path, more))
    barrier, contact = of(rows, "barrier"), of(rows, "input[0]")
    assert barrier["state"] == "fail"
    assert "/dev/no-such-port" in barrier["found"]
    assert barrier["advice"]
    assert contact["state"] == "warn"  # it is simulated


def test_a_check_that_breaks_is_a_line_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sound_until_it_breaks(_: ExaminedGate) -> Iterator[CheckLine]:
        yield CheckLine("first", Mark.PASS, "it is good")
        raise ZeroDivisionError("two\nlines")

    def refused(_: ExaminedGate) -> Iterator[CheckLine]:
        raise DeviceError("it is gone", hint="Plug it in")

    def last(_: ExaminedGate) -> Iterator[CheckLine]:
        yield CheckLine("last", Mark.PASS, "it is good")

    async def broken(_: object) -> None:
        raise AttributeError("a driver's own fault")

    monkeypatch.setattr("gate.doctor.examination.CHECKS", (sound_until_it_breaks, refused, last))
    monkeypatch.setattr("gate.doctor.checks._open_and_close", broken)
    monkeypatch.setattr("gate.doctor.camera._examined", lambda *_: 1 // 0)
    result, rows = asked(written(tmp_path, '[barrier]\ndriver = "fake"\n'))
    assert result.exit_code == 1
    assert [(row["check"], row["state"]) for row in rows[1:]] == [
        ("reader[0]", "fail"),
        ("barrier", "fail"),
        ("first", "pass"),
        ("sound_until_it_breaks", "fail"),
        ("refused", "fail"),
        ("last", "pass"),
    ]
    broken_line = of(rows, "sound_until_it_breaks")
    assert "ZeroDivisionError two lines (test_doctor.py:" in broken_line["found"]
    assert "--report" in broken_line["advice"]
    assert of(rows, "refused")["advice"] == "Plug it in"


def test_only_the_cameras_and_a_picture(tmp_path: Path) -> None:
    file = written(tmp_path)
    put(tmp_path / "pictures", "1.png", "HELLO")
    result, rows = asked(file, "--camera", "--picture", str(tmp_path / "seen.png"))
    assert result.exit_code == 0
    assert {row["check"] for row in rows} == {"gate", "reader[0]"}
    assert (tmp_path / "seen.png").exists()


def test_for_people_each_line_has_a_mark_and_what_to_do_stands_under_it(tmp_path: Path) -> None:
    result = invoke(doctor, ["--config", str(written(tmp_path))])
    lines = result.stdout.splitlines()
    assert all(line[0] in "✓!✗? " for line in lines)
    assert any(line.lstrip().startswith("→") for line in lines)


def test_a_state_directory_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    _, rows = asked(written(tmp_path, state=tmp_path / "state"))
    assert of(rows, "disk")["state"] == "fail"
    assert of(rows, "disk")["advice"]
