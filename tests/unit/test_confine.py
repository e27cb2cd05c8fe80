"""What a worker can still do once it has started: tried from within real ones."""

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from drivers.readers import camera, picamera
from drivers.readers.camera import open_camera
from gate.testing.reader_contract import LaneDouble, running
from gate.worker import confine
from gate.worker.confine import unenforced
from tests.contract.camera_rigs import NetworkCamera, camera_config, drawn, film, jpeg, put
from tests.contract.picamera_rig import attach, show
from tests.log_lines import captured_lines
from tests.spies import enforced, send_spy

TRIES = """
import os, socket, threading
def tries(secret, door):
    def one(name, work):
        found[name] = attempt(work)
    def unix():
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(door)
    def internet():
        socket.create_connection(("127.0.0.1", 9), 1).close()
    def other(port=int(os.environ.get("OTHER_PORT", "9"))):
        socket.create_connection(("127.0.0.1", port), 1).close()
    there = ("127.0.0.1", int(os.environ.get("OTHER_PORT", "9")))
    def datagram():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"open", there)
    def fast():
        with socket.socket() as end:
            end.sendto(b"open", socket.MSG_FASTOPEN, there)
    def multipath():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as end:  # IPPROTO_MPTCP
            end.connect(there)
    found = {}
    one("read a secret", lambda: open(secret).close())
    one("read passwd", lambda: open("/etc/passwd").close())
    one("write", lambda: open(secret + ".new", "w").close())
    one("write to a device", lambda: os.open("/dev/ptmx", os.O_RDWR))
    one("remove", lambda: os.unlink(secret))
    one("order the door", unix)
    one("connect", other)
    one("send a datagram", datagram)
    one("connect by sending", fast)
    one("connect by many ways", multipath)
    one("listen", lambda: socket.create_server(("127.0.0.1", 0)))
    one("run a program", lambda: os.execv("/bin/true", ["true"]))
    one("fork", lambda: os.fork() or os._exit(0))
    one("end its parent", lambda: os.kill(os.getppid(), 0))
    return found
"""

SPY = (
    TRIES
    + """
import dataclasses, json
from gate.worker.link import Link
send = Link.send
def wrapped(link, message):
    if getattr(message, "texts", ()):
        here, found = tries(os.environ["SECRET"], os.environ["DOOR"]), {}
        def thread(): found.update(tries(os.environ["SECRET"], os.environ["DOOR"]))
        other = threading.Thread(target=thread); other.start(); other.join()
        message = dataclasses.replace(message, texts=(json.dumps([here, found]),))
    send(link, message)
Link.send = wrapped
"""
)

