"""Controls of a USB camera, set beside the program that streams from it (Linux, V4L2).

OpenCV sets some of them only, under other numbers; the kernel lets a second opening of the device set all.  Numbers and
structures: linux/v4l2-controls.h and linux/videodev2.h.
"""

import fcntl
import os
import struct
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

_SET = 0xC008561C  # VIDIOC_S_CTRL: u32 id, s32 value
_CAMERA = 0x009A0900


class Control(IntEnum):
    EXPOSURE_AUTO = _CAMERA + 1  # 1 manual, 3 aperture priority: automatic on UVC cameras
    EXPOSURE_TIME = _CAMERA + 2  # units of 100 µs
    EXPOSURE_SLOWS_DOWN = _CAMERA + 3  # 1: in the dark it delivers fewer frames
    FOCUS = _CAMERA + 10  # units of the camera
    FOCUS_AUTO = _CAMERA + 12


MANUAL, AUTOMATIC = 1, 3


class Controls:
    """The controls of one camera, which refuses those that it does not have, and keeps its values."""

    def __init__(self, device: Path) -> None:
        """Open the device.  Raises OSError."""
        self._file = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def set(self, control: Control, value: int) -> bool:
        """Set a control; return whether the camera accepted it."""
        try:
            fcntl.ioctl(self._file, _SET, struct.pack("=Ii", control, value))
        except OSError:
            return False
        return True

    def expose(self, seconds: float) -> bool:
        """Expose each frame for this time; 0.0 leaves it to the camera.  Return whether the camera accepted it."""
        if not seconds:
            return self.set(Control.EXPOSURE_AUTO, AUTOMATIC)
        manual = self.set(Control.EXPOSURE_AUTO, MANUAL)
        return self.set(Control.EXPOSURE_TIME, max(1, round(seconds * 10_000))) and manual

    def prepare(self, focus: int | None) -> None:
        """Set a steady rate, and the configured focus."""
        self.set(Control.EXPOSURE_SLOWS_DOWN, 0)
        if focus is not None:
            self.set(Control.FOCUS_AUTO, 0)
            self.set(Control.FOCUS, focus)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._file)
