"""A camera, or what stands in for one: a network stream, a video file, a folder of pictures.

Capture and decoding run in a worker process (`camera_child`): a driver or decoder that hangs, crashes
or keeps the interpreter busy does not touch the lane.  The newest frame is decoded, older ones are
dropped; a camera that delivers no new frame for `frame_deadline` is killed and counts as lost.

A folder of pictures is a queue of people, in the natural order of the file names.  Each picture is
held before the camera until the lane has decided on every code in it, at least for `dwell`; then
there is a short gap, then the next.  When all were shown the folder is watched for ever: a new or
replaced file is the next person.  Two pictures in a row with the same code are, to the lane, one
person standing there, unless more time lies between them than the lane's presence time.

A video file is played once at its own speed, and held in the same way on a frame with a code.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from pydantic import Field

from drivers._shared.child_process import Child, Message
from drivers.readers.live_config import LiveConfig
from drivers.readers.presenting import scan, until_decided
from gate.errors import DeviceError
from gate.ports.driver import DriverSpec, Duration, show_duration
from gate.ports.reader import Present

_CHILD = "drivers.readers.camera_child"
_GAP = 0.1  # seconds between two pictures of a folder
_STILL_WITHIN = 30.0  # seconds that reading one still may take, every step tried, on a slow board
_GRACE = 1.0  # seconds: the worker notices what is wrong first, and says it better

_log = structlog.get_logger()

_left_off: dict[str, dict[str, list[int]]] = {}
"""Folders whose reader was lost, and the pictures it had shown (name -> which file it was): whoever
opens that folder next in this process goes on with the next picture, and a picture that breaks the
decoder is met once."""


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
            description="a /dev/video* camera: its focus, in its own unit (`v4l2-ctl --list-ctrls`), for codes held at "
            "15 to 20 cm; left out, it focuses by itself",
        ),
    ] = None
    dwell: Annotated[
        Duration,
        Field(ge=0, le=60, description="a folder of pictures: how long each is shown at least, and one without a code"),
    ] = 0.5


class Camera:
    """Implements `gate.ports.reader.Reader`."""

    def __init__(self, config: LiveConfig, device: str, child: str = _CHILD, dwell: float = 0.0) -> None:
        """`device`: what the worker, the module `child`, is to open."""
        self._config = config
        self._device = device
        self._module = child
        self._dwell = dwell
        self._name = f"{config.driver} {without_password(device)}"
        self._child: Child | None = None
        self._taken = _left_off.pop(device, {})

    @property
    def pid(self) -> int | None:
        """Of the worker process, None when there is none."""
        return self._child.pid if self._child else None

    async def open(self) -> None:
        """Returns when the first frame is there.  Raises DeviceError."""
        config = self._config
        settings = {field: getattr(config, field) for field in type(config).model_fields if field != "direction"}
        settings |= {"name": self._name, "device": self._device, "taken": self._taken}
        self._child = await Child.start(self._name, self._module, settings)
        try:
            await self._receive(self._child, config.open_deadline + _GRACE, "no first frame", config.open_deadline)
        except BaseException:
            _left_off[self._device] = self._taken
            await self.close()
            raise

    async def close(self) -> None:
        child, self._child = self._child, None
        if child:
            await child.stop()

    async def run(self, present: Present) -> None:
        """Returns at the end of a video file only."""
        if self._child is None:
            await self.open()
        child = self._child
        assert child is not None  # noqa: S101 - open() has set it or raised
        try:
            child.send({})
            await self._follow(child, present)
        except DeviceError:
            _left_off[self._device] = self._taken
            raise
        finally:
            await self.close()

    async def _follow(self, child: Child, present: Present) -> None:
        last = time.monotonic()  # when the last frame was captured, or the worker last looked for one
        within = self._config.frame_deadline
        while True:
            message = await self._receive(child, last + within - time.monotonic(), "no new frame", within)
            if "end" in message:
                return
            within = self._config.frame_deadline
            last = message.get("at", last)
            if "taking" in message:
                self._taken[message["taking"]] = message["file"]
                within = _STILL_WITHIN
            elif "skipped" in message:
                _log.warning("picture skipped", reader=self._name, problem=message["skipped"])
            elif "texts" in message:
                await self._show(message, present)
                if message["held"]:
                    child.send({})
                    last = time.monotonic()

    async def _receive(self, child: Child, wait: float, missing: str, within: float) -> Message:
        try:
            return await child.receive(wait)
        except TimeoutError:
            raise DeviceError(
                f"{self._name}: {missing} for {show_duration(within)}",
                hint="Check its cable, power and network; it is opened again by itself",
            ) from None

    async def _show(self, message: Message, present: Present) -> None:
        texts, seen = message["texts"], message["at"]
        if not message["held"]:
            for text in texts:
                present(scan(text, seen, self._config))
            return
        still = message["still"]
        await until_decided(texts, seen, self._config, present, self._dwell if still else 0.0)
        if still:
            await asyncio.sleep(_GAP)


def without_password(device: str) -> str:
    """An address as it may stand in a log."""
    if "://" not in device:
        return device
    parts = urlsplit(device)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


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
    needs="group video; apt: libzbar0 libgl1 libglib2.0-0 libx11-6 libxcb1",
)
