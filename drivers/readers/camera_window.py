"""The daemon's side of a technician's view through a camera: facts that its worker sends, and frames on request."""

import asyncio
import base64
import binascii

from drivers.readers.camera_messages import Picture, ShowPicture
from gate.errors import DeviceError
from gate.ports.camera_view import MOST_LOOKS, MOST_OUTLINES, MOST_PICTURE, CameraPicture, CameraView, ReadingFacts
from gate.worker.process import WorkerProcess

PICTURE_WITHIN = 3.0  # seconds: the worker may be reading a still, which takes one
_JPEG = b"\xff\xd8\xff"
_WIDEST = 4096  # pixels


class CameraWindow(CameraView):
    """The view through one camera, whose worker comes and goes.  `take` raises ValueError for what no worker of ours
    sends: a picture that was not requested, or facts that cannot be."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._worker: WorkerProcess | None = None
        self._facts: ReadingFacts | None = None
        self._picture: asyncio.Future[CameraPicture] | None = None

    def open(self, worker: WorkerProcess) -> None:
        """Use this worker from now on."""
        self._worker = worker

    def close(self) -> None:
        """Forget the worker, its facts and a request that it has not answered."""
        self._worker, self._facts = None, None
        if self._picture is not None and not self._picture.done():
            self._picture.set_exception(self._lost())
            self._picture.exception()  # nobody may be waiting any more

    @property
    def facts(self) -> ReadingFacts | None:
        return self._facts

    async def picture(self) -> CameraPicture:
        if self._worker is None:
            raise self._lost()
        if self._picture is None or self._picture.done():
            self._picture = asyncio.get_running_loop().create_future()
            self._worker.send(ShowPicture())
        try:
            async with asyncio.timeout(PICTURE_WITHIN):
                return await asyncio.shield(self._picture)
        except TimeoutError:
            raise DeviceError(f"{self._name}: no picture comes", hint="Look at it again in a moment") from None

    def take(self, message: ReadingFacts | Picture) -> None:
        """Take a message of the worker.  Raises ValueError."""
        if isinstance(message, ReadingFacts):
            if not (0 <= message.read + message.unread <= message.looks <= MOST_LOOKS):
                raise ValueError("facts that cannot be")
            self._facts = message
            return
        waiting, self._picture = self._picture, None
        if waiting is None:
            raise ValueError("a picture that was not requested")
        picture = _checked(message)
        if not waiting.done():
            waiting.set_result(picture)

    def _lost(self) -> DeviceError:
        return DeviceError(f"{self._name}: it is not there", hint="It is being opened again")


def _checked(message: Picture) -> CameraPicture:
    """Return the picture of a message.  Raises ValueError: a compromised worker may send anything."""
    jpeg = "".join(message.jpeg)
    try:
        is_jpeg = len(jpeg) <= MOST_PICTURE and base64.b64decode(jpeg, validate=True).startswith(_JPEG)
    except binascii.Error:
        is_jpeg = False
    sizes = 0 < message.width <= _WIDEST and 0 < message.height <= _WIDEST
    if not (is_jpeg and sizes and len(message.outlines) <= MOST_OUTLINES):
        raise ValueError("no picture of ours")
    if any(len(outline.corners) != 4 for outline in message.outlines):
        raise ValueError("no outline of a code")
    return CameraPicture(message.at, message.width, message.height, jpeg, message.outlines, message.hint)
