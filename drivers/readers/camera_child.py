"""The worker process of a camera: opens it, captures, decodes, and tells the daemon what it saw (`camera_messages`)."""

from drivers.readers.camera_messages import CAMERA
from drivers.readers.camera_worker import begin


def main() -> None:
    link = begin(CAMERA)
    from drivers.readers import camera_sources

    camera_sources.run(link)
    link.end()


if __name__ == "__main__":
    main()
