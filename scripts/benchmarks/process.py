"""`scripts/bench process`: the time from a gate's start to its first decision, and the memory of its processes."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread

import click
import cv2
import flood
import numpy as np
from clips import RATE, approach
from device import Nation, described
from rendering import SIZES, Grey
from report import Figure, show

from gate.authority.authority import Authority
from gate.core.model import Listing, Status
from gate.demo.camera import Latest
from gate.demo.stage import DemoStage
from gate.errors import GateError
from gate.passes.aq1_encode import credential_text
from gate.runtime.clock import SystemClock

PEOPLE = 1000
HELD = 5  # frames at the end of a clip: the code is held still
PATIENCE = 60.0  # seconds for anything
DEVICES = """
[[reader]]
driver = "camera"
device = {}
[barrier]
driver = "fake"
pulse = "100ms"
[kiosk]
listen = "127.0.0.1:0"
"""


@click.command("process")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3600),
    default=60.0,
    show_default=True,
    help="For how long each camera is watched before memory is read.",
)
@click.option(
    "--starts", type=click.IntRange(min=1), default=5, show_default=True, help="Of which the median is shown."
)
@click.option(
    "--flooded",
    type=click.FloatRange(min=0, max=3600),
    default=8.0,
    show_default=True,
    help="Seconds for which the page is flooded, and as many quiet ones.  0: not at all.",
)
def command(as_json: bool, seconds: float, starts: int, flooded: float) -> None:
    """Start and memory of lane, page, camera worker and sync.  Takes some three minutes.

    The camera is a stream on loopback before which somebody walks up with a code again and again.  Of
    memory three figures are told: RSS, all that is mapped and present; PSS, in which a page of a library
    counts once for all who share it; anonymous, what nobody can do without.

    The page is flooded by 64 connections that ask without end and 300 streams: decisions of the lane, as
    its log has them, are compared with those of quiet whiles.
    """
    with TemporaryDirectory(prefix="gate-bench-", dir="/var/tmp") as place:
        try:
            figures = measure(Path(place), seconds, starts, flooded)
        except (GateError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
    show("A gate's processes", figures, as_json=as_json)


def measure(folder: Path, seconds: float, starts: int, flooded: float) -> list[Figure]:
    nation = Nation(folder, PEOPLE)
    nation.take_in("idx")
    nation.publish()
    figures: list[Figure] = []
    with nation.served() as mirror:
        config = folder / "gate.toml"

        def fit(camera: str) -> None:
            devices = DEVICES.format(json.dumps(camera))
            config.write_text(described(folder / "state", mirror, nation.path / "root.json", devices))

        for height, width in SIZES:
            pictures = clip((height, width))
            with before_the_camera(pictures[-HELD:]) as camera:
                fit(camera)
                if not figures:
                    figures += synced(config)
                    figures.append(started(config, starts))
            with before_the_camera(pictures) as camera:
                fit(camera)
                with running("run", config) as (lane, logged):
                    until(partial(_has_decided, logged), "a decision")
                    time.sleep(seconds)
                    worker = child(lane.pid, "camera")
                    figures += memory(f"worker_{height}p", worker, f"Camera worker at {height}p")
                    if height == SIZES[-1][0]:
                        figures += memory("lane", lane.pid, "Lane")
                        figures += memory("page", child(lane.pid, "kiosk"), "Page")
        if flooded:
            config.write_text(
                described(folder / "state", mirror, nation.path / "root.json", flood.devices(codes(nation)))
            )
            figures += page_flooded(config, flooded)
    return figures


def page_flooded(config: Path, seconds: float) -> list[Figure]:
    """Measure decisions while the page is flooded, against quiet ones."""
    with running("run", config) as (_, logged):
        until(lambda: len(flood.DECIDED.findall(logged())) >= flood.SHOWN_BEFORE, "decisions")
        until(lambda: flood.PAGE.search(logged()) is not None, "a page")
        quiet, flooded = flood.compared(logged, int(flood.PAGE.findall(logged())[0]), seconds)
    before, during = flood.p99(quiet), flood.p99(flooded)
    return [
        Figure("page_quiet_p99_ms", before, f"Decision, p99 of {len(quiet)}, nobody asks the page", unit="ms"),
        Figure("page_flood_p99_ratio", during / before, f"The same while it is flooded, p99 of {len(flooded)}", most=2),
    ]


def codes(nation: Nation) -> list[str]:
    """Return passes of all who are green on the list, one for each."""
    authority, now = Authority.open(nation.path), int(SystemClock().now())
    green = np.flatnonzero(np.load(nation.path / "status.npy") == Listing.GREEN)
    return [
        credential_text(authority.issue("bench", int(idx), Status.GREEN, issued_at=now, lifetime=12 * 3600))
        for idx in green
    ]


def started(config: Path, starts: int) -> Figure:
    """Measure from the start to the first decision on a code that is held before the camera already."""
    took = []
    for _ in range(starts):
        began = time.monotonic()
        with running("run", config) as (_, logged):
            until(partial(_has_decided, logged), "a decision")
            took.append(time.monotonic() - began)
    return Figure("first_decision_s", median(took), "From the start to the first decision", unit="s", most=1.5)


def synced(config: Path) -> list[Figure]:
    """Measure the memory of an idle `gate sync`."""
    with running("sync", config) as (process, logged):
        until(lambda: "event=synced" in logged(), "a list")
        time.sleep(2)
        return memory("sync", process.pid, "Sync, idle")


def clip(view: tuple[int, int]) -> list[Grey]:
    """Draw a person who walks up with a code, and another one."""
    return [picture for number in range(2) for picture in approach(number, view)[0]]


@contextmanager
def before_the_camera(pictures: Sequence[Grey]) -> Iterator[str]:
    """Yield the address of a camera that delivers these over and over."""
    frames = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]
    latest, ended = Latest(), Event()

    def run() -> None:
        for frame in cycle(frames):
            latest.put(frame)
            if ended.wait(1 / RATE):
                return

    thread = Thread(target=run, daemon=True)
    with DemoStage(latest, dict, "", lambda _: False) as stage:
        thread.start()
        try:
            yield stage.camera
        finally:
            ended.set()
            thread.join()


@contextmanager
def running(what: str, config: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], str]]]:
    """Run `gate WHAT`; yield the process and a function that returns its output so far."""
    log = config.with_suffix(".log")
    with log.open("wb") as file:
        command = [sys.executable, "-m", "gate", what, "--config", str(config)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)  # noqa: S603 - ours
    try:
        yield process, log.read_text
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _has_decided(logged: Callable[[], str]) -> bool:
    return "event=decision" in logged()


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; raise RuntimeError after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {PATIENCE:.0f} s in vain for {what}")
        time.sleep(0.005)


def child(pid: int, module: str) -> int:
    """Return the pid of its process that runs this module, by its command line."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    pids = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    (found,) = (pid for pid in pids if module in Path(f"/proc/{pid}/cmdline").read_text())
    return found


def memory(key: str, pid: int, what: str) -> list[Figure]:
    """Measure memory in 10^6 bytes."""
    said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    figures = (("Rss", "resident", 60.0), ("Pss", "its share of it", None), ("Anonymous", "anonymous", None))
    return [
        Figure(f"{key}_{name.lower()}_mb", _kib(said, name) * 1024 / 1e6, f"{what}: {word}", unit="MB", most=most)
        for name, word, most in figures
    ]


def _kib(said: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the kernel does not tell {name}")
    return int(found[1])
