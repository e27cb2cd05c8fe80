"""The technician's view through a camera: facts all the time, a frame on request only."""

import asyncio
import base64
import queue
import time
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

from drivers.decoders.symbols import NOTHING, ReadResult, Symbol
from drivers.readers.camera import Camera, open_camera
from drivers.readers.camera_messages import CAMERA, FrameTexts, GoOn, Picture, ShowPicture
from drivers.readers.camera_window import CameraWindow
from drivers.readers.camera_worker.capture import Live, watch
from drivers.readers.camera_worker.technician_view import SearchedFrame, TechnicianView, picture_of
from gate.errors import DeviceError
from gate.ports.camera_view import MOST_PICTURE, PICTURE_EVERY, CameraView, ReadingFacts
from gate.ports.reader import Answer
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.camera_rigs import BLANK, NetworkCamera, camera_config, drawn, jpeg, put


class LinkDouble:
    """The worker's end of its link.  The test is the daemon."""

    def __init__(self, *inbox: object) -> None:
        self.settings = {
            "name": "camera",
            "fps": 60.0,
            "open_deadline": 1.0,
            "frame_deadline": 60.0,
            "exposures": (0.0,),
        }
        self.sent: list[Any] = []
        self._inbox: queue.Queue[object] = queue.Queue()
        for message in inbox:
            self._inbox.put(message)

    def send(self, message: object) -> None:
        CAMERA.sends.decode(CAMERA.sends.encode(message))  # within the limits
        self.sent.append(message)

    def receive(self, within: float | None = None) -> object:
        try:
            return self._inbox.get(timeout=within)
        except queue.Empty:
            return None

    def ask(self) -> None:
        self._inbox.put(ShowPicture())

    def fail(self, what: str, hint: str) -> None:
        raise EOFError(f"{what}. {hint}")

    @property
    def pictures(self) -> list[Picture]:
        return [message for message in self.sent if isinstance(message, Picture)]


class Hall:
    """A camera in a hall, of so many frames."""

    def __init__(self, frames: int, then: Any = lambda _: None) -> None:
        self._left, self._then, self._number = frames, then, 0
        self._noise = np.random.default_rng(1)

    def grab(self) -> bool:
        time.sleep(0.01)
        self._number += 1
        self._then(self._number)
        return self._number <= self._left

    def retrieve(self) -> tuple[bool, np.ndarray[Any, Any]]:
        return True, np.maximum(drawn("AQ1:SOMEBODY"), self._noise.integers(0, 3, (480, 640), np.uint8))

    def get(self, _: int, /) -> float:
        return float(self._number)


def look(found: ReadResult = NOTHING, grey: Any = BLANK) -> SearchedFrame:
    return SearchedFrame(1.0, grey, found, 0.004, (1, 0.0))


def test_no_frame_leaves_the_worker_that_was_not_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.readers.camera_worker.capture.give_up", lambda _: ())
    link = LinkDouble(GoOn())
    with pytest.raises(EOFError):
        watch(cast(Any, link), Live(Hall(60), device=True, expose=lambda _: None))
    assert any(isinstance(message, FrameTexts) and message.texts for message in link.sent)
    assert not link.pictures
    for message in link.sent:  # nor hidden in another message: none is as long as the smallest frame
        assert len(CAMERA.sends.encode(message)) < 600


def test_one_request_gets_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.readers.camera_worker.capture.give_up", lambda _: ())
    link = LinkDouble(GoOn())
    with pytest.raises(EOFError):
        watch(cast(Any, link), Live(Hall(60, lambda number: link.ask() if number == 5 else None), device=True))
    (picture,) = link.pictures
    assert (picture.width, picture.height) == (640, 480)
    assert [outline.read for outline in picture.outlines] == [True]


def test_a_flood_of_requests_gets_five_frames_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("drivers.readers.camera_worker.technician_view.time.monotonic", lambda: now)
    link = LinkDouble()
    view = TechnicianView(cast(Any, link))
    for _ in range(100):
        for _ in range(10):
            link.ask()
        view.take_requests()
        view.look(look())
        now += 0.01
    assert len(link.pictures) == 1 / PICTURE_EVERY


def test_a_picture_of_any_size_fits_into_a_message() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2160, 3840), np.uint8)
    for grey in (noise, noise[:300, :3000], BLANK):
        picture = picture_of(look(grey=grey))
        encoded = "".join(picture.jpeg)
        assert len(encoded) <= MOST_PICTURE
        shown = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_UNCHANGED)
        assert shown is not None
        assert shown.shape == (picture.height, picture.width)  # one channel
        CAMERA.sends.decode(CAMERA.sends.encode(picture))


