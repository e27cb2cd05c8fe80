"""`gate setup` on a terminal, with a board and a camera's pictures attached."""

import signal
import tomllib
from pathlib import Path

import pytest
import segno

from drivers.barriers.find_boards import QUESTIONS
from gate.registry import config_of
from gate.settings.load import load_settings
from tests.commands.process import run_gate
from tests.contract.found_boards import WaveshareBySilence
from tests.system.terminal import Terminal
from tests.unit.setup_rig import ROOT_JSON

VENUE = [
    ("Kind of place", "3"),
    ("no two alike", "fit-1"),
    ("for all its doors", "fit"),
    ("Region", "almaty"),
    ("Time zone", ""),
    ("Mode", ""),
]


def test_a_whole_setup_opens_nothing_and_an_interrupted_one_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    segno.make_qr("a code").save(str(tmp_path / "pictures" / "code.png"), scale=6, border=4)
    (tmp_path / "root.json").write_text(ROOT_JSON)
    output = tmp_path / "etc" / "gate" / "gate.toml"
    board = WaveshareBySilence(tmp_path)
    try:
        with Terminal("setup", "--root", tmp_path, cwd=tmp_path, columns=40) as terminal:
            for question, given in VENUE:
                terminal.answer(question, given)
            terminal.answer("reads the codes", "1")
            terminal.answer("\ndevice:", str(tmp_path / "pictures"))
            terminal.answer("This camera", "1")
            terminal.answer("What opens", "2")
            terminal.answer("Serial port", str(board.port))
            terminal.answer("Ask it", "y")
            terminal.answer("pulse [4s]", "")
            terminal.answer("Lines", "none")
            terminal.answer("Mirrors", "")
            terminal.process.send_signal(signal.SIGINT)
            assert terminal.end() == 130
            words = " ".join(terminal.shown.split())
            assert "A code was READ" in words
            assert "It is a Waveshare Modbus relay board" in words
            assert "▀" in words
        assert not output.exists()
        assert [path.name for path in output.parent.iterdir()] == ["gate.answers.toml"]
        with Terminal("setup", "--root", tmp_path, cwd=tmp_path) as terminal:
            terminal.answer("interrupted", "")
            for question, _ in VENUE:
                terminal.answer(question, "")
            terminal.answer("Keep this", "")
            terminal.answer("Keep this", "")
            terminal.answer("Lines", "none")
            terminal.answer("Mirrors", "https://lists.example.kz/gate file:///media/usb")
            terminal.answer("root.json:", str(tmp_path / "root.json"))
            terminal.answer("the same", "y")
            terminal.answer("Languages", "ru")
            terminal.answer("Where the camera is", "3")
            terminal.answer("Telephone number", "+7 727 250 00 00")
            terminal.answer("Write", "y")
            assert terminal.end() == 0
        heard, openings = board.heard, board.openings
    finally:
        board.close()
    assert openings == 0
    assert heard == b"".join(QUESTIONS[:2])  # the board said what it is
    settings = load_settings(output, config_of)
    assert (settings.device.id, settings.venue.languages) == ("fit-1", ("ru",))
    assert settings.kiosk is not None
    assert settings.venue.help is not None
    assert (settings.kiosk.camera, settings.venue.help.phone) == ("left", "+7 727 250 00 00")
    assert tomllib.loads(output.read_text())["barrier"] == {
        "driver": "modbus_relay",
        "board": "waveshare",
        "port": str(board.port),
        "pulse": "4s",
    }
    assert {path.name for path in output.parent.iterdir()} == {"gate.toml", "root.json"}
    assert run_gate("config", "check", output).returncode == 0


def test_without_a_terminal_or_answers_one_line_says_what_to_do(tmp_path: Path) -> None:
    done = run_gate("setup", "--root", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "--answers" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answers", ["", '[setup]\nvenue = "cafe"\n'])
def test_answers_that_lack_something_are_a_fault_of_the_configuration(answers: str, tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(answers)
    done = run_gate("setup", "--answers", tmp_path / "answers.toml", "--output", tmp_path / "gate.toml")
    assert done.returncode == 78
    assert all("answers.toml:" in line for line in done.stderr.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["answers.toml"]
