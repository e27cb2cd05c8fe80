"""`gate doctor` before a scanner: what it is, what it read, what it dropped, and never a text."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from drivers.readers import fake, serial_scanner
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.scanner import scanner_lines
from gate.registry import Fitted
from tests.contract.scanner_rigs import ScannerBoard


def lines(folder: Path, said: Sequence[bytes], seconds: float = 1.8) -> list[CheckLine]:
    board = ScannerBoard(folder, speaks=False)
    settings = {"driver": "serial_scanner", "scanner": "line", "port": str(board.port)}
    config = serial_scanner.ScannerConfig.model_validate(settings)

    def speak() -> None:
        for one in said:
            time.sleep(0.3)
            board.say(one)

    speaking = threading.Thread(target=speak)
    speaking.start()
    try:
        return list(scanner_lines(Fitted("reader[0]", serial_scanner.DRIVER, config), seconds))
    finally:
        speaking.join()
        board.close()


@pytest.mark.parametrize(
    ("said", "states", "words"),
    [
        ([b"AQ1:A\r", b"https://menu.example\r"], ["pass"], ["1 passes and 1 other"]),
        ([], ["unknown"], ["read nothing"]),
        ([b"]Q1AQ1:A\r"], ["pass", "pass"], ["1 passes", "with 3 signs before it"]),
        ([b"AQ!:A\r"], ["pass", "warn"], ["1 other", "SHIFT"]),
        ([b"AQ1:HALF"], ["unknown", "warn"], ["read nothing", "a code without an end"]),
        ([b"\x01\x02\x80\x07\r"], ["pass", "warn"], ["1 other", "no text"]),
    ],
)
def test_a_scanner_is_listened_to(said: list[bytes], states: list[str], words: list[str], tmp_path: Path) -> None:
    found = lines(tmp_path, said)
    assert [line.state for line in found] == [Mark(state) for state in states]
    for line, word in zip(found, words, strict=True):
        assert word in line.found
        assert line.advice or line.state is Mark.PASS
    assert "HALF" not in str(found)
    assert "menu" not in str(found)


def test_one_that_is_not_there_fails_and_a_recording_is_named(tmp_path: Path) -> None:
    settings = {"driver": "serial_scanner", "scanner": "line", "port": str(tmp_path / "none")}
    config = serial_scanner.ScannerConfig.model_validate(settings)
    assert next(scanner_lines(Fitted("reader[0]", serial_scanner.DRIVER, config), 0.1)).state is Mark.FAIL
    shown = fake.FakeReaderConfig(driver="fake")
    line = next(scanner_lines(Fitted("reader[0]", fake.DRIVER, shown), 0.1))
    assert line.state is Mark.WARN
    assert "nothing real" in line.found
