"""The worker process of an examination (`camera_check_messages`)."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from drivers.readers.camera_check_messages import EXAMINATION, Drawn, Examined, ReportWords
from drivers.readers.camera_worker.startup import begin
from gate.ports.camera_report import CameraReport

if TYPE_CHECKING:
    from drivers.readers.camera_worker.quality_report import QualityReport
    from gate.worker.link import Link

_REPORT_EVERY = 0.5  # seconds


def main() -> None:
    link = begin(EXAMINATION)
    from drivers.readers.camera_worker.check_sources import frames
    from drivers.readers.camera_worker.quality_report import QualityReport

    picture = _open_picture(link)  # now: nothing is opened any more once strangers' codes are decoded
    quality = QualityReport()
    reported_at = 0.0
    for frame in frames(link):
        quality.add(frame)
        if time.monotonic() - reported_at >= _REPORT_EVERY:
            reported_at = time.monotonic()
            link.send(Examined(_report(quality), last=False))
    link.send(Examined(_report(quality), last=True))
    answer = link.receive()
    words = answer.lines if isinstance(answer, ReportWords) else ()
    if picture is not None:
        try:
            drawn = quality.draw(Path(link.settings["picture"]).suffix, words)
            with os.fdopen(picture, "wb") as file:
                file.truncate(0)
                file.write(drawn)
        except (OSError, ValueError):
            _refuse_picture(link)
    link.send(Drawn())
    link.end()


def _open_picture(link: "Link") -> int | None:
    """Open the picture without emptying its file, which happens only when there is something to write."""
    name: str = link.settings["picture"]
    try:
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666) if name else None
    except OSError:
        _refuse_picture(link)


def _refuse_picture(link: "Link") -> NoReturn:
    link.fail(
        f"{link.settings['picture']}: the picture cannot be written",
        "Name a PNG or JPEG file in a folder that can be written",
    )


def _report(quality: "QualityReport") -> CameraReport:
    facts: dict[str, Any] = dict(quality.report())
    return CameraReport(**facts)


if __name__ == "__main__":
    main()
