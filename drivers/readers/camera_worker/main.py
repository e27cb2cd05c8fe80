"""The worker process of a camera: opens it, captures, decodes, and reports to the daemon (`camera_messages`)."""

from drivers.readers.camera_messages import CAMERA
from drivers.readers.camera_worker.startup import begin


def main() -> None:
    link = begin(CAMERA)
    from drivers.readers.camera_worker import open_source

    open_source.run(link)
    link.end()


if __name__ == "__main__":
    main()
