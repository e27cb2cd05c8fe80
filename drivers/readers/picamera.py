"""A ribbon-cable camera of a Raspberry Pi, by libcamera.

It works in a worker process like every camera (`camera_worker.picamera_main`).  Its grey picture is the Y plane of the
image processor's small stream, made by hardware: no conversion is needed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import Field

from drivers.readers.camera import Camera
from drivers.readers.camera_config import LiveConfig
from drivers.readers.camera_messages import PICAMERA
from gate.ports.driver import DriverSpec


class PicameraConfig(LiveConfig):
    camera: Annotated[
        int, Field(ge=0, le=7, description="which of the attached cameras (`rpicam-hello --list-cameras`)")
    ] = 0
    distance: Annotated[
        float | None,
        Field(
            gt=0,
            le=10,
            description="distance to the codes in metres, for cameras whose focus can be set; left out, they focus by "
            "themselves",
        ),
    ] = 0.18


@asynccontextmanager
async def open_picamera(config: PicameraConfig) -> AsyncIterator[Camera]:
    """Open the camera.  Raises DeviceError."""
    camera = Camera(config, str(config.camera), PICAMERA)
    await camera.open()
    try:
        yield camera
    finally:
        await camera.close()


DRIVER = DriverSpec(
    "picamera",
    PicameraConfig,
    open_picamera,
    summary="a ribbon-cable (CSI) camera of a Raspberry Pi",
    needs="group video; apt: python3-picamera2, and a venv that sees it (extra pi)",
)
