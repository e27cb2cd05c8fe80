"""The worker process of an examination (`camera_check_messages`)."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.readers.camera_check_messages import EXAMINATION, Drawn, Examined, Words
from drivers.readers.camera_worker.startup import begin
from gate.ports.camera_report import CameraReport

if TYPE_CHECKING:
    from drivers.readers.camera_worker.quality_report import Quality

_TELL_EVERY = 0.5  # seconds


def main() -> None:
    link = begin(EXAMINATION)
    from drivers.readers.camera_worker.check_sources import frames
    from drivers.readers.camera_worker.quality_report import Quality

    quality = Quality()
    told = 0.0
    for frame in frames(link):
        quality.add(frame)
        if time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            link.say(Examined(_report(quality), last=False))
    link.say(Examined(_report(quality), last=True))
    answer = link.hear()
    words = answer.lines if isinstance(answer, Words) else ()
    picture = link.settings["picture"]
    if picture and not quality.draw(Path(picture), words):
        link.fail(
            f"{picture}: the picture cannot be written", "Name a PNG or JPEG file in a folder that can be written"
        )
    link.say(Drawn())
    link.end()


def _report(quality: "Quality") -> CameraReport:
    facts: dict[str, Any] = dict(quality.report())
    return CameraReport(**facts)


if __name__ == "__main__":
    main()
