"""Moving pictures: the newest frame of a camera or stream, every frame of a video.  Worker process."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from drivers.decoders.budget import PERIOD, FrameBudget
from drivers.decoders.coaching import Coach
from drivers.decoders.image_file import to_grey
from drivers.decoders.live import LiveReader
from drivers.readers import camera_messages as messages
from drivers.readers.camera_worker.exposure import ExposureLadder
from drivers.readers.camera_worker.motion import CameraHealth, MotionGate, is_black, smaller
from drivers.readers.camera_worker.technician_view import SearchedFrame, TechnicianView
from gate.core.coaching import Hint
from gate.worker.confine import NOTHING, Rights, give_up
from gate.worker.link import Link

STREAM_FROZEN = 10.0  # seconds: without motion a video stream may repeat its picture
BLACK_FOR = 1.6  # seconds: time for another exposure, and yet lost and back within 3 s
BEAT = 0.25  # seconds between reports of frames without a code
FAILED = 25  # grabs in a row: one damaged picture does not end a stream
AGAIN = 0.02  # seconds after a failed grab: half a second for all of them, on an idle computer


@dataclass(frozen=True, slots=True)
class Frame:
    picture: npt.NDArray[Any]
    at: float  # monotonic seconds


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used here; other sources implement it too."""

    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, npt.NDArray[Any]]: ...
    def get(self, prop: int, /) -> float: ...


class NewestFrame:
    """The newest frame of a camera, which a thread empties as fast as it delivers.

    So buffers of drivers and streams never make a frame old.  `fps` bounds the frames that are unpacked and
    returned."""

    def __init__(self, capture: Capture, fps: float, *, device: bool) -> None:
        self._capture = capture
        self._period = 0.9 / fps  # a camera of just this rate must not be halved by jitter
        self._device = device
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._ended = False
        threading.Thread(target=self._work, name="capture", daemon=True).start()

    def take(self, within: float) -> Frame | None:
        """Return a frame that was not taken yet; None when none came within that many seconds.

        Raises EOFError when no frame will come any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._ended, within)
            frame, self._newest = self._newest, None
            if frame is None and self._ended:
                raise EOFError
            return frame

    def _work(self) -> None:
        due = stamp = 0.0
        failed = 0  # counted, not timed: this process may be held up for any time
        while failed < FAILED:
            if not self._capture.grab():
                failed += 1
                time.sleep(AGAIN)
                continue
            now, failed = time.monotonic(), 0
            previous, stamp = stamp, self._stamp()
            if stamp and stamp == previous:
                time.sleep(0.01)  # the driver returns the old buffer again: a camera that is gone
                continue
            if now >= due and (picture := self._unpack()) is not None:
                due = now + self._period
                self._put(Frame(picture, now))
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _stamp(self) -> float:
        """Return when the kernel filled the buffer (ms), 0 for streams: their time stamps are arbitrary."""
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) if self._device else 0.0

    def _unpack(self) -> npt.NDArray[Any] | None:
        try:
            good, picture = self._capture.retrieve()
        except cv2.error:
            return None  # one damaged frame
        return picture if good and picture.size else None

    def _put(self, frame: Frame) -> None:
        with self._changed:
            self._newest = frame
            self._changed.notify()


@dataclass(frozen=True, slots=True)
class Live:
    """A source that delivers frames without end."""

    capture: Capture
    device: bool  # a local sensor: no two of its pictures are equal
    expose: Callable[[float], object] | None = None  # sets how long each frame is exposed, in seconds
    rights: Rights = NOTHING  # rights that the process needs further
    late: bool = False  # it opens more files until its first frame


def watch(link: Link, live: Live) -> None:
    """Drop the rights that are not needed further, and report every newest frame, until the camera is lost."""
    settings = link.settings
    capture, device, expose = live.capture, live.device, live.expose
    keeps = () if live.late else give_up(live.rights)
    frames = NewestFrame(capture, settings["fps"], device=device)
    try:
        first = frames.take(settings["open_deadline"])
    except EOFError:
        first = None
    if first is None:
        link.fail(
            f"{settings['name']}: opened, but no picture comes",
            "Is it the node that ends in -index0? A ribbon-cable camera needs the driver `picamera`",
        )
    link.send(messages.Opened(give_up(live.rights) if live.late else keeps))
    link.receive()
    frame_reader = FrameReader(
        CameraHealth(settings["frame_deadline"] if device else STREAM_FROZEN, BLACK_FOR),
        ExposureLadder(settings["exposures"] if expose else (), expose or (lambda _: None)),
        1 / settings["fps"],
    )
    reports, view = Reports(link), TechnicianView(link)
    try:
        while True:
            frame = frames.take(BEAT)
            if frame is None:
                continue
            texts, problem = frame_reader.read(frame, anyway=view.take_requests())
            if problem:
                link.fail(f"{settings['name']}: {problem[0]}", problem[1])
            reports.frame(frame.at, texts or (), frame_reader.hint, looked=texts is not None)
            if frame_reader.look is not None:
                view.look(frame_reader.look)
    except EOFError:
        link.fail(f"{settings['name']}: no more pictures come", "Check its cable, power and network")


class Reports:
    """Reports of every frame with a code, and of some others."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._reported_at = 0.0
        self._looked = 0  # frames since then

    def frame(self, at: float, texts: tuple[str, ...], hint: Hint | None, *, looked: bool) -> None:
        """Report a frame.  `looked`: whether codes were sought."""
        self._looked += looked
        if texts or at - self._reported_at >= BEAT:
            sent, bounded = time.monotonic(), messages.bounded(texts)
            self._link.send(messages.FrameTexts(at, sent, self._looked, bounded, None if texts else hint))
            self._reported_at, self._looked = at, 0


