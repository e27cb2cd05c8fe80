"""The worker process of an examination.

To the parent, one JSON object a line: {"started": true}, {"opened": true}, then twice a second
{"report": {...}, "last": false}, and a last one, which is answered with {"words": [...]} to write above
the picture; then {"drawn": true}; or {"error": what, "hint": what to do}.
"""

import time
from pathlib import Path

from drivers.readers.camera_worker import begin

_TELL_EVERY = 0.5  # seconds


def main() -> None:
    link = begin()
    from drivers.readers.examining_sources import frames
    from drivers.readers.quality import Quality

    quality = Quality()
    told = 0.0
    for frame in frames(link):
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


if __name__ == "__main__":
    main()
