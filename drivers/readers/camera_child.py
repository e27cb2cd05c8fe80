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

from drivers.readers.camera_worker import begin


def main() -> None:
    link = begin()
    from drivers.readers import camera_sources

    camera_sources.run(link)
    link.end()


if __name__ == "__main__":
    main()