class FrameReader:
    """The reader of a live camera's frames, with the least work for each."""

    def __init__(self, health: CameraHealth, ladder: ExposureLadder, period: float = PERIOD) -> None:
        """Start without frames.  `period`: seconds from frame to frame."""
        self._health = health
        self._ladder = ladder
        self._motion = MotionGate()
        self._reader = LiveReader(budget=FrameBudget(period))
        self._coach = Coach()
        self.hint: Hint | None = None
        """What the person can do whose code is not read, by the last frame that was searched."""
        self.look: SearchedFrame | None = None
        """The last frame, where it was searched."""

    def read(self, frame: Frame, *, anyway: bool = False) -> tuple[tuple[str, ...] | None, tuple[str, str] | None]:
        """Return the texts in it (None: no codes were searched for), and the camera's fault and what to do.  `anyway`:
        search it though nothing moves."""
        grey = to_grey(frame.picture)
        small = smaller(grey)
        texts: tuple[str, ...] | None = None
        self.look = None
        if self._motion.is_worth_decoding(small, frame.at) or anyway:
            start = time.thread_time()
            found = self._reader.read(grey, stirring=self._motion.in_motion(frame.at))
            texts, self.hint = found.texts, self._coach.hint(grey, found)
            self.look = SearchedFrame(frame.at, grey, found, time.thread_time() - start, self._ladder.exposure)
        else:
            self._reader.skip_frame()
        if texts:
            self._motion.code_read(frame.at)
        in_motion = self._motion.in_motion(frame.at)
        if self._ladder.after(frame.at, in_motion=in_motion, read=bool(texts), dark=is_black(small)):
            self._motion.exposure_changed(frame.at)
        return texts, self._health.problem(grey, small, frame.at)


def play_video(link: Link, capture: cv2.VideoCapture) -> None:
    """Play it once, at its own speed; hold a frame with a code until the daemon answers GoOn."""
    good, picture = capture.read() if capture.isOpened() else (False, np.empty(0))
    if not good:
        link.fail(
            f"{link.settings['name']}: cannot be played",
            "Name a video file, such as MP4, MKV or AVI; pictures belong in a folder",
        )
    rate = capture.get(cv2.CAP_PROP_FPS)
    period = 1 / rate if 1 <= rate <= 240 else 1 / 25
    link.send(messages.Opened(give_up(NOTHING)))
    link.receive()
    reader, coach, reports, view = LiveReader(), Coach(), Reports(link), TechnicianView(link)
    due = time.monotonic()
    while good:
        time.sleep(max(0.0, due - time.monotonic()))
        at = time.monotonic()
        grey, start = to_grey(picture), time.thread_time()
        found = reader.read(grey)
        view.look(SearchedFrame(at, grey, found, time.thread_time() - start))
        if found.texts:
            link.send(messages.ImageHeld(at, messages.bounded(found.texts), still=False))
            view.wait_to_go_on()
        else:
            reports.frame(at, (), coach.hint(grey, found), looked=True)
        due = max(due + period, time.monotonic() - period)
        good, picture = capture.read()
    link.send(messages.SourceEnded())
