"""Presentations: many frames of one code are one presentation, one person's renewed codes are one person.

A camera shows the same code fifteen times a second; the lane must answer it once.  A holder-bound pass changes its
code every few seconds; a person who was answered and still stands there is not decided on again.  A presentation
ends when its code was out of view for `GONE_AFTER`, however long it was held up, and was missing from several
frames: a busy computer may process only one frame every three seconds.

Other codes are near a gate: a menu in the same hand, a poster behind it.  They are answered only when no pass is in
view.  Before a camera they also wait a moment, as the next frame may show a pass.  A scanner reads one instant, so
its codes are answered then or never.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from gate.core.model import Scan
from gate.passes.verifier import is_pass
from gate.ports.reader import Answer, Looked

GONE_AFTER = 1.2  # seconds out of view: longer than a shaking hand or a renewing screen needs
MISSED = 3  # frames of a camera without the code: a decoder misses one now and then
LONGEST_AWAY = 15.0  # seconds after which it is gone however few frames came: the camera may be lost
LEFT_LYING = 15.0  # seconds after which a code that is no pass counts as a poster
OTHERS_AFTER = 0.4  # seconds that a code which is no pass is in view before it is answered: some frames
MOST = 64  # codes in view that are remembered at once; the oldest make room


class Stage(Enum):
    """The progress of a presentation."""

    NEW = "new"
    WAITING = "waiting"  # the lane is busy with another person
    PENDING = "pending"  # the verdict is being made
    ANSWERED = "answered"


@dataclass(slots=True)
class Presentation:
    """One code held up before one reader."""

    scan: Scan  # its latest sighting
    since: float  # of its first
    beside_pass: bool = False  # it shared one frame with a pass
    stage: Stage = Stage.NEW
    holder: int | None = None  # place of a verified pass: in memory while in view, nowhere else
    whose: int | None = None  # likewise, of a pass that waits: found once, where `identified`
    identified: bool = False
    missed: int = 0  # frames processed since its latest sighting

    @property
    def answer(self) -> Answer | None:
        """Return the answer for the reader; see gate.ports.reader.Present."""
        if self.stage is Stage.PENDING:
            return None
        return Answer.DECIDED if self.stage is Stage.ANSWERED else Answer.WAIT


class Presence:
    """The codes in view of one lane.  Times are the monotonic seconds of the scans.  `holder_of` returns the
    holder's place of a text."""

    def __init__(self, holder_of: Callable[[str], int | None]) -> None:
        self._holder_of = holder_of
        self._shown: dict[str, Presentation] = {}
        self._cameras: set[str] = set()  # readers that see a code again and again
        self._trusted: int | None = None  # version of the list by which the holders were found
        self.going: Presentation | None = None  # of the person who is let through, until that is over

    def see(self, scan: Scan) -> Presentation:
        """Return the presentation that this sighting belongs to; NEW when it begins one."""
        presentation = self._shown.pop(scan.text, None)
        if presentation is None or self._is_gone(presentation, scan.seen):
            presentation = Presentation(scan, scan.seen)
        presentation.scan, presentation.missed = scan, 0
        self._note_company(presentation)
        self._shown[scan.text] = presentation  # at the end: the order is by last sighting
        while len(self._shown) > MOST:
            del self._shown[next(iter(self._shown))]
        return presentation

    def looked(self, looked: Looked) -> None:
        """Note frames in which codes were searched for.  To be called after `see` for the codes of those frames."""
        self._cameras.add(looked.reader)
        for shown in self._shown.values():
            if shown.scan.reader == looked.reader and shown.scan.seen < looked.at:
                shown.missed += looked.frames

    def meet(self, scan: Scan) -> tuple[Presentation, bool]:
        """Return the presentation that this sighting belongs to, and whether it needs a verdict now."""
        shown = self.see(scan)
        if shown.stage is Stage.NEW:
            self._join(shown)
        if shown.stage in (Stage.ANSWERED, Stage.PENDING) or self._has_to_give_way(shown):
            return shown, False
        return shown, True

    def trust(self, version: int | None) -> None:
        """Find the holders in view again when the list has another version: its issuers may differ."""
        if version != self._trusted:
            self._trusted = version
            for shown in self._shown.values():
                shown.identified = False

    def in_view(self, now: float) -> tuple[bool, bool, bool]:
        """Return `answered`, `waiting` and `going` of gate.core.outlet_events.CodesInView."""
        shown = self._shown.values()
        return (
            any(
                one.stage is Stage.ANSWERED and (is_pass(one.scan.text) or now - one.since <= LEFT_LYING)
                for one in shown
            ),
            any(one.stage is Stage.WAITING and not self._goes(one) for one in shown),
            any(self._goes(one) for one in shown),
        )

    def _join(self, shown: Presentation) -> None:
        """Join this new code to an answered presentation that it belongs to: it is the renewed code of a person who
        still stands here, or no pass and in one frame with such a pass."""
        if not is_pass(shown.scan.text):
            if shown.beside_pass and any(other.stage is Stage.ANSWERED for other in self._passes_beside(shown)):
                shown.stage = Stage.ANSWERED
            return
        answered = [other for other in self._shown.values() if other.stage is Stage.ANSWERED]
        holders = {other.holder for other in answered} - {None}
        if not holders:  # no signature is checked without need
            return
        shown.holder = self._identify(shown)
        if shown.holder in holders:
            shown.stage = Stage.ANSWERED

    def _has_to_give_way(self, shown: Presentation) -> bool:
        """Return whether this code is no pass, and a pass is in view or may come."""
        if shown.stage is not Stage.NEW or is_pass(shown.scan.text):
            return False
        is_young = shown.scan.seen - shown.since < OTHERS_AFTER
        return bool(self._passes_beside(shown)) or (shown.scan.reader in self._cameras and is_young)

    def _passes_beside(self, shown: Presentation) -> list[Presentation]:
        """Return the passes that the same reader has in view."""
        now, reader = shown.scan.seen, shown.scan.reader
        return [
            other
            for other in self._shown.values()
            if other.scan.reader == reader and is_pass(other.scan.text) and now - other.scan.seen <= GONE_AFTER
        ]

    def _note_company(self, shown: Presentation) -> None:
        """Note the other codes of the frame: those of one frame carry the same time."""
        scan = shown.scan
        company = [
            other
            for other in self._shown.values()
            if other.scan.seen == scan.seen and other.scan.reader == scan.reader and other is not shown
        ]
        shown.beside_pass |= any(is_pass(other.scan.text) for other in company)
        if is_pass(scan.text):
            for other in company:
                other.beside_pass = True

    def leave(self, now: float) -> list[Presentation]:
        """Forget what is out of view; return the presentations that left without an answer.

        A person who waits and renews the code has not left.  A person who goes through and shows the code once more
        did not wait."""
        gone = [text for text, shown in self._shown.items() if self._is_gone(shown, now)]
        left = [self._shown.pop(text) for text in gone]
        waited = [shown for shown in left if shown.stage is Stage.WAITING and not self._goes(shown)]
        if not waited:
            return []
        here = {self._identify(shown) for shown in self._shown.values()} - {None}
        return [shown for shown in waited if not here or self._identify(shown) not in here]

    def _goes(self, shown: Presentation) -> bool:
        """Return whether it is the code, or a renewed one, of the person who is let through."""
        if self.going is None or shown is self.going or shown.scan.text == self.going.scan.text:
            return self.going is not None
        return self.going.holder is not None and self._identify(shown) == self.going.holder

    def _is_gone(self, shown: Presentation, now: float) -> bool:
        away = now - shown.scan.seen
        if away <= GONE_AFTER:
            return False
        return shown.scan.reader not in self._cameras or shown.missed >= MISSED or away > LONGEST_AWAY

    def _identify(self, shown: Presentation) -> int | None:
        """Return the holder's place.  Found once while it is in view: a signature takes a while to check, and a
        screen can show 64 forged ones."""
        if not shown.identified:
            text = shown.scan.text
            shown.whose, shown.identified = self._holder_of(text) if is_pass(text) else None, True
        return shown.whose
