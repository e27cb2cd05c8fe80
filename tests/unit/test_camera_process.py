"""The worker process of a camera: it may crash or hang, and it never outlives the daemon."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivers.readers.camera import open_camera
from gate.errors import DeviceError
from gate.testing.census import children
from gate.testing.reader_contract import LaneDouble
from tests.contract.camera_rigs import camera_config, put

DAEMON = """
import asyncio, sys
from drivers.readers.camera import CameraConfig, open_camera
from gate.ports.reader import Answer

async def main():
    config = CameraConfig(driver="camera", device=sys.argv[1])
    async with open_camera(config) as reader:
        print(reader.pid, flush=True)
        await reader.run(lambda scan: Answer.WAIT)

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def gone_soon(pid: int) -> bool:
    for _ in range(100):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def daemon(tmp_path: Path) -> subprocess.Popen[str]:
    """A process of its own that holds a camera open; its first line is the worker's process id."""
    put(tmp_path, "1.png", "HELLO")
    return subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def worker_of(daemon: subprocess.Popen[str]) -> int:
    assert daemon.stdout is not None
    return int(daemon.stdout.readline())


def disturbed(folder: Path, number: signal.Signals) -> tuple[DeviceError, int]:
    """Send a signal to the worker once it reads; what run() raises, and the worker's process id."""
    put(folder, "1.png", "HELLO")

    async def run() -> None:
        lane = LaneDouble()
        async with asyncio.timeout(10), open_camera(camera_config(folder)) as reader:
            assert reader.pid
            pids.append(reader.pid)
            task = asyncio.create_task(reader.run(lane.present))
            await lane.seen("HELLO")
            os.kill(reader.pid, number)
            await task

    pids: list[int] = []
    with pytest.raises(DeviceError) as caught:
        asyncio.run(run())
    return caught.value, pids[0]


def test_a_worker_that_crashes_is_a_lost_camera(tmp_path: Path) -> None:
    error, pid = disturbed(tmp_path, signal.SIGSEGV)
    assert "its worker process ended by itself" in error.what
    assert pid not in children()


def test_a_worker_that_hangs_is_killed_within_the_frame_deadline(tmp_path: Path) -> None:
    error, pid = disturbed(tmp_path, signal.SIGSTOP)
    assert "no new frame for 1s" in error.what
    assert pid not in children()


def test_the_same_reader_can_run_again_after_a_crash(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "FIRST")

    async def run() -> list[str]:
        lane = LaneDouble()
        async with asyncio.timeout(10), open_camera(camera_config(tmp_path)) as reader:
            task = asyncio.create_task(reader.run(lane.present))
            await lane.seen("FIRST")
            assert reader.pid
            os.kill(reader.pid, signal.SIGKILL)
            with pytest.raises(DeviceError):
                await task
            await asyncio.to_thread(put, tmp_path, "2.png", "SECOND")
            task = asyncio.create_task(reader.run(lane.present))
            await lane.seen("SECOND")
            task.cancel()
        return [scan.text for scan in lane.scans]

    assert asyncio.run(run()) == ["FIRST", "SECOND"]


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_the_worker_dies_with_a_daemon_that_is_killed(daemon: subprocess.Popen[str], state: str) -> None:
    with daemon:
        pid = worker_of(daemon)
        if state == "stopped":
            os.kill(pid, signal.SIGSTOP)
        daemon.kill()
    assert gone_soon(pid)


def test_the_worker_leaves_ctrl_c_and_sigterm_to_the_daemon(daemon: subprocess.Popen[str]) -> None:
    with daemon:
        pid = worker_of(daemon)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        time.sleep(0.3)
        assert is_running(pid)
        assert daemon.poll() is None
        daemon.send_signal(signal.SIGINT)
        _, complaints = daemon.communicate(timeout=10)
    assert gone_soon(pid)
    assert "camera_worker" not in complaints


def test_a_missing_system_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libz.so.1: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def run() -> None:
        async with open_camera(camera_config(tmp_path)):
            pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(run())
    assert "libz.so.1" in caught.value.what
    assert "apt install" in caught.value.hint


def test_importing_the_driver_loads_no_vision_library() -> None:
    program = "import sys, drivers.readers.camera, drivers.decoders.file_decoder; print('cv2' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
