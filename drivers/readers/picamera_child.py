"""The worker process of a Raspberry Pi camera.  It speaks with the daemon as `camera_child` does."""

import os
from typing import Any

from drivers._shared.child_link import Link, silence_native_noise

# Before numpy and OpenCV are loaded: they read these once.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OPENCV_LOG_LEVEL": "SILENT", "LIBCAMERA_LOG_LEVELS": "*:FATAL"}

PACKAGES = "`apt install python3-picamera2`, and make the venv with --system-site-packages"


def main() -> None:
    link = Link()
    silence_native_noise()
    name = link.settings["name"]
    try:
        import cv2

        from drivers.readers.camera_frames import watch
        from drivers.readers.picamera_source import PicameraSource
    except ImportError as error:
        from drivers.readers.decoding import PACKAGES as DECODING

        link.fail(f"{name}: {error}", DECODING)
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        link.fail(f"{name}: the Python package picamera2 cannot be loaded ({error})", PACKAGES)
    cv2.setNumThreads(1)
    link.say(started=True)
    source = _opened(link, Picamera2, PicameraSource)
    watch(link, source, device=True, expose=source.expose)
    link.end()


def _opened(link: Link, library: Any, source: Any) -> Any:
    settings = link.settings
    try:
        return source(library(settings["camera"]), settings)
    except IndexError:
        link.fail(
            f"{settings['name']}: there is no such camera",
            "Look at its ribbon cable; `rpicam-hello --list-cameras` shows which are seen",
        )
    except RuntimeError as error:  # what libcamera says of a camera that is in use, too
        link.fail(f"{settings['name']}: {error}", "Does another program use it?")


if __name__ == "__main__":
    main()
