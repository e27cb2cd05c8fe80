"""Many frames of one code are one presentation, and one person's renewed codes are one person.

A camera shows the same code fifteen times a second; the lane must answer it once.  A holder-bound pass
changes its code every few seconds; whoever was answered and is still standing there is not asked again.
A presentation is over when its code has not been in view for `GONE_AFTER`.
"""

from dataclasses import dataclass
from enum import Enum

from gate.core.model import Scan

GONE_AFTER = 1.2  # seconds out of view: longer than a shaking hand or a renewing screen needs
MOST = 64  # codes in view at once that are remembered; the oldest make room


class Stage(Enum):
    NEW = "new"
    WAITING = "waiting"  # the lane is busy with someone else
    PENDING = "pending"  # the verdict is being made
    ANSWERED = "answered"


@dataclass(slots=True)
class Presentation:
    scan: Scan  # its latest sighting
    stage: Stage = Stage.NEW
    holder: int | None = None  # place of a verified pass: in memory while in view, nowhere else


class Presence:
    """Times are the monotonic seconds of the scans."""

    def __init__(self) -> None:
        self._shown: dict[str, Presentation] = {}

    def see(self, scan: Scan) -> Presentation:
        """The presentation that this sighting belongs to; NEW when it begins one."""
        presentation = self._shown.pop(scan.text, None)
        if presentation is None or scan.seen - presentation.scan.seen > GONE_AFTER:
            presentation = Presentation(scan)
        presentation.scan = scan
        self._shown[scan.text] = presentation  # at the end: the order is by last sighting
        while len(self._shown) > MOST:
            del self._shown[next(iter(self._shown))]
        return presentation

    def answered_holders(self) -> set[int]:
        """Who has had an answer and is still in view."""
        return {
            shown.holder for shown in self._shown.values() if shown.holder is not None and shown.stage is Stage.ANSWERED
        }

    def leave(self, now: float) -> list[Presentation]:
        """Forget what is out of view; returns those who left without an answer."""
        gone = [text for text, shown in self._shown.items() if now - shown.scan.seen > GONE_AFTER]
        left = [self._shown.pop(text) for text in gone]
        return [shown for shown in left if shown.stage is Stage.WAITING]
