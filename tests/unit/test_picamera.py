"""The Raspberry Pi camera, over a double of its library that behaves as documented."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from drivers.readers.picamera import PicameraConfig, open_picamera
from gate.errors import DeviceError
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.picamera_rig import attach, show


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the camera sees, and what it was told."""
    for name, value in attach(tmp_path).items():
        monkeypatch.setenv(name, value)
    show(tmp_path, "HELLO ")
    return tmp_path


def config(**settings: object) -> PicameraConfig:
    quick = {"width": 600, "height": 480, "fps": 25, "open_deadline": "3s", "frame_deadline": "1s"}
    return PicameraConfig.model_validate({"driver": "picamera"} | quick | settings)


def told(folder: Path, what: str) -> list[Any]:
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [json.loads(line)[what] for line in lines if what in json.loads(line)]


async def see(settings: PicameraConfig, *texts: str) -> LaneDouble:
    lane = LaneDouble()
    async with open_picamera(settings) as reader, running(reader, lane):
        await lane.seen(*texts)
    return lane


def test_it_reads_the_grey_plane_whatever_its_rows_are_padded_to(folder: Path) -> None:
    lane = asyncio.run(see(config(), "HELLO "))
    assert lane.scans[0].reader == "picamera"
    [configured] = told(folder, "configured")
    assert configured["lores"] == {"size": [600, 480], "format": "YUV420"}
    assert configured["controls"]["FrameRate"] == 25


def test_focus_and_exposure_are_set_for_a_screen(folder: Path) -> None:
    asyncio.run(see(config(distance=0.2, exposures=["6ms"]), "HELLO "))
    focus, exposure = told(folder, "controls")[:2]
    assert focus == {"AfMode": 0, "LensPosition": pytest.approx(5.0)}
    assert exposure == {"AeEnable": False, "ExposureTime": 6000}


@pytest.mark.usefixtures("folder")
def test_every_buffer_goes_back_to_the_camera() -> None:
    async def session() -> None:
        lane = LaneDouble()
        async with open_picamera(config()) as reader, running(reader, lane):
            await lane.scanned(20)  # five times as many frames as there are buffers

    asyncio.run(session())


def test_a_camera_that_hangs_is_lost(folder: Path) -> None:
    async def session() -> None:
        lane = LaneDouble()
        async with asyncio.timeout(15), open_picamera(config()) as reader:
            run = asyncio.create_task(reader.run(lane.present))
            await lane.seen("HELLO ")
            (folder / "hang").touch()
            await run

    with pytest.raises(DeviceError) as caught:
        asyncio.run(session())
    assert "picamera 0: no new frame for 1s" in caught.value.what
    (folder / "hang").unlink()
    asyncio.run(see(config(), "HELLO "))


@pytest.mark.parametrize(("what", "words"), [("unplugged", "there is no such camera"), ("busy", "did not complete")])
def test_a_camera_that_cannot_be_had_says_what_to_do(folder: Path, what: str, words: str) -> None:
    (folder / what).touch()
    with pytest.raises(DeviceError) as caught:
        asyncio.run(see(config(), "HELLO "))
    assert words in caught.value.what
    assert caught.value.hint


def test_without_the_library_it_says_which_package() -> None:
    with pytest.raises(DeviceError) as caught:
        asyncio.run(see(config(), "HELLO "))
    assert "picamera2" in caught.value.what
    assert "apt install python3-picamera2" in caught.value.hint
