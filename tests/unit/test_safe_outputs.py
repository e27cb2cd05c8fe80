"""What `gate safe-outputs` makes of a configuration that is wrong, and what it loads for it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gate.cli.safe_outputs import outputs_in
from gate.errors import ConfigError

BARRIER = '[barrier]\ndriver = "serial_frames"\nprofile = "lcus"\nport = "/dev/serial/by-path/x"\npulse = "500ms"\n'
LAMP = '[[feedback]]\ndriver = "fake"\n'


def found(folder: Path, text: str | bytes) -> tuple[list[str], list[str]]:
    file = folder / "gate.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    outputs, problems = outputs_in(file)
    return [f"{fitted.name} {fitted.spec.name}" for fitted in outputs], problems


@pytest.mark.parametrize(
    "text",
    [
        BARRIER + LAMP,
        '[device]\nid = 5\nnonsense = "x"\n[lane]\nmode = "dance"\n' + BARRIER + LAMP,
        BARRIER + "colour = 'red'\n" + LAMP,
        BARRIER.replace("500ms", "500 parsec") + LAMP,
        BARRIER.replace('pulse = "500ms"', "pulse = 7") + LAMP,
        "[device\nid = \n\n" + BARRIER + LAMP + "[lane]\nmode = \n",
        'id = "unterminated\n' + BARRIER + LAMP,
        "[[input]]\nrole = [\n" + BARRIER + LAMP,
        BARRIER + "# Қақпа \n" + LAMP + "[kiosk]\nhost = 1..2\n",
        "[kiosk]\nport = " + "9" * 5000 + "\n" + BARRIER + LAMP,
        "[kiosk]\na" + ".a" * 30_000 + " = 1\n" + BARRIER + LAMP,
        "[kiosk]\nport = " + "[" * 50_000 + "\n" + BARRIER + LAMP,
        BARRIER.replace('"500ms"', "500ms") + LAMP,
        BARRIER + "pulse = \n" + LAMP,
    ],
)
def test_what_can_be_read_of_the_outputs_is_used(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == (["barrier serial_frames", "feedback[0] fake"], [])


def test_bytes_that_are_no_text_elsewhere_keep_no_door_from_its_lock(tmp_path: Path) -> None:
    assert found(tmp_path, b'[venue]\nid = "\xff\xfe"\n' + BARRIER.encode())[0] == ["barrier serial_frames"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[barrier]\ndriver = \n" + LAMP, r"\[barrier\] cannot be read"),
        ('barrier = "x"\n' + LAMP, r"\[barrier\] cannot be read"),
        (BARRIER.replace("serial_frames", "none") + LAMP, "there is no barrier driver 'none'"),
        (BARRIER.replace("lcus", "no-such") + LAMP, "barrier: its table is wrong"),
        ("[barrier]\n" + LAMP, "there is no barrier driver ''"),
    ],
)
def test_a_barrier_that_cannot_be_read_is_said_and_the_lamps_are_still_served(
    tmp_path: Path, text: str, what: str
) -> None:
    outputs, problems = found(tmp_path, text)
    assert outputs == ["feedback[0] fake"]
    (problem,) = problems
    assert re.search(what, problem)
    assert "cut the power of its lock" in problem


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        outputs_in(tmp_path / "gate.toml")


def test_it_loads_the_drivers_of_the_outputs_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(BARRIER + LAMP)
    code = (
        "import sys; from pathlib import Path; from gate.cli.safe_outputs import outputs_in; "
        f"outputs_in(Path({str(file)!r})); print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    own = {name for name in loaded if name.startswith("gate.")}
    assert not {name for name in own if name.startswith(("gate.lane", "gate.kiosk", "gate.desk"))}
    assert {name for name in own if name.startswith("gate.store.")} == {"gate.store.places"}
    assert not {"gate.wiring", "gate.settings.model", "gate.settings.load"} & own
    assert not {"rich", "nacl", "cv2", "numpy", "sqlite3", "drivers.readers", "drivers.inputs"} & set(loaded)
