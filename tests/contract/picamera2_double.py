"""A stand-in for the library picamera2, as The Picamera2 Library documents it.

It is copied beside the worker process as `picamera2.py`.  PICAMERA2_DOUBLE names a folder: the camera
sees the pictures of `film.npy` in it, one a frame from its start, round and round; it writes what it was
told to `log.jsonl`, hangs while there is a file `hang`, and is not attached while there is a file
`unplugged`.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FOLDER = Path(os.environ["PICAMERA2_DOUBLE"])
_LOG = (_FOLDER / "log.jsonl").open("a")  # kept open, as the library keeps its devices
_ALIGNED = 64  # bytes: rows of YUV420 are padded to it


def _log(**what: object) -> None:
    _LOG.write(json.dumps(what) + "\n")
    _LOG.flush()


class _Request:
    def __init__(self, camera: "Picamera2") -> None:
        self._camera = camera
        self._stamp = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._released = False

    def make_array(self, name: str) -> npt.NDArray[np.uint8]:
        assert not self._released
        assert name == "lores"
        width, height = self._camera.configuration["lores"]["size"]
        stride = -(-width // _ALIGNED) * _ALIGNED
        planes = np.full((height * 3 // 2, stride), 128, np.uint8)
        film = np.load(_FOLDER / "film.npy", mmap_mode="r")
        picture = film[self._camera.taken % len(film)]
        noise = np.random.default_rng(self._stamp).integers(0, 3, (height, width)).astype(np.uint8)
        planes[:height, :width] = picture[:height, :width] // 2 + 40 + noise
        return planes

    def get_metadata(self) -> dict[str, Any]:
        return {"SensorTimestamp": self._stamp, "ExposureTime": 8000}

    def release(self) -> None:
        assert not self._released
        self._released = True
        self._camera.held -= 1


class Picamera2:
    def __init__(self, camera_num: int = 0) -> None:
        if camera_num > 0 or (_FOLDER / "unplugged").exists():
            raise IndexError("list index out of range")
        if (_FOLDER / "busy").exists():
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.camera_controls = {"AfMode": (0, 2, 0), "LensPosition": (0.0, 32.0, 1.0), "ExposureTime": (14, 11767556)}
        self.configuration: dict[str, Any] = {}
        self.held = self.taken = 0
        self._started = False

    def create_video_configuration(
        self,
        main: dict[str, Any],
        lores: dict[str, Any],
        controls: dict[str, Any],
        buffer_count: int,
    ) -> dict[str, Any]:
        return {"main": main, "lores": lores, "controls": controls, "buffer_count": buffer_count}

    def configure(self, configuration: dict[str, Any]) -> None:
        assert not self._started
        assert configuration["lores"]["format"] == "YUV420"
        self.configuration = configuration
        _log(configured=configuration)

    def camera_configuration(self) -> dict[str, Any]:
        return self.configuration

    def set_controls(self, controls: dict[str, Any]) -> None:
        _log(controls=controls)

    def start(self) -> None:
        self._started = True

    def capture_request(self) -> _Request:
        assert self._started
        time.sleep(1 / self.configuration["controls"]["FrameRate"])
        while self.held >= self.configuration["buffer_count"] or (_FOLDER / "hang").exists():
            time.sleep(0.05)  # no buffer is free, or the sensor is silent
        self.held += 1
        self.taken += 1
        return _Request(self)
