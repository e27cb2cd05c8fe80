"""A camera or its substitute: a network stream, a video file, a folder of pictures.

Capture and decoding run in a worker process (`camera_worker.main`): a driver or decoder that hangs, crashes or keeps
the interpreter busy does not touch the lane.  The newest frame is decoded, older ones are dropped.  The worker of a
camera that delivers no new frame for `frame_deadline` is killed, and the camera counts as lost.

A folder of pictures is a queue of people, in the natural order of the file names.  Each picture is held before the
camera until the lane has decided on every code in it, at least for `dwell`; then there is a short gap, then the next.
After the last one the folder is watched for ever: a new or replaced file is the next person.  Two pictures in a row
with the same code count as one person for the lane, unless more than its presence time lies between them.

A video file is played once at its own speed, and held in the same way on a frame with a code.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from drivers.readers.camera_config import LiveConfig
from drivers.readers.camera_messages import (
    CAMERA,
    File,
    FrameTexts,
    GoOn,
    ImageHeld,
    Opened,
    Picture,
    Skipped,
    SourceEnded,
    Taking,
)
from drivers.readers.camera_window import CameraWindow
from drivers.readers.present import scan, until_decided
from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.camera_view import CameraPicture, CameraView, ReadingFacts
from gate.ports.driver import DriverSpec, Duration, show_duration
from gate.ports.reader import Coaching, Looked, Present, Reader
from gate.worker.process import WorkerProcess, one_line
from gate.worker.program import Program

_GAP = 0.1  # seconds between two pictures of a folder
_STILL_WITHIN = 30.0  # seconds for one still with every step, on a slow board
_GRACE = 1.0  # seconds: the worker detects a fault first, and reports it better
_STILL_FRAMES = 15  # that a picture of a folder counts for: those of a live camera in a second
_AHEAD = 1.0  # seconds by which a frame's time may lie in the future
_LONGEST_AGO = 120.0  # seconds from a capture to its message: reading one still on the slowest board takes 30
_MOST_LOOKED = 10_000  # frames between two messages
_MOST_PICTURES = 50_000  # of a folder that are kept
_LONGEST_NAME = 255  # characters of a picture's name: NAME_MAX of Linux, in bytes
_MOST_SKIPS = 100  # lines of the log in a minute
_MOST_LOGGED = 16  # different messages about rights that a worker keeps
_OLD = 1.0  # seconds in transit from the worker

_left_off: dict[str, dict[str, File]] = {}
"""Folders whose reader was lost, and the pictures it had shown (name -> identity): the next reader of that folder in
this process continues with the next picture, so a picture that breaks the decoder is tried once."""

_logged_rights: set[str] = set()  # rights that workers keep, already in the log


class CameraConfig(LiveConfig):
    device: Annotated[
        str,
        Field(
            min_length=1,
            description="/dev/v4l/by-id/... (or /dev/video*), a video file, a folder of pictures, "
            "or the http://, https:// or rtsp:// address of a network camera",
        ),
    ]
    focus: Annotated[
        int | None,
        Field(
            ge=0,
            le=2**31 - 1,  # of V4L2, an int32
            description="a /dev/video* camera: its focus, in its own unit (`v4l2-ctl --list-ctrls`), for codes held at "
            "15 to 20 cm; left out, it focuses by itself",
        ),
    ] = None
    dwell: Annotated[
        Duration,
        Field(
            ge=0,
            le=60,
            description="a folder of pictures: shortest time for which each is shown, also one without a code",
        ),
    ] = 0.5


class Camera(Reader, CameraView):
    """A reader of a camera's worker process."""

    def __init__(self, config: LiveConfig, device: str, program: Program = CAMERA, dwell: float = 0.0) -> None:
        """Take the settings.  `device`: the source that the worker, a process of `program`, opens."""
        self._config = config
        self._device = device
        self._program = program
        self._dwell = dwell
        self._name = f"{config.driver} {shown_address(device)}"
        self._log = device_log()
        self._worker: WorkerProcess | None = None
        self._window = CameraWindow(self._name)
        self._skips, self._skips_until = 0, 0.0  # in this minute, monotonic s of its end
        self._taken = _left_off.pop(device, {})

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None when there is none."""
        return self._worker.pid if self._worker else None

    @property
    def facts(self) -> ReadingFacts | None:
        return self._window.facts

    async def picture(self) -> CameraPicture:
        return await self._window.picture()

    async def open(self) -> None:
        """Start the worker; return when the first frame is there.  Raises DeviceError."""
        config = self._config
        settings = {field: getattr(config, field) for field in type(config).model_fields if field != "direction"}
        settings |= {"name": self._name, "device": self._device, "taken": self._taken}
        self._worker = await WorkerProcess.start(self._name, self._program, settings)
        try:
            opened = await self._receive(
                self._worker, config.open_deadline + _GRACE, "no first frame", config.open_deadline
            )
        except BaseException:
            _left_off[self._device] = self._taken
            await self.close()
            raise
        if isinstance(opened, Opened):
            self._log_rights(opened.keeps)

    def _log_rights(self, rights: tuple[str, ...]) -> None:
        """Log once which rights this computer cannot take from a worker."""
        for why in rights:
            if why not in _logged_rights and len(_logged_rights) < _MOST_LOGGED:
                _logged_rights.add(why)
                self._log.warning(f"{self._name}: its worker keeps rights that it does not need: {one_line(why)}")

    async def close(self) -> None:
        worker, self._worker = self._worker, None
        self._window.close()
        if worker:
            await worker.stop()

    async def run(self, present: Present) -> None:
        """Present codes; return at the end of a video file only."""
        if self._worker is None:
            await self.open()
        worker = self._worker
        assert worker is not None  # noqa: S101 - open() has set it or raised
        try:
            worker.send(GoOn())
            self._window.open(worker)
            present(Looked(self._config.driver, time.monotonic(), 0))
            await self._follow(worker, present)
        except DeviceError:
            _left_off[self._device] = self._taken
            raise
        finally:
            await self.close()

    async def _follow(self, worker: WorkerProcess, present: Present) -> None:
        """Take the worker's messages.  Each shows that the worker lives and its camera delivers, and renews the
        deadline."""
        within = self._config.frame_deadline
        while True:
            message = await self._receive(worker, within, "no new frame", within)
            within = self._config.frame_deadline
            match message:
                case FrameTexts():
                    self._check(message.at, message.looked)
                    self._pass_on(message, present)
                case ImageHeld():
                    self._check(message.at)
                    await self._hold(message, present)
                    worker.send(GoOn())
                case Taking():
                    self._take(message)
                    within = _STILL_WITHIN
                case ReadingFacts() | Picture():
                    self._look(message)
                case Skipped(why):
                    self._skip(why)
                case SourceEnded() if await asyncio.to_thread(Path(self._device).is_file):
                    return
                case _:
                    raise self._lie("a message that has no place here")

    def _check(self, at: float, looked: int = 0) -> None:
        """Raise DeviceError for values that no worker of ours sends: a compromised worker may send anything."""
        ago = time.monotonic() - at
        if not -_AHEAD <= ago <= _LONGEST_AGO or not 0 <= looked <= _MOST_LOOKED:
            raise self._lie("a frame of another time")

    def _look(self, message: ReadingFacts | Picture) -> None:
        self._check(message.at)
        try:
            self._window.take(message)
        except ValueError as error:
            raise self._lie(str(error)) from None

    def _take(self, taking: Taking) -> None:
        if not 0 < len(taking.name) <= _LONGEST_NAME:
            raise self._lie("no name of a picture")
        if len(self._taken) >= _MOST_PICTURES and taking.name not in self._taken:
            raise self._lie(f"more than {_MOST_PICTURES} pictures")
        self._taken[taking.name] = taking.file

    def _skip(self, why: str) -> None:
        """Log a skipped picture, at most _MOST_SKIPS a minute."""
        now = time.monotonic()
        if now >= self._skips_until:
            self._skips_until, self._skips = now + 60.0, 0
        self._skips += 1
        if self._skips <= _MOST_SKIPS:
            self._log.warning(f"{self._name}: picture skipped: {one_line(why)}")

    def _lie(self, what: str) -> DeviceError:
        return DeviceError(
            f"{self._name}: its worker process sends malformed messages: {what}", hint="It is started again"
        )

    async def _receive(self, worker: WorkerProcess, wait: float, missing: str, within: float) -> Any:
        try:
            return await worker.receive(wait, newest=FrameTexts)
        except TimeoutError:
            raise DeviceError(
                f"{self._name}: {missing} for {show_duration(within)}",
                hint="Check its cable, power and network; it is opened again by itself",
            ) from None

    def _pass_on(self, frame: FrameTexts, present: Present) -> None:
        """Present a frame.  One that is old, because this process was held up, may show a person who has left since."""
        if time.monotonic() - frame.sent > _OLD:
            return
        for text in frame.texts:
            present(scan(text, frame.at, self._config))
        present(Looked(self._config.driver, frame.at, frame.looked))
        if frame.hint and not frame.texts:
            present(Coaching(self._config.driver, frame.at, frame.hint))

    async def _hold(self, held: ImageHeld, present: Present) -> None:
        present(Looked(self._config.driver, held.at, _STILL_FRAMES if held.still else 1))
        await until_decided(held.texts, held.at, self._config, present, self._dwell if held.still else 0.0)
        if held.still:
            await asyncio.sleep(_GAP)


def shown_address(device: str) -> str:
    """Return the name of a device for logs and the page: a path as it is, of an address its kind and its host.

    User, password and path (or query) may be secrets."""
    scheme, found, rest = device.partition("://")
    if not found:
        return device
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if "@" in rest[len(authority) :] or not re.fullmatch(r"[\w.-]+(:\d+)?|\[[\da-fA-F:.]+\](:\d+)?", host):
        host = "…"  # a password with special characters: its end is unknown
    return f"{scheme}://{host}"


@asynccontextmanager
async def open_camera(config: CameraConfig) -> AsyncIterator[Camera]:
    camera = Camera(config, config.device, dwell=config.dwell)
    await camera.open()
    try:
        yield camera
    finally:
        await camera.close()


DRIVER = DriverSpec(
    "camera",
    CameraConfig,
    open_camera,
    summary="a USB or network camera, a video file or a folder of pictures",
    needs="group video; apt: libzbar0",
)
