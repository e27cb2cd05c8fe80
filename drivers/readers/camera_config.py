"""The settings that every camera has, whatever it is attached to."""

from typing import Annotated

from pydantic import Field

from gate.ports.driver import Duration
from gate.ports.reader import ReaderConfig


class LiveConfig(ReaderConfig):
    width: Annotated[int, Field(ge=160, le=3840, description="width of the picture, in pixels")] = 1280
    height: Annotated[int, Field(ge=120, le=2160, description="height of the picture, in pixels")] = 720
    fps: Annotated[
        float, Field(gt=0, le=60, description="frames a second, at most, that are captured and searched for codes")
    ] = 15.0
    exposures: Annotated[
        tuple[Annotated[Duration, Field(ge=0, le=1)], ...],
        Field(
            max_length=8,
            description="exposure times; the next one is tried while something moves and nothing is read; "
            '"0s" leaves it to the camera; a screen needs 4 to 10 ms, paper more; '
            "network cameras always choose it themselves",
        ),
    ] = (0.008, 0.0, 0.004)
    open_deadline: Annotated[
        Duration, Field(ge=0.5, le=60, description="longest time from opening the camera to its first frame")
    ] = 5.0
    frame_deadline: Annotated[
        Duration,
        Field(
            ge=0.5,
            le=60,
            description="time without a new frame after which the camera counts as lost and is opened again, in all "
            "within 3 s",
        ),
    ] = 1.5
