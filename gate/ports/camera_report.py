"""How well a camera sees: what `gate doctor --camera` shows.

Entry-point group `gate.examiners`, by the name of the reader's driver; the object is a callable
without arguments that gives an Examiner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.ports.reader import ReaderConfig


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What was seen so far.  Shares are between 0 and 1."""

    frames: int = 0
    fps: float = 0.0  # frames a second that came, as many as the settings allow
    width: int = 0  # pixels
    height: int = 0
    brightness: float = 0.0  # mean of the picture, 0 black to 255 white
    burnt_out: float = 0.0  # share of the picture that is plain white
    sharpness: float = 0.0  # 1 when edges are as sharp as pixels allow, near 0 when all is a haze
    located: float = 0.0  # share of the frames in which a code was found
    read: float = 0.0  # share of the frames in which a code was read
    module_px: float = 0.0  # pixels a module of the code; 0 before one was found
    decode_ms: float = 0.0  # processor time of decoding a frame


Tell = Callable[[CameraReport], Sequence[str]]
"""Hears of what was seen so far and says what to do about it, what matters most first."""


class Examiner(Protocol):
    def examine(self, config: ReaderConfig, seconds: float, picture: Path | None, tell: Tell) -> CameraReport:
        """Look through the reader's camera for so long, reporting to `tell` twice a second and at the
        end, and write what it saw last to `picture` (PNG or JPEG), with codes marked and what `tell`
        said at the end above it.

        Raises DeviceError when the camera cannot be had or the picture not be written.  Blocks."""
