"""Effective values with their origin, and warnings about what should be meant."""

from pathlib import Path

import pytest

from gate.core.model import Direction, Stance
from gate.ports.abilities import Abilities
from gate.registry import config_of
from gate.settings.load import Loaded, read_settings
from gate.settings.review import advise, devices, effective
from tests.unit.configurations import LEAST, SAMPLE

PASSAGE = '[[input]]\ndriver = "gpio"\nrole = "passage"\nline = 27\n'


def read(folder: Path, text: str) -> Loaded:
    file = folder / "gate.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, config_of)


def test_every_value_has_its_origin(tmp_path: Path) -> None:
    text = LEAST + '[lane]\nhold = "60s"\n'
    rows = {row.path: row for row in effective(read(tmp_path, text))}

    assert (rows["device", "id"].value, rows["device", "id"].line) == ("a", 2)
    assert (rows["lane", "hold"].value, rows["lane", "hold"].line) == ("1m", 12)
    assert (rows["lane", "passage_timeout"].value, rows["lane", "passage_timeout"].line) == ("8s", None)
    assert (rows["reader", 0, "device"].value, rows["reader", 0, "device"].line) == ("/dev/v4l/by-id/usb-camera", 10)
    assert rows["reader", 0, "direction"].line is None
    assert rows["venue", "languages"].value == ["kk", "ru", "en"]
    assert rows["sync",].value is None
    assert rows["barrier",].value is None


def test_a_password_is_covered(tmp_path: Path) -> None:
    text = LEAST.replace("/dev/v4l/by-id/usb-camera", "rtsp://admin:hunter2@10.0.0.5/live")
    rows = {row.path: row.value for row in effective(read(tmp_path, text))}

    assert rows["reader", 0, "device"] == "rtsp://admin:***@10.0.0.5/live"


def test_a_configuration_that_needs_no_second_look(tmp_path: Path) -> None:
    assert advise(read(tmp_path, SAMPLE + PASSAGE).settings) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ('mode = "enforce"', 'mode = "pilot"', ("lane", "mode"), "everybody gets through"),
        ('"10m"', '"0s"', ("lane", "reuse_after"), "opens again at once"),
        ('refuse_after = "48h"', 'refuse_after = "7d"', ("list", "refuse_after"), "longer than usual"),
        ('warn_after = "6h"', 'warn_after = "7h"', ("list", "warn_after"), "longer than usual"),
        ('unlisted = "refuse"', 'unlisted = "use_pass"', ("list", "unlisted"), "enters with the colour in the pass"),
        ('role = "passage"', 'role = "rex"', ("input",), "no [[input]] has role passage"),
        ('role = "passage"', 'role = "passage"\ndirection = "exit"', ("input",), "no [[input]] has role passage"),
        ('role = "fire"', 'role = "rex"', ("input",), "no [[input]] has role fire"),
        ("/dev/v4l/by-id/usb-camera", "/dev/video0", ("reader", 0, "device"), "another device after the next start"),
        ("/dev/v4l/by-id/usb-camera", "rtsp://10.0.0.5/x", ("reader", 0, "device"), "this device only, not 10.0.0.5"),
        ('"https://a.example.kz/gate", "https://b.example.kz/gate", ', "", ("sync", "mirrors"), "one mirror"),
    ],
)
def test_what_should_be_meant(tmp_path: Path, old: str, new: str, path: tuple[str | int, ...], what: str) -> None:
    found = advise(read(tmp_path, (SAMPLE + PASSAGE).replace(old, new)).settings)

    assert [one.path for one in found] == [path]
    assert what in found[0].what
    assert found[0].hint


def test_a_camera_on_loopback_is_within_reach(tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:8554/x", "rtsp://u:p@[::1]:8554/x", "http://localhost/x"):
        text = (SAMPLE + PASSAGE).replace("/dev/v4l/by-id/usb-camera", address)
        assert advise(read(tmp_path, text).settings) == []


@pytest.mark.parametrize(("address", "found"), [("192.0.2.17", [("barrier", "address")]), ("127.0.0.1", [])])
def test_a_board_on_the_network_is_out_of_reach(tmp_path: Path, address: str, found: list[tuple[str, str]]) -> None:
    board = f'driver = "zk_panel"\naddress = "{address}"\ndoor = 1\npulse = "3s"\n'
    text = (SAMPLE + PASSAGE).replace('driver = "gpio_relay"\nline = 17\nactive = "high"\npulse = "500ms"\n', board)

    assert [one.path for one in advise(read(tmp_path, text).settings)] == found


def test_a_pulse_longer_than_the_hold(tmp_path: Path) -> None:
    text = SAMPLE.replace('"500ms"', '"6s"')

    assert ("lane", "hold") in [one.path for one in advise(read(tmp_path, text).settings)]
    assert ("lane", "hold") not in [one.path for one in advise(read(tmp_path, text + PASSAGE).settings)]


def test_no_barrier_and_no_sync(tmp_path: Path) -> None:
    assert [one.path for one in advise(read(tmp_path, LEAST).settings)] == [("barrier",), ("sync",)]


def test_simulated_drivers(tmp_path: Path) -> None:
    settings = read(tmp_path, SAMPLE + PASSAGE).settings

    assert [path for path, _ in devices(settings)] == [("reader", 0), ("barrier",), ("input", 0), ("input", 1)]
    (found,) = advise(settings, simulated=[("barrier",)])
    assert (found.path, found.what) == (("barrier", "driver"), "this driver is simulated: nothing real moves")


EXIT_READER = '\n[[reader]]\ndriver = "camera"\ndevice = "/dev/v4l/by-id/usb-out"\ndirection = "exit"\n'
DOOR = '\n[[input]]\ndriver = "gpio"\nrole = "door"\nline = 5\n'
EXIT_PASSAGE = '\n[[input]]\ndriver = "gpio"\nrole = "passage"\ndirection = "exit"\nline = 6\n'


@pytest.mark.parametrize(
    ("before", "keys", "path", "remedy"),
    [
        ("[list]", 'antipassback = "hard"\n[list]', ("lane", "antipassback"), EXIT_READER),
        ("[list]", "max_inside = 50\n[list]", ("lane", "max_inside"), EXIT_PASSAGE),
        ("[list]", '[door]\nrelock = "close"\n[list]', ("door", "relock"), DOOR),
    ],
)
def test_what_a_door_needs_for_what_is_asked_of_it(
    tmp_path: Path, before: str, keys: str, path: tuple[str, ...], remedy: str
) -> None:
    text = (SAMPLE + PASSAGE).replace(before, keys, 1)
    assert [one.path for one in advise(read(tmp_path, text).settings)] == [path]
    assert advise(read(tmp_path, text + remedy).settings) == []


def test_a_barrier_that_reports_passages_needs_no_contact_and_one_that_can_stand_free_may(tmp_path: Path) -> None:
    able = Abilities(frozenset({Direction.ENTRY}), frozenset({Stance.FREE}))
    assert ("input",) in [one.path for one in advise(read(tmp_path, SAMPLE).settings)]
    assert advise(read(tmp_path, SAMPLE).settings, barrier=able) == []
    free = read(tmp_path, SAMPLE.replace('mode = "enforce"', 'mode = "free"')).settings
    assert ("barrier",) in [one.path for one in advise(free)]
    assert advise(free, barrier=able) == []
