"""`gate config` as a technician meets it: a command with output and an exit code."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.commands.process import run_gate
from tests.unit.configurations import LEAST, SAMPLE


def gate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_gate("config", *arguments)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(SAMPLE)
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(SAMPLE.replace("pulse", "pluse").replace('hold = "5s"', "hold = 5"))
    return file


def test_a_good_file(good: Path) -> None:
    done = gate("check", good)
    *warnings, last = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert last == f"{good}: good, device ala-t2-07, mode enforce, reader camera, barrier gpio_relay"
    *warnings, clock = warnings
    assert re.search(r"shows \d{4}-\d\d-\d\d \d\d:\d\d UTC\+05:00 now, by .+ \(20\d\d[a-z]+\)$", clock)
    assert [line.split(": ")[0] for line in warnings] == ["warning"]
    assert "no [[input]] has role passage" in warnings[0]


def test_a_file_that_moves_nothing_real(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(LEAST + '[lane]\nmode = "pilot"\n[barrier]\ndriver = "fake"\n')
    done = gate("check", file)

    assert done.returncode == 0
    assert f"warning: {file}:12: lane.mode: pilot: everybody gets through." in done.stdout
    assert f"warning: {file}:14: barrier.driver: this driver is simulated: nothing real moves." in done.stdout


def test_a_bad_file(bad: Path) -> None:
    done = gate("check", bad)

    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines() == [
        f'{bad}:14: lane.hold: 5 has no unit. Write "5s" if seconds are meant; units are ms, s, m, h and d',
        f"{bad}:38: barrier.pulse: this key is missing. Add it. "
        "Meaning: how long the barrier is released for one person",
        f'{bad}:42: barrier.pluse: unknown key. Did you mean "pulse"?',
    ]


def test_a_bad_file_for_a_program(bad: Path) -> None:
    done = gate("check", "--json", bad)
    rows = [json.loads(line) for line in done.stdout.splitlines()]

    assert (done.returncode, done.stderr) == (78, "")
    assert [(row["level"], row["line"], row["key"]) for row in rows] == [
        ("error", 14, "lane.hold"),
        ("error", 38, "barrier.pulse"),
        ("error", 42, "barrier.pluse"),
    ]
    assert rows[2]["hint"] == 'Did you mean "pulse"?'


def test_a_good_file_for_a_program(good: Path) -> None:
    rows = [json.loads(line) for line in gate("check", "--json", good).stdout.splitlines()]

    assert [row["level"] for row in rows] == ["warning", "good"]


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_file_that_is_not_there(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = gate("check", tmp_path / "gate.toml", *option)

    assert done.returncode == 78
    assert "cannot be read (No such file or directory)" in (done.stdout if option else done.stderr)
    assert "Traceback" not in done.stderr


def test_values_and_where_they_come_from(good: Path) -> None:
    good.write_text(LEAST)
    lines = gate("show", good).stdout.splitlines()

    assert [line.split() for line in lines if line.startswith(("device.id ", "lane.hold ", "sync "))] == [
        ["device.id", "=", '"a"', f"{good}:2"],
        ["lane.hold", "=", '"5s"', "default"],
        ["sync", "=", "(none)", "default"],
    ]
    rows = {row["key"]: row for row in map(json.loads, gate("show", "--json", good).stdout.splitlines())}
    assert rows["device.id"] == {"key": "device.id", "value": "a", "origin": "file", "line": 2}
    assert rows["lane.hold"] == {"key": "lane.hold", "value": "5s", "origin": "default", "line": None}
    assert len(rows) == len(lines)


def test_show_refuses_a_bad_file(bad: Path) -> None:
    done = gate("show", bad)

    assert (done.returncode, done.stdout) == (78, "")
    assert len(done.stderr.splitlines()) == 3


def test_the_schema_names_the_drivers() -> None:
    whole = json.loads(gate("schema").stdout)
    drivers = {variant["$ref"].removeprefix("#/$defs/") for variant in whole["properties"]["barrier"]["anyOf"]}

    assert {"barrier.gpio_relay", "barrier.serial_frames"} <= drivers


def test_from_nothing_to_a_file_that_says_what_it_wants(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    written = gate("init", "--venue", "fitness", "--output", file)
    checked = gate("check", file)

    assert written.returncode == 0
    assert "Fill in the lines marked FILL IN" in written.stdout
    assert gate("init", "--venue", "fitness").stdout == file.read_text()
    assert checked.returncode == 78
    marked = [number for number, line in enumerate(file.read_text().splitlines(), 1) if "FILL IN, such as" in line]
    assert [int(line.split(":")[1]) for line in checked.stderr.splitlines()] == marked


def test_a_file_that_is_there_is_left_alone(good: Path) -> None:
    done = gate("init", "--venue", "cafe", "--output", good)

    assert (done.returncode, done.stdout) == (2, "")
    assert "exists" in done.stderr
    assert good.read_text() == SAMPLE


def test_a_venue_that_is_not_known() -> None:
    done = gate("init", "--venue", "stadium")

    assert done.returncode == 2
    assert "airport" in done.stderr


@pytest.mark.skipif(find_spec("lgpio") is not None, reason="lgpio is installed here")
def test_a_driver_that_lacks_its_package_is_refused_with_the_pip_to_use(tmp_path: Path) -> None:
    """A fire contact that can never answer keeps everybody out: said before it is enabled."""
    file = tmp_path / "gate.toml"
    contact = '[[input]]\ndriver = "gpio"\nlibrary = "gpiozero"\nrole = "fire"\nline = 5\nnormally = "closed"\n'
    file.write_text(LEAST + contact)
    done = gate("check", file)
    assert done.returncode == 78
    assert "input[0].driver: GPIO: the Python package lgpio is not installed" in done.stderr
    assert f"`{sys.prefix}/bin/pip install gpiozero lgpio`" in done.stderr
    file.write_text(LEAST + contact.replace('library = "gpiozero"\n', ""))
    assert gate("check", file).returncode == 0


def test_wording_of_a_venue_that_cannot_be_shown_is_named_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(LEAST + '\n[kiosk]\ntexts = "words"\n')
    line = file.read_text().splitlines().index('texts = "words"') + 1
    folder = tmp_path / "words"
    assert f"{file}:{line}: kiosk.texts: {folder} holds none of kk.toml" in gate("check", file).stderr
    folder.mkdir()
    (folder / "ru.toml").write_text('[reasons.expired]\nheadlin = "Срок вышел"\n')
    done = gate("check", file)
    assert done.returncode == 78
    assert done.stderr.startswith(
        f"{file}:{line}: kiosk.texts: {folder}/ru.toml: reasons.expired.headlin: there is no such"
    )
    (folder / "ru.toml").write_text('[reasons.expired]\nheadline = "Срок вышел"\n')
    assert gate("check", file).returncode == 0
