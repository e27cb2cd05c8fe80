"""The worker process of a camera: opens it, captures, decodes, and tells the daemon what it saw.

To the daemon, one JSON object a line:
    {"started": true}                        the libraries are loaded
    {"opened": true}                         the first frame is there; waits for a message to go on
    {"at": t}                                alive: a frame without a code, captured at t
    {"at": t, "texts": [...], "held": false} codes in a frame; "held": it stays until a message comes,
        "still": it is a picture of a folder
    {"taking": name, "file": [...], "at": t} about to read this picture of a folder
    {"skipped": why}                         a picture of a folder that cannot be read
    {"end": true}                            a video has ended
    {"error": what, "hint": what to do}      the camera cannot be had, or is lost; the process ends

Times are monotonic seconds, which processes of one Linux system share.
"""

import os

from drivers._shared.child_link import Link, silence_native_noise

# Before numpy and OpenCV are loaded: they read these once.
os.environ |= {
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


def main() -> None:
    link = Link()
    silence_native_noise()
    try:
        import cv2

        from drivers.readers import camera_sources
    except ImportError as error:
        from drivers.readers.decoding import PACKAGES

        link.fail(f"{link.settings['name']}: {error}", PACKAGES)
    cv2.setNumThreads(1)
    link.say(started=True)
    camera_sources.run(link)
    link.end()


if __name__ == "__main__":
    main()
