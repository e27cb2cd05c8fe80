"""The quality of a camera's pictures: what `gate doctor --camera` shows.

Entry-point group `gate.examiners`, by the name of the reader's driver; the object is a callable without arguments
that returns an Examiner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.ports.reader import ReaderConfig


@dataclass(frozen=True, slots=True)
class CameraReport:
    """The quality so far.  Shares are between 0 and 1."""

    frames: int = 0
    fps: float = 0.0  # frames a second, as received under the settings
    width: int = 0  # pixels
    height: int = 0
    brightness: float = 0.0  # mean of the picture, 0 black to 255 white
    burnt_out: float = 0.0  # share of the picture that is plain white
    sharpness: float = 0.0  # 1 when edges are as sharp as pixels allow, near 0 when all is a haze
    located: float = 0.0  # share of the frames in which a code was found
    read: float = 0.0  # share of the frames in which a code was read
    module_px: float = 0.0  # pixels a module of the code; 0 before one was found
    decode_ms: float = 0.0  # processor time of decoding a frame


OnReport = Callable[[CameraReport], Sequence[str]]
"""A callback: it gets the report so far, and returns what to do about it, the most important first."""


class Examiner(Protocol):
    """The port of camera examiners."""

    def examine(self, config: ReaderConfig, seconds: float, picture: Path | None, on_report: OnReport) -> CameraReport:
        """Examine the reader's camera for `seconds`.  Reports to `on_report` twice a second and at the end.  Writes the
        last frame to `picture` (PNG or JPEG), with codes marked and the final advice of `on_report` above it.

        Raises DeviceError when the camera cannot be opened or the picture not be written.  Blocks."""
