"""Every reader that is registered keeps the contract of readers."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from drivers.readers import camera, fake, picamera, replay
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.driver import AnySpec
from gate.ports.reader import Reader
from gate.testing.reader_contract import LaneDouble, ReaderContract, ReaderRig, assert_tells_what_to_do, running
from tests.contract.camera_rigs import BLANK, NetworkCamera, camera_config, drawn, film, jpeg, put
from tests.contract.picamera_rig import attach, show
from tests.contract.scanner_rigs import HidRig, SerialScannerRig


@pytest.fixture(autouse=True)
def _blocking_calls_fail() -> Iterator[None]:
    with blockbuster_ctx(["drivers"]):
        yield


class FolderRig(ReaderRig):
    spec = camera.DRIVER
    recording = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.restore()

    @property
    def config(self) -> camera.CameraConfig:
        return camera_config(self._folder)

    def show(self, *texts: str) -> None:
        for number, text in enumerate(texts):
            put(self._folder, f"person {number + 8}.png", text)  # 8, 9, 10: numbers, not letters

    def lose(self) -> None:
        shutil.rmtree(self._folder)

    def restore(self) -> None:
        self._folder.mkdir()


class VideoRig(ReaderRig):
    spec = camera.DRIVER
    recording = True

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def config(self) -> camera.CameraConfig:
        return camera_config(self._file)

    def show(self, *texts: str) -> None:
        film(self._file, texts)

    def lose(self) -> None:
        self._file.unlink()

    def restore(self) -> None:
        pass


class StreamRig(ReaderRig):
    spec = camera.DRIVER

    def __init__(self) -> None:
        self.camera = NetworkCamera([jpeg(BLANK)])

    @property
    def config(self) -> camera.CameraConfig:
        return camera_config(self.camera.url)

    def show(self, *texts: str) -> None:
        self.camera.frames = [frame for text in texts for frame in [jpeg(drawn(text))] * 12 + [jpeg(BLANK)] * 3]

    def lose(self) -> None:
        self.camera.stop()

    def restore(self) -> None:
        self.camera.start()

    def close(self) -> None:
        self.camera.stop()


class PicameraRig(ReaderRig):
    spec = picamera.DRIVER

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PICAMERA2_DOUBLE")}
        os.environ.update(attach(folder))

    @property
    def config(self) -> picamera.PicameraConfig:
        quick = {"width": 640, "height": 480, "fps": 25, "open_deadline": "3s", "frame_deadline": "1s"}
        return picamera.PicameraConfig.model_validate({"driver": "picamera", "direction": "exit"} | quick)

    def show(self, *texts: str) -> None:
        show(self._folder, *texts)

    def lose(self) -> None:
        (self._folder / "hang").touch()
        (self._folder / "unplugged").touch()

    def restore(self) -> None:
        (self._folder / "hang").unlink()
        (self._folder / "unplugged").unlink()

    def close(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class ReplayRig(ReaderRig):
    spec = replay.DRIVER
    recording = True

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def config(self) -> replay.ReplayConfig:
        return replay.ReplayConfig(driver="replay", direction=Direction.EXIT, file=self._file)

    def show(self, *texts: str) -> None:
        self._file.write_text("".join(f"{text}\n" for text in texts))

    def lose(self) -> None:
        self._file.unlink()

    def restore(self) -> None:
        pass


class FakeRig(ReaderRig):
    spec = fake.DRIVER
    recording = True

    def __init__(self) -> None:
        self._texts: tuple[str, ...] = ()
        self._lost = False
        self._reader: fake.FakeReader | None = None

    @property
    def config(self) -> fake.FakeReaderConfig:
        faults = ["unplugged"] if self._lost else []
        return fake.FakeReaderConfig.model_validate(
            {"driver": "fake", "direction": Direction.EXIT, "texts": self._texts, "pause": "10ms", "faults": faults}
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reader]:
        async with self.spec.open(self.config) as self._reader:
            yield self._reader

    def show(self, *texts: str) -> None:
        self._texts = texts

    def lose(self) -> None:
        self._lost = True
        if self._reader:
            self._reader.unplug()

    def restore(self) -> None:
        self._lost = False


RIGS: dict[str, Callable[[Path], ReaderRig]] = {
    "camera: folder": lambda place: FolderRig(place / "people"),
    "camera: video": lambda place: VideoRig(place / "lane.avi"),
    "camera: stream": lambda _: StreamRig(),
    "picamera": lambda place: PicameraRig(place / "pi"),
    "replay": lambda place: ReplayRig(place / "codes.txt"),
    "fake": lambda _: FakeRig(),
    "serial_scanner: gm65": lambda place: SerialScannerRig(place, "gm65"),
    "serial_scanner: line": lambda place: SerialScannerRig(place, "line"),
    "hid_scanner": lambda _: HidRig(),
}


class TestReaders(ReaderContract):
    @pytest.fixture(params=RIGS)
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReaderRig]:
        rig = RIGS[request.param](tmp_path)
        yield rig
        rig.close()


def test_no_registered_reader_is_without_a_rig(tmp_path: Path) -> None:
    rigs = [make(tmp_path) for make in RIGS.values()]
    for rig in rigs:
        rig.close()
    registered = {point.name: point.load() for point in entry_points(group="gate.readers")}
    assert registered == {rig.spec.name: rig.spec for rig in rigs}


# What these readers do beyond the contract.


def test_a_recording_may_say_when(tmp_path: Path) -> None:
    file = tmp_path / "codes.jsonl"
    file.write_bytes(b'{"text": "FIRST ", "after": 0.2}\r\n\n SECOND \n{"text": "{third}"}')

    async def run() -> tuple[float, LaneDouble]:
        lane = LaneDouble()
        start = time.monotonic()
        async with replay.open_replay(replay.ReplayConfig(driver="replay", file=file)) as reader:
            await reader.run(lane.present)  # returns at the end
        return start, lane

    start, lane = asyncio.run(run())
    assert [scan.text for scan in lane.scans] == ["FIRST ", " SECOND ", "{third}"]
    assert lane.scans[0].seen - start >= 0.2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no codes"),
        (b"\n\n", "holds no codes"),
        (b"GOOD\n{broken", "line 2: "),
        (b'{"after": 1}', "line 1: "),
        (b'{"text": "A", "after": -1}', "line 1: "),
        (b'{"text": ""}', "line 1: "),
        (b'{"text": "A", "when": 1}', "line 1: "),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_recording_that_is_wrong_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "codes.txt"
    file.write_bytes(content)
    with pytest.raises(DeviceError) as caught:
        replay.load(file)
    assert problem in caught.value.what
    assert_tells_what_to_do(caught.value)


def test_the_fake_fails_as_its_script_says_and_remembers() -> None:
    config = fake.FakeReaderConfig.model_validate(
        {"driver": "fake", "texts": ["A", "B"], "pause": "1ms", "faults": ["unplugged", "lost", "none"]}
    )

    async def run() -> list[str]:
        async with fake.open_fake(config) as reader:
            for _ in range(2):
                with pytest.raises(DeviceError):
                    await reader.run(LaneDouble().present)
            lane = LaneDouble()
            async with running(reader, lane):
                await lane.seen("B")
                reader.show("C")
                await lane.seen("C")
            return [what for _, what in reader.history]

    story = ["unplugged", "running", "decided A", "lost", "running", "decided B", "decided C"]
    assert asyncio.run(run()) == story


@pytest.mark.parametrize(
    "spec", [camera.DRIVER, picamera.DRIVER, replay.DRIVER, fake.DRIVER], ids=lambda spec: spec.name
)
def test_every_setting_is_explained(spec: AnySpec) -> None:
    settings = spec.config.model_json_schema()["properties"]
    assert all("description" in about for key, about in settings.items() if key != "driver")
    assert spec.summary
