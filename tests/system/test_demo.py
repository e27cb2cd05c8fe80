"""`gate demo` as a user runs it: one command, the real daemon, and nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gate.core.reason import Reason
from tests.system.rig import eventually

TIMEOUT = 60  # seconds for a run, on a busy machine
KEYS = ["person", "shows", "outcome", "reason", "passed", "ms_to_open"]


def demo(*arguments: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gate", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=os.environ | (env or {}),
        check=False,
    )


@contextmanager
def started(tmp: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A demo of which the first person was seen already."""
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "demo", "--json", "--speed", "5", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp)},
    ) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["person"] == 1
            yield process
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_dozen_people_fare_as_they_should(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run = demo("--headless", "--people", "12", "--seed", "3", "--speed", "5", "--json", "--keep", str(kept))
    assert (run.returncode, run.stderr) == (0, ""), run.stderr + run.stdout
    *rows, last = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["person"] for row in rows] == list(range(1, 13))
    assert all(list(row) == KEYS for row in rows)
    _check_rows(rows)
    _check_summary(last["summary"], rows)
    _check_config(kept)


def _check_rows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        match row["outcome"]:
            case "admitted":
                assert row["reason"] == "admitted"
                assert row["ms_to_open"] > 0
            case "refused":
                assert Reason(row["reason"]) is not Reason.ADMITTED
                assert (row["passed"], row["ms_to_open"]) == (False, None)
            case "ignored":
                assert (row["reason"], row["passed"], row["ms_to_open"]) == (None, False, None)
            case other:
                pytest.fail(f"outcome {other}")
    answers = {row["shows"]: (row["reason"], row["passed"]) for row in rows}
    assert answers["green from ashyq"] == ("admitted", True)
    assert answers["the same code again, right behind"] == ("already_used", False)
    assert answers["screenshot of a bound pass"] == ("presentation_stale", False)
    assert answers["green from ashyq, then turns back"] == ("admitted", False)
    assert answers["nothing"] == (None, False)


def _check_summary(summary: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    admitted = [row for row in rows if row["outcome"] == "admitted"]
    refused = [row["reason"] for row in rows if row["outcome"] == "refused"]
    assert summary["people"] == 12
    assert summary["admitted"] == summary["opened"] == len(admitted)
    assert summary["refused"] == {reason: refused.count(reason) for reason in refused}
    assert summary["passed"] == sum(row["passed"] for row in rows)
    assert summary["journal_ok"] is True
    assert summary["expected_ok"] is True


def _check_config(kept: Path) -> None:
    """The files that are kept are a gate's: its tools read them."""
    tail = subprocess.run(
        [sys.executable, "-m", "gate", "journal", "tail", "--json", "--config", str(kept / "gate.toml"), "-n", "99"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    rows = [json.loads(line) for line in tail.stdout.splitlines()]
    assert sum(row["event"] == "decision" for row in rows) == 11  # one person showed nothing


def test_the_table_is_for_people(tmp_path: Path) -> None:
    run = demo("--headless", "--people", "1", "--speed", "5", env={"TMPDIR": str(tmp_path), "COLUMNS": "80"})
    assert run.returncode == 0, run.stderr
    assert "green from ashyq" in run.stdout
    assert "through" in run.stdout
    assert "as expected           yes" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_stopped_early_it_proves_the_journal_and_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "--people", "50") as process:
        family = _family(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    summary = json.loads(out.splitlines()[-1])["summary"]
    assert summary["journal_ok"] is True
    assert f"stopped after {summary['people']} of 50 people" in err
    assert err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in family)


def test_a_demo_that_is_killed_leaves_no_gate_that_would_take_the_next_ones_turnstile(tmp_path: Path) -> None:
    with started(tmp_path, "--people", "50") as process:
        family = _family(process.pid)
        process.kill()
        process.wait(TIMEOUT)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), "the gate to end")


def test_a_gate_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    with started(tmp_path, "--people", "50") as process:
        (gate,) = children(process.pid)
        os.kill(gate, signal.SIGKILL)
        _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "gate: the gate ended by itself (exit code -9)" in err
    assert "event=decision reason=admitted" in err
    assert list(tmp_path.iterdir()) == []


def test_a_gate_that_hangs_is_ended_and_said(tmp_path: Path) -> None:
    with started(tmp_path, "--people", "50") as process:
        (gate,) = children(process.pid)
        os.kill(gate, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "the gate did not stop properly" in err
    assert not Path(f"/proc/{gate}").exists()


def _family(pid: int) -> list[int]:
    """The gate, and the processes that it started."""
    gate = children(pid)
    return gate + [child for parent in gate for child in children(parent)]


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        run = demo("--headless", "--port", str(held.getsockname()[1]), env={"TMPDIR": str(tmp_path)})
    assert run.returncode == 2
    assert run.stderr.startswith("gate: port ")
    assert run.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    run = demo("--headless", "--keep", str(tmp_path))
    assert run.returncode == 2
    assert run.stderr == f"gate: {tmp_path} is not empty. Name a new folder with --keep\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_stopped_while_it_starts_it_says_so(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "demo", "--json", "--people", "50"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        eventually(lambda: any(tmp_path.glob("*/gate.toml")), "the configuration to be written")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "gate: stopped before anybody came\n")
    assert list(tmp_path.iterdir()) == []


def test_a_camera_of_this_computer_reads_the_phone(tmp_path: Path) -> None:
    """A folder of pictures stands for the camera, and the browser of this computer for the phone."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("L", (64, 64), 90).save(pictures / "nobody.png")
    command = [sys.executable, "-m", "gate", "demo", "--webcam", str(pictures), "--port", "0"]
    output = tmp_path / "output"
    environment = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "150"}
    with (
        output.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=file, env=environment) as process,
    ):
        try:
            eventually(lambda: "Ctrl-C ends the demo" in output.read_text(), "the demo to start")
            (phone,) = re.findall(r"Your phone +(http://127\S+)", output.read_text())
            for number, (shows, answer) in enumerate(
                (("green", "admitted"), ("red", "status_not_admitted"), ("green-old", "presentation_stale"))
            ):
                with urllib.request.urlopen(f"{phone}{shows}.png", timeout=5) as got:  # noqa: S310 - our own
                    (pictures / f"{number}.png").write_bytes(got.read())
                eventually(lambda answer=answer: f"\n{answer}\n" in output.read_text(), answer)  # type: ignore[misc]  # a default binds it
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(TIMEOUT)
    said = output.read_text()
    assert process.returncode == 0, said
    assert "the turnstile opened 1 times, 1 went through" in said


def test_a_camera_that_is_not_there_is_a_wrong_usage() -> None:
    run = demo("--webcam", "/dev/video99")
    assert run.returncode == 2
    assert run.stderr.startswith("gate: there is no camera /dev/video99. Name one: ")
    assert demo("--lan").stderr == "gate: --lan is for the phone's page. Add --webcam\n"
