"""Network cameras that misbehave, and addresses that are none."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from drivers.readers.camera import CameraConfig, open_camera, without_password
from gate.errors import DeviceError
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.camera_rigs import BLANK, NetworkCamera, black_hole, camera_config, drawn, jpeg, put


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
    assert camera.url in error.what
    assert error.hint


def test_a_server_that_never_answers_is_given_up() -> None:
    with black_hole() as port:
        error, _ = read_until_lost(camera_config(f"http://127.0.0.1:{port}/video", open_deadline="600ms"))
    assert str(port) in error.what
    assert error.hint


def test_an_rtsp_server_that_never_answers_is_given_up_and_its_password_kept() -> None:
    with black_hole() as port:
        address = f"rtsp://gate:secret@127.0.0.1:{port}/stream"
        error, _ = read_until_lost(camera_config(address, open_deadline="600ms"))
    assert f"rtsp://127.0.0.1:{port}/stream" in error.what
    assert "secret" not in str(error)


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
        "ftp://camera/": "camera ftp://camera/: unknown kind of address",
        "http://127.0.0.1:9/": "camera http://127.0.0.1:9/: no pictures come from this address",
    }.items():
        error, _ = read_until_lost(camera_config(device))
        assert error.what == what
        assert error.hint
    assert picture.exists()


@pytest.mark.parametrize(
    "settings",
    [{"device": ""}, {"fps": 0}, {"frame_deadline": "0s"}, {"frame_deadline": 2}, {"width": 0}, {"zoom": 2}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CameraConfig.model_validate({"driver": "camera", "device": "/dev/video0"} | settings)


def test_a_password_stays_out_of_names() -> None:
    assert without_password("rtsp://me:secret@10.0.0.7:554/a?b=c") == "rtsp://10.0.0.7:554/a?b=c"
    assert without_password("/dev/v4l/by-id/usb-me:a@b-index0") == "/dev/v4l/by-id/usb-me:a@b-index0"
