"""The port of readers that a technician can look through: how well codes are read, and the picture with its codes.

A frame leaves the process that captures it only as the answer to a request, one frame for each.  The lane requests
none outside of maintenance.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from gate.core.coaching import Hint

MOST_LOOKS = 100
"""Looks that the facts cover, at most: some seven seconds of motion before a camera of 15 frames a second."""

MOST_PICTURE = 48 * 1024  # characters of a picture in base64
MOST_OUTLINES = 16  # of one picture
PICTURE_EVERY = 0.2  # seconds between two pictures, at least: five a second are enough to aim a camera


@dataclass(frozen=True, slots=True)
class ReadingFacts:
    """How well the last frames were read.  A look is a frame that was searched for codes."""

    at: float  # monotonic seconds of the last look
    looks: int  # that `read` and `unread` are counted in
    read: int  # of them with a code that was read
    unread: int  # of them with codes that were found, and none that was read
    exposure: float | None  # seconds; 0.0: the camera's own choice; None: it takes no order
    step: int  # place of this exposure among those that are configured, from 0
    brightness: float  # mean of the last look, 0 black to 255 white
    burnt_out: float  # share of it that is plain white
    sharpness: float | None  # of the last code that was found: 1 is an edge one pixel wide; None: no code yet
    module_px: float | None  # pixels a module of that code; None: not known
    frame_ms: float  # median processor time of a look


@dataclass(frozen=True, slots=True)
class Outline:
    """A code in a picture: its corners in the picture's pixels, and whether it was read."""

    corners: tuple[tuple[float, float], ...]
    read: bool


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """One small grey frame."""

    at: float  # monotonic seconds at which it was sent; the last frame that was searched, or the picture that is held
    width: int  # pixels
    height: int
    jpeg: str  # base64
    outlines: tuple[Outline, ...]
    hint: Hint | None  # what to change so that a code that was found is read


class CameraView(ABC):
    """A reader that can be looked through.  Belongs to one event loop."""

    @property
    @abstractmethod
    def facts(self) -> ReadingFacts | None:
        """Return the last facts; None before the first look."""

    @abstractmethod
    async def picture(self) -> CameraPicture:
        """Request one frame.  Raises DeviceError when the camera does not answer in time."""