def test_the_outlines_lie_on_the_codes_of_the_smaller_picture(tmp_path: Path) -> None:
    large = cv2.resize(drawn("AQ1:SOMEBODY"), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    assert cv2.imwrite(str(tmp_path / "1.png"), large)

    async def run() -> None:
        lane = LaneDouble()
        async with open_camera(camera_config(tmp_path)) as reader, running(reader, lane):
            await lane.seen("AQ1:SOMEBODY")
            picture = await reader.picture()
            (outline,) = picture.outlines
            assert outline.read
            assert picture.width == 640
            corners = np.array(outline.corners)
            middle = corners.mean(axis=0)
            code = 20 + 16 + 21 * 4 / 2  # of the small drawing: wall, quiet zone, half of its 21 modules
            assert np.allclose(middle, code, atol=3), middle

    asyncio.run(run())


def test_facts_count_what_was_found_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("drivers.readers.camera_worker.technician_view.time.monotonic", lambda: now)
    link = LinkDouble()
    view = TechnicianView(cast(Any, link))
    symbol = Symbol(np.array([(10, 10), (110, 10), (110, 110), (10, 110)], np.float32), 25)
    unread, read = ReadResult((), "", (), (symbol,)), ReadResult(("TEXT",), "first", (symbol,), ())
    for found in (unread, unread, read, NOTHING):
        now += 2
        view.look(look(found))
    facts = [message for message in link.sent if isinstance(message, ReadingFacts)]
    assert len(facts) == 4
    assert (facts[-1].looks, facts[-1].read, facts[-1].unread) == (4, 1, 2)
    assert (facts[-1].exposure, facts[-1].step) == (0.0, 1)
    assert facts[-1].brightness == 120
    assert facts[-1].module_px == 4.0
    assert facts[-1].frame_ms == 4.0


def test_facts_of_a_network_camera_reach_the_daemon() -> None:
    async def run() -> ReadingFacts | None:
        camera = NetworkCamera([jpeg(drawn("FIRST")), jpeg(BLANK)])
        try:
            lane = LaneDouble()
            async with open_camera(camera_config(camera.url)) as reader, running(reader, lane):
                await lane.scanned(5)
                return reader.facts
        finally:
            camera.stop()

    facts = asyncio.run(run())
    assert facts is not None
    assert facts.looks
    assert facts.exposure is None  # a network camera takes no order
    assert facts.frame_ms > 0


def test_a_camera_that_is_not_read_gives_no_picture(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "HELLO")

    async def run() -> None:
        async with open_camera(camera_config(tmp_path)) as reader:
            assert isinstance(reader, CameraView)
            with pytest.raises(DeviceError, match="it is not there"):
                await reader.picture()

    asyncio.run(run())


JPEG = (base64.b64encode(b"\xff\xd8\xff" + bytes(60)).decode(),)


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        (False, Picture(1.0, 640, 480, JPEG, (), None)),
        (True, Picture(1.0, 640, 480, ("AAAA",), (), None)),
        (True, Picture(1.0, 640, 480, ("!",), (), None)),
        (True, Picture(1.0, 640, 480, JPEG * 2000, (), None)),
        (True, Picture(1.0, 0, 480, JPEG, (), None)),
        (False, ReadingFacts(1.0, 3, 2, 2, None, 0, 100.0, 0.0, None, None, 1.0)),
        (False, ReadingFacts(1.0, 101, 0, 0, None, 0, 100.0, 0.0, None, None, 1.0)),
    ],
)
def test_what_no_worker_of_ours_sends_is_refused(requested: bool, message: Picture | ReadingFacts) -> None:
    class Worker:
        def send(self, _: object) -> None: ...

    async def run() -> None:
        window = CameraWindow("camera")
        window.open(cast(Any, Worker()))
        if requested:
            task = asyncio.create_task(window.picture())
            await asyncio.sleep(0)
        with pytest.raises(ValueError):  # noqa: PT011 - its words differ
            window.take(message)
        if requested:
            task.cancel()

    asyncio.run(run())


def test_a_worker_that_sends_a_frame_by_itself_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "1.png", "HELLO")

    async def run() -> None:
        async with open_camera(camera_config(tmp_path)) as reader:
            assert isinstance(reader, Camera)
            worker = reader._worker
            assert worker is not None
            receive = worker.receive

            async def lie(*_: Any, **__: Any) -> Any:
                message = await receive(5)
                return Picture(message.at, 640, 480, JPEG, (), None)

            monkeypatch.setattr(worker, "receive", lie)
            await reader.run(lambda _: Answer.DECIDED)

    with pytest.raises(DeviceError, match="a picture that was not requested"):
        asyncio.run(run())
