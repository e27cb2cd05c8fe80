"""The intake of one reader: prepares its codes for the lane, and counts and logs what it drops."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from gate.core.coaching import Hint
from gate.core.model import Scan
from gate.logs import Log
from gate.passes.scanned import restore
from gate.passes.shc_parts import CardParts, is_part
from gate.ports.reader import Answer, Coaching, Dropped, Looked, Seen

AGAIN_AFTER = 600.0  # seconds until the same line is logged again, with its count
REPORT_EVERY = 1.0  # seconds between two reports of the count of drops

log = Log(part="lane")


class ReaderSink(Protocol):
    """The part of a lane that a reader calls."""

    def present(self, scan: Scan) -> Answer | None: ...

    def looked(self, looked: Looked) -> None: ...

    def dropped(self, name: str, drop: Dropped, count: int) -> None: ...

    def coach(self, coaching: Coaching) -> None: ...


class Intake:
    """The intake of one reader; belongs to one event loop.  `name`: of the reader, as in "reader[0]"."""

    def __init__(self, name: str, lane: ReaderSink, monotonic: Callable[[], float]) -> None:
        self._name = name
        self._lane = lane
        self._monotonic = monotonic
        self._camera = False
        self._card = CardParts()
        self._counts: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        self._reported_at: dict[str, float] = {}

    def present(self, seen: Seen) -> Answer | None:
        """Pass a code on to the lane: a gate.ports.reader.Present."""
        match seen:
            case Scan():
                return self._present(self._restored(replace(seen, reader=self._name)))
            case Looked():
                self._camera = True
                self._lane.looked(replace(seen, reader=self._name))
            case Coaching():
                self._lane.coach(replace(seen, reader=self._name))
            case Dropped(what=what, hint=hint):
                self._note(log.error, "dropped by the reader: nobody is answered", what, hint)
                self._report_drops(seen)
        return None

    def _present(self, scan: Scan) -> Answer | None:
        """Present a code; one part of a card of several waits for the others, and the person is asked for them."""
        if not is_part(scan.text):
            return self._lane.present(scan)
        whole = self._card.add(scan.text, scan.seen)
        if whole is not None:
            return self._lane.present(replace(scan, text=whole))
        self._lane.coach(Coaching(self._name, scan.seen, Hint.NEXT_PART))
        return None

    def _report_drops(self, drop: Dropped) -> None:
        """Report drops at first, and then once a second at most: noise drops something hundreds of times."""
        now, what = self._monotonic(), drop.what
        if now >= self._reported_at.get(what, now - REPORT_EVERY) + REPORT_EVERY:
            self._reported_at[what] = now
            self._lane.dropped(self._name, drop, self._counts[what])

    def _restored(self, scan: Scan) -> Scan:
        """Return the scan with its whole text.  A camera decodes its own codes, so they are exact."""
        if self._camera:
            return scan
        text, changed = restore(scan.text)
        if changed:
            known = text != scan.text
            self._note(log.warning, "the scanner changes passes", changed, "" if known else "No pass can be read so")
        return scan if text == scan.text else replace(scan, text=text)

    def _note(self, write: Callable[..., object], event: str, what: str, hint: str) -> None:
        """Log at first, and then once per `AGAIN_AFTER`: a reader may drop something every second."""
        self._counts[what] += 1
        now = self._monotonic()
        if now < self._due.get(what, now):
            return
        self._due[what] = now + AGAIN_AFTER
        advice = {"advice": hint} if hint else {}
        write(event, device=self._name, problem=what, count=self._counts[what], **advice)
