"""The worker process of a Raspberry Pi camera.  Its messages are those of `main`."""

from typing import TYPE_CHECKING

from drivers.readers.camera_messages import PICAMERA
from drivers.readers.camera_worker.startup import begin
from gate.worker.confine import Rights
from gate.worker.link import Link

if TYPE_CHECKING:
    from drivers.readers.camera_worker.capture import Live

PACKAGES = "`apt install python3-picamera2`, and install the gate `--with pi`, for a venv that sees Debian's packages"


def main() -> None:
    link = begin(PICAMERA)
    from drivers.readers.camera_worker.capture import watch

    live = open_picamera(link)
    watch(link, live)
    link.end()


def open_picamera(link: Link) -> "Live":
    """Open the camera that libcamera lists under the configured number."""
    from drivers.readers.camera_worker.capture import Live
    from drivers.readers.camera_worker.picamera_source import PicameraSource

    settings = link.settings
    name = settings["name"]
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        link.fail(f"{name}: the Python package picamera2 cannot be loaded ({error})", PACKAGES)
    try:
        source = PicameraSource(Picamera2(settings["camera"]), settings)
    except IndexError:
        link.fail(
            f"{name}: there is no such camera",
            "Look at its ribbon cable; `rpicam-hello --list-cameras` lists the cameras",
        )
    except RuntimeError as error:  # libcamera's error for a camera in use too
        link.fail(f"{name}: {error}", "Does another program use it?")
    # libcamera has threads of its own, and opens buffers until the first frame; whether later too is untested.
    return Live(source, device=True, expose=source.expose, rights=Rights(read=None), late=True)


if __name__ == "__main__":
    main()
