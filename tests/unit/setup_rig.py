"""Answers to `gate setup`, an authority's root.json, and GPIO lines that change."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import click
import gpiod
from click.testing import CliRunner, Result
from gpiod.line import Value

from gate.device.setup.run import set_up_by_questions

ROOT_JSON = json.dumps({"signed": {"_type": "root", "version": 1}, "signatures": []})


def good_answers(folder: Path, venue: str = "fitness") -> dict[str, Any]:
    """Complete answers for a door; root.json lies in `folder`."""
    (folder / "root.json").write_text(ROOT_JSON)
    (folder / "pictures").mkdir(exist_ok=True)
    return {
        "setup": {"venue": venue, "root": str(folder / "root.json")},
        "device": {"id": "fit-1"},
        "venue": {"id": "fit", "zone": "almaty", "languages": ["ru", "kk"]},
        "lane": {"mode": "pilot", "max_inside": 40},
        "sync": {"mirrors": ["https://lists.example.kz/gate", "file:///media/usb"]},
        "reader": [{"driver": "camera", "device": str(folder / "pictures")}],
        "barrier": {"driver": "gpio_relay", "line": 17, "active": "high", "pulse": "4s"},
        "input": [
            {"driver": "gpio", "role": "rex", "line": 23, "normally": "open"},
            {"driver": "gpio", "role": "door", "line": 24, "normally": "closed"},
            {"driver": "gpio", "role": "fire", "line": 22, "normally": "closed"},
        ],
    }


class Lines:
    """GPIO lines with pull-ups.  `presses`: line -> whether it is closed at rest; each changes once, one a watch, in
    their order, after some readings."""

    AFTER = 30  # readings of a line

    def __init__(self, presses: dict[int, bool]) -> None:
        self.presses = dict(presses)
        self.closed = dict(presses)
        self.claimed: list[int] = []
        self._readings: dict[int, int] = {}
        self._next: int | None = None

    def request_lines(self, path: str, consumer: str, config: dict[int, gpiod.LineSettings]) -> Any:
        assert path
        assert consumer
        ((line, settings),) = config.items()
        assert settings.direction is gpiod.line.Direction.INPUT
        self.claimed.append(line)
        self._readings[line] = 0
        self._next = next(iter(self.presses), None)
        return SimpleNamespace(get_value=self._read, release=lambda: None)

    def _read(self, line: int) -> Value:
        self._readings[line] += 1
        if self._next == line and self._readings[line] > self.AFTER:
            del self.presses[line]
            self._next = None
            self.closed[line] = not self.closed[line]
        return Value.INACTIVE if self.closed[line] else Value.ACTIVE


@contextmanager
def lines(presses: dict[int, bool]) -> Iterator[Lines]:
    board = Lines(presses)
    with patch.object(gpiod, "request_lines", board.request_lines):
        yield board


def interview(output: Path, given: list[str]) -> Result:
    """Answer the questions with these lines; the end of them is Ctrl-D."""

    @click.command()
    def asked() -> None:
        set_up_by_questions(output, output.parent, 1_764_000_000.0)

    return CliRunner().invoke(asked, [], input="".join(f"{line}\n" for line in given))
