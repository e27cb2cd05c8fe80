"""Network cameras that misbehave, and addresses that are none."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from drivers.readers.camera import CameraConfig, open_camera, shown_address
from drivers.readers.camera_worker.capture import FAILED, NewestFrame
from gate.core.coaching import Hint
from gate.errors import DeviceError
from gate.ports.reader import Coaching
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.camera_rigs import (
    BLANK,
    NetworkCamera,
    Picture,
    black_hole,
    camera_config,
    drawn,
    endless_part,
    jpeg,
    put,
)


@contextmanager
def network_camera(frames: Sequence[bytes | None], fps: float = 25.0) -> Iterator[NetworkCamera]:
    camera = NetworkCamera(frames, fps=fps)
    try:
        yield camera
    finally:
        camera.stop()


def read_until_lost(config: CameraConfig) -> tuple[DeviceError, LaneDouble]:
    async def run() -> LaneDouble:
        lane = LaneDouble()
        lanes.append(lane)
        async with asyncio.timeout(10), open_camera(config) as reader:
            await reader.run(lane.present)
        return lane

    lanes: list[LaneDouble] = []
    with pytest.raises(DeviceError) as caught:
        asyncio.run(run())
    return caught.value, lanes[0]


def test_a_stream_that_stalls_is_lost() -> None:
    with network_camera([jpeg(drawn("HELLO"))] * 10 + [None]) as camera:
        error, lane = read_until_lost(camera_config(camera.url))
    assert lane.texts == ["HELLO"]
    assert f"http://127.0.0.1:{camera.port}: no new frame" in error.what
    assert error.hint


def test_a_person_whose_code_is_too_small_is_coached() -> None:
    async def hints() -> set[Hint]:
        lane = LaneDouble()
        async with asyncio.timeout(10), open_camera(camera_config(camera.url)) as reader, running(reader, lane):
            while not (coached := [one.hint for one in lane.others if isinstance(one, Coaching)]):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.02)
        assert not lane.scans
        return set(coached)

    wall = drawn("HELLO" * 20, scale=2)
    wall[46:86, 46:86] = 255  # more is lost than the correction replaces
    small = np.asarray(cv2.resize(wall, (600, 450), interpolation=cv2.INTER_AREA), np.uint8)
    with network_camera([jpeg(small)]) as camera:
        assert asyncio.run(hints()) == {Hint.CLOSER}


def test_a_server_that_never_answers_is_given_up() -> None:
    with black_hole() as port:
        error, _ = read_until_lost(camera_config(f"http://127.0.0.1:{port}/video", open_deadline="600ms"))
    assert str(port) in error.what
    assert error.hint


def test_an_rtsp_server_that_never_answers_is_given_up_and_its_password_kept() -> None:
    with black_hole() as port:
        address = f"rtsp://gate:secret@127.0.0.1:{port}/stream"
        error, _ = read_until_lost(camera_config(address, open_deadline="600ms"))
    assert f"rtsp://127.0.0.1:{port}: no pictures" in error.what
    assert "secret" not in str(error)


def test_a_picture_without_end_is_a_camera_without_pictures(capfd: pytest.CaptureFixture[str]) -> None:
    with endless_part() as port:
        error, _ = read_until_lost(camera_config(f"http://127.0.0.1:{port}/video", open_deadline="30s"))
    assert "no picture" in error.what
    assert capfd.readouterr().err == ""


def test_damaged_pictures_in_a_stream_do_no_harm() -> None:
    whole = jpeg(drawn("WHOLE"))
    random = np.random.default_rng(7)
    holed = bytearray(whole)
    for place in random.integers(200, len(whole) - 2, 60):
        holed[place] = int(random.integers(256))
    damaged = [whole[: len(whole) // 2], bytes(holed), random.bytes(3000), b"\xff\xd8\xff\xd9", jpeg(BLANK)[:700]]
    frames = [jpeg(BLANK)] * 5 + damaged * 3 + [whole] * 10

    async def run() -> list[str]:
        lane = LaneDouble()
        with network_camera(frames, fps=60) as camera:
            async with open_camera(camera_config(camera.url)) as reader, running(reader, lane):
                await lane.seen("WHOLE")
                await asyncio.sleep(0.8)  # through the damaged ones once more
        return lane.texts

    assert asyncio.run(run()) == ["WHOLE"]


def test_only_the_newest_frame_counts() -> None:
    """Of 25 frames a second, 5 are looked at: those between are dropped, none is kept for later."""
    frames = [jpeg(drawn(f"FRAME {number}")) for number in range(100)]

    async def run() -> list[int]:
        lane = LaneDouble()
        with network_camera(frames) as camera:
            async with open_camera(camera_config(camera.url, fps=5)) as reader, running(reader, lane):
                await lane.scanned(8)
        return [int(scan.text.split()[1]) for scan in lane.scans]

    numbers = asyncio.run(run())
    assert all(later - earlier >= 2 for earlier, later in pairwise(numbers))


def test_where_the_camera_is_not(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"this is no film" * 100)
    picture = put(tmp_path, "code.png", "HELLO")
    for device, what in {
        "/dev/no-such-camera": "camera /dev/no-such-camera: No such file or directory",
        "/dev/null": "camera /dev/null: cannot be opened as a camera",
        str(tmp_path / "missing.mp4"): f"camera {tmp_path}/missing.mp4: No such file or directory",
        str(junk): f"camera {junk}: cannot be played",
        "ftp://camera/": "camera ftp://camera: unknown kind of address",
        "http://127.0.0.1:9/": "camera http://127.0.0.1:9: no pictures come from this address",
    }.items():
        error, _ = read_until_lost(camera_config(device))
        assert error.what == what
        assert error.hint
    assert picture.exists()


class Slow:
    """A camera whose pictures are unpacked so slowly, and whose grabs fail as they are told to."""

    def __init__(self, unpacked_in: float, failing: Iterable[bool] = ()) -> None:
        self._unpacked_in = unpacked_in
        self._failing = iter(failing)
        self.gone = False

    def grab(self) -> bool:
        time.sleep(0.01)
        return not (self.gone or next(self._failing, False))

    def retrieve(self) -> tuple[bool, Picture]:
        time.sleep(self._unpacked_in)
        return True, BLANK

    def get(self, prop: int, /) -> float:
        return float(prop)


@contextmanager
def grabbed(camera: Slow) -> Iterator[NewestFrame]:
    """Its thread ends with the camera, once its last pictures are taken."""
    frames = NewestFrame(camera, 25.0, device=False)
    yield frames
    camera.gone = True
    with suppress(EOFError):
        while frames.take(3.0) is not None:
            pass


def test_a_camera_whose_pictures_are_slow_is_not_gone() -> None:
    with grabbed(Slow(unpacked_in=0.7)) as frames:
        for _ in range(3):
            assert frames.take(3.0) is not None


def test_a_grab_that_fails_now_and_then_is_not_the_end_and_a_row_of_them_is() -> None:
    rows = [[True] * (FAILED - 1) + [False]] * 3
    with grabbed(Slow(0.0, [failed for row in rows for failed in row])) as frames:
        assert frames.take(3.0) is not None
    with grabbed(Slow(0.0, [False] + [True] * FAILED)) as frames:
        assert frames.take(3.0) is not None
        with pytest.raises(EOFError):
            frames.take(3.0)


@pytest.mark.parametrize("held_up", [0.7, 1.1])
def test_a_camera_whose_worker_was_stopped_for_a_moment_is_not_lost(held_up: float) -> None:
    async def run() -> None:
        lane = LaneDouble()
        with network_camera([jpeg(drawn("HELLO"))]) as camera:
            async with open_camera(camera_config(camera.url, frame_deadline="2s")) as reader, running(reader, lane):
                await lane.seen("HELLO")
                assert reader.pid
                os.kill(reader.pid, signal.SIGSTOP)
                await asyncio.sleep(held_up)
                os.kill(reader.pid, signal.SIGCONT)
                pid, seen = reader.pid, len(lane.scans)
                await lane.scanned(seen + 30)
                assert reader.pid == pid

    asyncio.run(run())


def test_a_lane_that_was_held_up_does_not_take_it_for_its_camera_and_shows_nobody_who_has_left() -> None:
    """A code that was in view during the hold-up and no more after it is not presented."""

    async def run() -> list[str]:
        lane = LaneDouble()
        with network_camera([jpeg(drawn("BEFORE"))]) as camera:
            async with open_camera(camera_config(camera.url)) as reader, running(reader, lane):
                await lane.seen("BEFORE")
                pid = reader.pid
                camera.frames = [jpeg(drawn("MEANWHILE"))]
                threading.Timer(1.5, lambda: setattr(camera, "frames", [jpeg(drawn("AFTER"))])).start()
                time.sleep(3.5)  # noqa: ASYNC251 - all of this process, as SIGSTOP would
                await lane.seen("AFTER")
                assert reader.pid == pid
        return lane.texts

    assert asyncio.run(run()) == ["BEFORE", "AFTER"]


@pytest.mark.parametrize(
    "settings",
    [{"device": ""}, {"fps": 0}, {"frame_deadline": "0s"}, {"frame_deadline": 2}, {"width": 0}, {"zoom": 2}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CameraConfig.model_validate({"driver": "camera", "device": "/dev/video0"} | settings)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://me:secret@10.0.0.7:554/a?b=c", "rtsp://10.0.0.7:554"),
        ("rtsp://10.0.0.7/user=admin&password=secret&channel=1", "rtsp://10.0.0.7"),
        ("http://10.0.0.7?user=admin&password=secret", "http://10.0.0.7"),
        ("http://cam.example:80/a#secret", "http://cam.example:80"),
        ("rtsp://[fe80::1]:554/live", "rtsp://[fe80::1]:554"),
        ("rtsp://me:sec/ret@10.0.0.7/live", "rtsp://…"),
        ("rtsp://me:sec#ret@10.0.0.7/live", "rtsp://…"),
        ("rtsp://me:sec@ret@10.0.0.7/live", "rtsp://10.0.0.7"),
        ("rtsp://me:sec?r@et@10.0.0.7/live", "rtsp://…"),
        ("rtsp://me:secret", "rtsp://…"),
        ("http://10.0.0.7/?password=se@cret", "http://…"),
        ("http://[::1/secret", "http://…"),
        ("http://10.0.0.7 secret", "http://…"),
        ("/dev/v4l/by-id/usb-me:a@b-index0", "/dev/v4l/by-id/usb-me:a@b-index0"),
    ],
)
def test_what_may_be_a_password_stays_out_of_names(address: str, shown: str) -> None:
    assert shown_address(address) == shown
