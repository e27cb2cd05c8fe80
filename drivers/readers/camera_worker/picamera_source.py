"""A Picamera2 object as a source of grey frames.

Facts it rests on (The Picamera2 Library): the small stream `lores` is YUV420; its array has the Y plane in its first
`height` rows, each as long as the stride, which may exceed the width; a request must be released, or the camera runs
out of buffers; `SensorTimestamp` is nanoseconds.  A camera that was unplugged or hangs delivers no more requests: the
daemon's `frame_deadline` then expires.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_BUFFERS = 4
_AF_MANUAL, _AF_CONTINUOUS = 0, 2  # libcamera controls::AfModeEnum


class PicameraSource:
    """A capture over Picamera2.  Implements `drivers.readers.camera_worker.capture.Capture`."""

    def __init__(self, camera: Any, settings: Mapping[str, Any]) -> None:
        """Configure and start the camera.  `camera`: a Picamera2 that is not configured yet.

        Raises RuntimeError as libcamera does."""
        self._camera = camera
        self._size = (settings["width"], settings["height"])
        self._picture: npt.NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._stamp = 0.0
        configuration = camera.create_video_configuration(
            main={"size": self._size},
            lores={"size": self._size, "format": "YUV420"},
            controls={"FrameRate": settings["fps"]},
            buffer_count=_BUFFERS,
        )
        camera.configure(configuration)
        self._size = tuple(camera.camera_configuration()["lores"]["size"])  # the size that it chose
        camera.start()
        self._focus(settings["distance"])

    def grab(self) -> bool:
        """Wait for the next frame."""
        request = self._camera.capture_request()
        try:
            width, height = self._size
            # A copy: the buffer goes back to the camera.
            self._picture = request.make_array("lores")[:height, :width].copy()
            self._stamp = request.get_metadata().get("SensorTimestamp", 0) / 1e6
        finally:
            request.release()
        return True

    def retrieve(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        return True, self._picture

    def get(self, _: int, /) -> float:
        """Return when the sensor took the frame, in ms: the only property in use."""
        return self._stamp

    def expose(self, seconds: float) -> None:
        """Expose each frame for this time; 0.0 leaves it to the camera."""
        if seconds:
            self._camera.set_controls({"AeEnable": False, "ExposureTime": round(seconds * 1e6)})
        else:
            self._camera.set_controls({"AeEnable": True})

    def _focus(self, distance: float | None) -> None:
        if "AfMode" not in self._camera.camera_controls:
            return  # its lens is fixed, or turned by hand
        if distance is None:
            self._camera.set_controls({"AfMode": _AF_CONTINUOUS})
        else:
            self._camera.set_controls({"AfMode": _AF_MANUAL, "LensPosition": 1 / distance})