REFUSED = {"PermissionError"}


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A socket that takes orders, and a secret file; workers try both, and more, at every code they read."""
    secret, door = tmp_path / "secret", tmp_path / "control.sock"
    secret.write_text("key")
    send_spy(SPY, tmp_path, monkeypatch)
    monkeypatch.setenv("SECRET", str(secret))
    monkeypatch.setenv("DOOR", str(door))
    with closing(socket.socket(socket.AF_UNIX)) as listening, socket.create_server(("127.0.0.1", 0)) as relay:
        monkeypatch.setenv("OTHER_PORT", str(relay.getsockname()[1]))
        listening.bind(str(door))
        listening.listen()
        yield secret


def assert_bounded(pid: int) -> None:
    status = Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= 500
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] <= 2**31


def told(config: camera.CameraConfig | picamera.PicameraConfig) -> list[dict[str, str]]:
    """What the worker of this reader could do, in its main thread and in another."""

    async def run() -> list[dict[str, str]]:
        lane = LaneDouble()
        opened = picamera.open_picamera(config) if isinstance(config, picamera.PicameraConfig) else open_camera(config)
        async with opened as reader, running(reader, lane):
            await lane.scanned(1)
            assert reader.pid
            assert_bounded(reader.pid)
            if isinstance(config, camera.CameraConfig) and "://" in config.device:  # gate.service has 512 MB
                assert resource.prlimit(reader.pid, resource.RLIMIT_DATA)[0] < 400 * 2**20
        found: list[dict[str, str]] = json.loads(lane.scans[0].text)
        assert found
        return found

    return asyncio.run(run())


@enforced
def test_the_worker_of_a_folder_can_read_its_pictures_and_no_more(door: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    put(pictures, "1.png", "HELLO")
    for said in told(camera_config(pictures)):
        assert set(said.values()) == REFUSED, said
    assert door.exists()


@enforced
def test_the_worker_of_a_video_can_open_nothing(door: Path, tmp_path: Path) -> None:
    film(tmp_path / "lane.avi", ["HELLO"] * 2)
    for said in told(camera_config(tmp_path / "lane.avi")):
        assert set(said.values()) == REFUSED, said
    assert door.exists()


@enforced
def test_the_worker_of_a_stream_with_a_name_can_look_names_up_beside(door: Path) -> None:
    stream = NetworkCamera([jpeg(drawn("HELLO"))])
    try:
        for said in told(camera_config(stream.url.replace("127.0.0.1", "localhost"))):
            assert {name for name, became in said.items() if became not in REFUSED} == {"send a datagram"}, said
    finally:
        stream.stop()
    assert door.exists()


@enforced
def test_the_worker_of_a_stream_can_connect_to_its_camera_only(door: Path) -> None:
    stream = NetworkCamera([jpeg(drawn("HELLO"))])
    try:
        for said in told(camera_config(stream.url)):
            assert set(said.values()) == REFUSED, said
    finally:
        stream.stop()
    assert door.exists()


@enforced
def test_the_worker_of_a_ribbon_cable_camera_can_read_files_only(
    door: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pi"
    for name, value in attach(folder).items():
        monkeypatch.setenv(name, f"{os.environ['PYTHONPATH']}:{value}" if name == "PYTHONPATH" else value)
    show(folder, "HELLO")
    quick = {"width": 640, "height": 480, "fps": 25, "open_deadline": "3s", "frame_deadline": "1s"}
    for said in told(picamera.PicameraConfig.model_validate({"driver": "picamera", "direction": "exit"} | quick)):
        assert {name for name, what in said.items() if what not in REFUSED} == {"read a secret", "read passwd"}
    assert door.exists()


def test_where_nothing_can_be_taken_a_worker_works_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, pictures = tmp_path / "spy", tmp_path / "pictures"
    spy.mkdir()
    pictures.mkdir()
    (spy / "pyseccomp.py").write_text("raise RuntimeError('Unable to find libseccomp')")
    (spy / "landlockpy.py").write_text("raise ImportError('landlockpy is missing')")
    monkeypatch.setenv("PYTHONPATH", str(spy))
    monkeypatch.setattr(camera, "_logged_rights", set())
    assert cv2.imwrite(str(pictures / "1.png"), drawn("HELLO"))

    async def run() -> None:
        for _ in range(2):
            lane = LaneDouble()
            async with open_camera(camera_config(pictures)) as reader, running(reader, lane):
                await lane.seen("HELLO")

    with captured_lines() as lines:
        asyncio.run(run())
    said = " ".join(line["event"] for line in lines)
    assert said.count("Unable to find libseccomp") == 1
    assert said.count("landlockpy is missing") == 1


def test_what_serves_may_accept_and_nothing_else() -> None:
    program = """
import json, socket, sys
from gate.worker.confine import Rights, give_up
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
missing = give_up(Rights(serve=True))
other, _ = server.accept()
client.sendall(b"x"); assert other.recv(1) == b"x"
try:
    socket.socket(); said = "a socket"
except PermissionError:
    said = "refused"
print(json.dumps([list(missing), said]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    missing, said = json.loads(done.stdout)
    assert said == "refused" or missing


def test_a_limit_that_is_lower_already_stays() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64));"
        "from gate.worker.confine import lower_limits; lower_limits(2**31);"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(64, 64) (0, 0)"


def test_what_cannot_be_enforced_is_known_without_giving_up_anything() -> None:
    before = unenforced()
    assert unenforced() == before
    assert Path("/proc/self/status").read_text().count("Seccomp:\t0") == 1
    assert confine.NOTHING.read == ()
