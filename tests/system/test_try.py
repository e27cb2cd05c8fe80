"""`gate try`: exactly the commands that it prints lead to a person who goes through, and to one who does not."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.device.templates import VENUES
from tests.commands.process import run_gate
from tests.system.rig import eventually

pytestmark = pytest.mark.slow


@contextmanager
def running(command: str, output: Path) -> Iterator[None]:
    """A line that somebody pasted into a shell, until Ctrl-C."""
    with (
        output.open("wb") as file,
        subprocess.Popen(  # noqa: S602 - as it was printed
            command, shell=True, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        ) as process,
    ):
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def decisions(trial: Path) -> list[str]:
    tail = run_gate("journal", "tail", "--json", "-n", "99", "--config", trial / "gate.toml")
    rows = [json.loads(line) for line in tail.stdout.splitlines()]
    return [row["reason"] for row in rows if row["event"] == "decision"]


def test_the_printed_commands_lead_through_the_turnstile(tmp_path: Path) -> None:
    trial = tmp_path / "a trial"
    made = run_gate("try", trial, "--port", "0")
    assert (made.returncode, made.stderr) == (0, "")
    turnstile, lane, green, red = [line.strip() for line in made.stdout.splitlines() if line.startswith("  ")]
    said, log = tmp_path / "turnstile", tmp_path / "log"
    with running(turnstile, said), running(lane, log):
        eventually(lambda: "event=ready" in log.read_text(), "the gate to be ready")
        with running(green, tmp_path / "green"):
            eventually(lambda: "passed entry" in said.read_text(), f"the turnstile to turn: {log.read_text()}")
        with running(red, tmp_path / "red"):
            eventually(lambda: "status_not_admitted" in decisions(trial), "the red pass to be refused")
    assert decisions(trial)[0] == "admitted"
    assert said.read_text().count("released entry") == 1


@pytest.mark.parametrize("venue", VENUES)
def test_the_configuration_of_every_venue_is_good(venue: str, tmp_path: Path) -> None:
    made = run_gate("try", tmp_path / "trial", "--venue", venue, "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert len(facts["commands"]) == 3
    checked = run_gate("config", "check", tmp_path / "trial" / "gate.toml")
    assert checked.returncode == 0, checked.stderr
    assert re.search(rf"good, device trial-{venue}, mode enforce, reader camera, barrier serial_frames", checked.stdout)
    listed = json.loads(run_gate("list", "status", "--json", "--config", tmp_path / "trial" / "gate.toml").stdout)
    assert (listed["freshness"], listed["listed"]) == ("fresh", 30)


def test_a_folder_with_files_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    made = run_gate("try", tmp_path)
    assert (made.returncode, made.stderr) == (2, f"gate: {tmp_path} is not empty. Name a new folder\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
