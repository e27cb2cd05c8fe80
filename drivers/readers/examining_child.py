"""The worker process of an examination.

To the parent, one JSON object a line: {"started": true}, {"opened": true}, then twice a second
{"report": {...}, "last": false}, and a last one, which is answered with {"words": [...]} to write above
the picture; then {"drawn": true}; or {"error": what, "hint": what to do}.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from drivers._shared.child_link import Link, silence_native_noise

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}

if TYPE_CHECKING:
    from drivers.readers.camera_frames import Frame

_TELL_EVERY = 0.5  # seconds


def main() -> None:
    link = Link()
    silence_native_noise()
    try:
        import cv2

        from drivers.readers.quality import Quality
    except ImportError as error:
        from drivers.readers.decoding import PACKAGES

        link.fail(f"{link.settings['name']}: {error}", PACKAGES)
    cv2.setNumThreads(1)
    link.say(started=True)
    quality = Quality()
    told = 0.0
    for frame in _frames(link):
        quality.add(frame)
        if time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            link.say(report=quality.report(), last=False)
    link.say(report=quality.report(), last=True)
    words = (link.hear() or {}).get("words", [])
    picture = link.settings["picture"]
    if picture and not quality.draw(Path(picture), words):
        link.fail(
            f"{picture}: the picture cannot be written", "Name a PNG or JPEG file in a folder that can be written"
        )
    link.say(drawn=True)
    link.end()


def _frames(link: Link) -> Iterator["Frame"]:
    """For as many seconds as were asked for; of a folder or a video as much as there is."""
    from drivers.readers import examining_sources

    return examining_sources.frames(link)


if __name__ == "__main__":
    main()
