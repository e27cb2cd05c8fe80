"""`gate run` beside worker processes that were taken over, and before pictures that are made to end it."""

import json
import os
import re
import resource
import signal
import time
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import segno

from drivers.readers.camera_messages import CAMERA, FrameTexts, ImageHeld, Opened, SourceEnded, Taking
from drivers.readers.camera_messages import Picture as PictureMessage
from gate.core.model import Listing
from gate.testing.relay_board import RelayBoard
from gate.worker.codec import Started
from tests.contract.camera_rigs import BLANK, NetworkCamera, Picture, drawn, jpeg
from tests.system.rig import Daemon, Site, camera, eventually, lcus, replay, running

LARGEST = {30: 1732, 40: 2953}  # version of a code -> bytes that it holds
KIOSK = '[kiosk]\nlisten = "127.0.0.1:0"\n'


def sheet(version: int, columns: int, rows: int, scale: int) -> Picture:
    """Codes full of the byte 01, each another one: JSON makes six characters of each."""

    def code(number: int) -> Picture:
        data = b"\x01" * (LARGEST[version] - number) + b"A" * number
        made = segno.make_qr(data, error="l", version=version, mode="byte", boost_error=False)
        return np.array([[0 if dark else 255 for dark in row] for row in made.matrix_iter(scale=scale)], np.uint8)

    return np.vstack([np.hstack([code(row * columns + column) for column in range(columns)]) for row in range(rows)])


def state(daemon: Daemon) -> dict[str, Any]:
    """What the page shows."""
    eventually(lambda: "the page answers" in daemon.said(), "the page")
    address = re.search(r"url=(\S+)", daemon.said())
    assert address
    shown: dict[str, Any] = httpx.get(f"{address[1]}state", timeout=5).json()
    return shown


