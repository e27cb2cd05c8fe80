"""The settings that every camera has, whatever it is attached to."""

from typing import Annotated

from pydantic import Field

from gate.ports.driver import Duration
from gate.ports.reader import ReaderConfig


class LiveConfig(ReaderConfig):
    width: Annotated[int, Field(ge=160, le=3840, description="pixels asked of the camera")] = 1280
    height: Annotated[int, Field(ge=120, le=2160, description="pixels asked of the camera")] = 720
    fps: Annotated[
        float, Field(gt=0, le=60, description="frames a second, at most, that are captured and looked at")
    ] = 15.0
    exposures: Annotated[
        tuple[Duration, ...],
        Field(
            max_length=8,
            description="exposure times; the next one is tried when something moves and nothing is read; "
            '"0s" is what the camera chooses; screens shine by themselves and want 4 to 10 ms, paper wants more; '
            "network cameras choose for themselves",
        ),
    ] = (0.008, 0.0, 0.004)
    open_deadline: Annotated[
        Duration, Field(ge=0.5, le=60, description="the time from opening the camera to its first frame, at most")
    ] = 5.0
    frame_deadline: Annotated[
        Duration,
        Field(
            ge=0.5,
            le=60,
            description="no new frame for so long: the camera is lost and opened again; with starting it again "
            "that is within 3 s",
        ),
    ] = 1.5