def test_a_sheet_of_large_codes_before_a_live_camera_is_unreadable_and_a_pass_after_it_is_admitted(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    wall = np.full((720, 1280), 200, np.uint8)
    codes = sheet(30, 4, 2, 2)
    wall[: len(codes), : codes.shape[1]] = codes
    stream = NetworkCamera([jpeg(wall)], fps=15)
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(camera(stream.url), lcus(board), KIOSK)
        try:
            with running(site) as daemon:
                eventually(lambda: "unreadable" in site.reasons(), "an answer to the sheet")
                eventually(lambda: "unreadable" in json.dumps(state(daemon)), "the page to show it")
                stream.frames = [jpeg(BLANK)] * 20 + [jpeg(drawn(site.issue(1)))] * 10**6
                eventually(lambda: "admitted" in site.reasons(), "the pass to be admitted")
                eventually(lambda: board.openings == 1, "the barrier")
                assert daemon.process.poll() is None
                assert "lost" not in daemon.said()
                assert "nonsense" not in daemon.said()
        finally:
            stream.stop()
    assert set(site.reasons()) == {"unreadable", "admitted"}


def test_a_picture_of_the_largest_codes_is_unreadable_and_the_next_person_is_admitted(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    assert cv2.imwrite(str(pictures / "1.png"), sheet(40, 3, 2, 3))
    assert cv2.imwrite(str(pictures / "2.png"), drawn(site.issue(1)))
    site.configure(camera(pictures))
    with running(site):
        eventually(lambda: "admitted" in site.reasons(), "the next person to be admitted")
    assert set(site.reasons()) == {"unreadable", "admitted"}
    assert site.reasons().count("admitted") == 1


WORKERS = {
    "garbage": "head -c 300000 /dev/urandom",
    "zeros without end": "cat /dev/zero",
    "too much and too fast": "yes '[\"Loading\", {}]'",
    "half a message": "printf '[\"Loading\", '",
    "exits at once": "exit 7",
    "ignores what it is told": "exec sleep 600",
    "forks": "sleep 600 & sleep 600 & exit 0",
    "no form of ours": """printf '["Started", {}]\\n["Opened", {}]\\n'; sleep 1""",
}


NOW = 12345.5  # stands for the present time, monotonic seconds


def lying(message: object) -> str:
    """Return a shell line that starts as a camera does, and then sends this message for ever."""
    begin, lie = (b"".join(map(CAMERA.sends.encode, said)).decode() for said in ((Started(), Opened()), (message,)))
    now = f"s/{NOW}/$(cut -d' ' -f1 /proc/uptime)/g"
    return f"printf '%s' '{begin}'; while sleep 0.02; do printf '%s' '{lie}' | sed \"{now}\"; done"


LIES: dict[str, tuple[object, str]] = {
    "a code from the future": (FrameTexts(1e300, NOW, 1, ("A",), None), "a frame of another time"),
    "a code from long ago": (FrameTexts(-1e300, NOW, 1, ("A",), None), "a frame of another time"),
    "frames without number": (FrameTexts(NOW, NOW, -99_999_999_999, (), None), "a frame of another time"),
    "a picture held for ever": (ImageHeld(1e18, ("A",), still=True), "a frame of another time"),
    "a name that is none": (Taking("a" * 1000, (1, 2, 3), NOW), "no name of a picture"),
    "a view nobody asked for": (PictureMessage(NOW, 8, 8, ("/9j/",), (), None), "a picture that was not requested"),
    "an end": (SourceEnded(), "a message that has no place here"),
    "a start": (Started(), "a message that has no place here"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_worker_that_lies_is_ended_and_started_again(lie: str, tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    message, says = LIES[lie]
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{lying(message)}\n")
    python.chmod(0o755)
    start = f"import sys; sys.executable = {str(python)!r}; from gate.cli.main import main; main()"
    site.configure(camera("http://127.0.0.1:9/"), replay(tmp_path, site.issue(1)))
    daemon = Daemon(site, program=("-c", start, "run"))
    try:
        daemon.wait_ready()
        eventually(lambda: f"malformed messages: {says}" in daemon.said(), "the lie to be told")
        eventually(lambda: "admitted" in site.reasons(), "the other reader's pass")
        assert daemon.process.poll() is None
    finally:
        assert daemon.stop() == 0, daemon.said()
    assert site.reasons() == ["admitted"]
    assert "Traceback" not in daemon.said()


@pytest.mark.parametrize("worker", WORKERS)
def test_a_lane_outlives_a_worker_that_was_taken_over(worker: str, tmp_path: Path) -> None:
    """The barrier stays locked, and the other reader is served."""
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{WORKERS[worker]}\n")
    python.chmod(0o755)
    start = f"import sys; sys.executable = {str(python)!r}; from gate.cli.main import main; main()"
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(camera(tmp_path), replay(tmp_path, site.issue(1)), lcus(board))
        daemon = Daemon(site, program=("-c", start, "run"))
        try:
            daemon.wait_ready()
            eventually(lambda: board.openings == 1, "the other reader's pass")
            if worker != "ignores what it is told":
                eventually(lambda: "worker process" in daemon.said(), "the worker's end to be told")
            assert daemon.process.poll() is None
        finally:
            assert daemon.stop() == 0, daemon.said()
    assert site.reasons() == ["admitted"]
    assert "Traceback" not in daemon.said()
    assert board.openings == 1


def test_the_log_holds_no_control_signs_of_a_worker_and_little_of_what_it_says(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    words = "\\u001b[31m\\r" + "x" * 4000
    liar = tmp_path / "python"
    begin = """printf '%s\\n' '["Loading", {}]' '["Started", {}]'"""
    liar.write_text(f"""#!/bin/bash\n{begin} '["Opened", {{"keeps": ["{words}"]}}]'\nsleep 60\n""")
    liar.chmod(0o755)
    start = f"import sys; sys.executable = {str(liar)!r}; from gate.cli.main import main; main()"
    site.configure(camera(tmp_path))
    daemon = Daemon(site, program=("-c", start, "run"))
    try:
        eventually(lambda: "rights that it does not need" in daemon.said(), "the worker's words")
    finally:
        assert daemon.stop() == 0, daemon.said()
    (line,) = (line for line in daemon.said().splitlines() if "rights that it does not need" in line)
    assert "[31m" in line
    assert line.isprintable()
    assert len(line) < 1000


def worker_of(daemon: Daemon) -> int:
    """Process id of its camera worker."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == daemon.process.pid and b"camera_worker.main" in command:
            return int(entry.name)
    return 0


def test_a_lane_without_descriptors_left_outlives_its_camera_and_has_it_back_with_them(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    stream = NetworkCamera([jpeg(BLANK)])
    site.configure(camera(stream.url))
    try:
        with running(site) as daemon:
            eventually(lambda: worker_of(daemon) != 0, "the worker")
            pid, limits = daemon.process.pid, resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
            first = worker_of(daemon)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, limits[1]))
            os.kill(first, signal.SIGKILL)
            eventually(lambda: "Too many open files" in daemon.said(), "the reason to be told")
            assert daemon.process.poll() is None
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            eventually(lambda: worker_of(daemon) not in (0, first), "another worker")
            stream.frames = [jpeg(drawn(site.issue(1)))]
            eventually(lambda: "admitted" in site.reasons(), "the pass to be admitted")
        assert "Traceback" not in daemon.said()
    finally:
        stream.stop()


@pytest.mark.slow
def test_one_showing_before_a_camera_that_is_slow_is_one_presentation(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    stream = NetworkCamera([jpeg(drawn(site.issue(1)))], fps=0.5)
    site.configure(camera(stream.url) + 'frame_deadline = "10s"\nopen_deadline = "10s"\n')
    try:
        with running(site):
            eventually(lambda: "admitted" in site.reasons(), "the pass to be admitted", patience=40)
            time.sleep(9)  # five more frames of the same code
    finally:
        stream.stop()
    assert site.reasons() == ["admitted"]
