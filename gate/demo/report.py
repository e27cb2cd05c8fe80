"""The report of a demo: a row a person, a summary, and the deviations from the cast."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from gate.demo.cast import Person

BUSY = 0.05  # share of late frames: a quiet machine of two cores has under 0.01
_LATE = ("presentation_stale", "lane_busy", "already_used", "too_soon")  # answers to a visit that came too late


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one visit, observed outside the gate."""

    person: Person
    outcome: str  # admitted, refused, ignored
    reason: str | None
    passed: bool  # the gate noticed that they went through
    ms_to_open: float | None  # from the first frame with the whole code, large enough to read, to the frame that opens
    note: str = ""  # anything else that went wrong
    disturbed: bool = False  # a button was pressed meanwhile: the answer may be another

    def row(self) -> dict[str, object]:
        return {
            "person": self.person.number,
            "shows": self.person.act.shows,
            "outcome": self.outcome,
            "reason": self.reason,
            "passed": self.passed,
            "ms_to_open": None if self.ms_to_open is None else round(self.ms_to_open, 1),
        }

    def is_late(self) -> bool:
        """Return whether their visit may have gone as it did because pictures came late: an answer was late or missing,
        a code that renews itself too old, a person at the arm too slow.  Nobody was admitted who should not be."""
        if self.outcome == "admitted" and not self.person.admitted:
            return False
        return self.outcome in ("ignored", self.person.outcome) or self.reason in _LATE

    def mismatch(self) -> str:
        """Return one line naming the deviation; "" without one."""
        if self.disturbed:
            return ""
        expected = self.person
        reason = None if expected.act.reason is None else expected.act.reason.value
        parts = []
        if (self.outcome, self.reason) != (expected.outcome, reason):
            parts.append(f"was {_describe(self.outcome, self.reason)}, not {_describe(expected.outcome, reason)}")
        if self.passed != expected.passes:
            parts.append("went through" if self.passed else "did not go through")
        if self.outcome == "admitted" and self.ms_to_open is None:
            parts.append("the turnstile was not opened")
        if self.note:
            parts.append(self.note)
        return f"person {expected.number} ({expected.act.shows}): {'; '.join(parts)}" if parts else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Figures that are known only at the end."""

    opened: int  # times that the arm was freed
    strange_bytes: int  # on the serial line
    journal_ok: bool
    journal_output: str
    stopped_well: bool  # the gate obeyed SIGTERM
    decision_ms: Sequence[float]  # the gate's own measure: from the frame to the committed answer
    frames: int = 0  # that the camera took
    late: int = 0  # of these, those that came later than the next one was due

    @property
    def busy(self) -> bool:
        """Return whether this machine was too busy for the pictures of a camera."""
        return self.late > BUSY * self.frames


@dataclass(frozen=True, slots=True)
class Report:
    expected_people: int  # people who were to come
    seen: Sequence[Seen]
    ending: Ending
    endless: bool = False  # runs until it is stopped: fewer people than cast are expected

    @property
    def admitted(self) -> int:
        return sum(1 for one in self.seen if one.outcome == "admitted")

    def refused(self) -> dict[str, int]:
        """Return refusals by reason, the most frequent first."""
        counts = Counter(str(one.reason) for one in self.seen if one.outcome == "refused")
        return dict(counts.most_common())

    def mismatches(self) -> list[str]:
        """Return a line for every deviation."""
        lines = [line for one in self.seen if (line := one.mismatch())]
        ending = self.ending
        if len(self.seen) < self.expected_people and not self.endless:
            lines.append(f"stopped after {len(self.seen)} of {self.expected_people} people")
        interrupted = len(self.seen) < self.expected_people  # perhaps between the opening and the end of a visit
        disturbed = sum(1 for one in self.seen if one.disturbed)
        if not self.admitted - disturbed <= ending.opened <= self.admitted + interrupted + disturbed:
            lines.append(f"the turnstile was opened {ending.opened} times for {self.admitted} admitted people")
        if ending.strange_bytes:
            lines.append(f"{ending.strange_bytes} bytes on the serial line belong to no frame")
        if not ending.journal_ok:
            output = ending.journal_output.splitlines() or ["no answer"]
            lines.append(f"the journal does not verify: {output[-1]}")
        if not ending.stopped_well:
            lines.append("the gate did not stop properly on SIGTERM")
        return lines

    @property
    def excused(self) -> bool:
        """Return whether all that deviates is what a machine that is too busy does to people: they are seen late, or
        not at all, and nobody is let in who should not be."""
        lines = [one.mismatch() for one in self.seen if one.mismatch() and not one.is_late()]
        rest = [line for line in self.mismatches() if line not in {one.mismatch() for one in self.seen}]
        return self.ending.busy and not lines and not rest

    def summary(self) -> dict[str, object]:
        return {
            "people": len(self.seen),
            "admitted": self.admitted,
            "refused": self.refused(),
            "ignored": sum(1 for one in self.seen if one.outcome == "ignored"),
            "passed": sum(1 for one in self.seen if one.passed),
            "opened": self.ending.opened,
            "journal_ok": self.ending.journal_ok,
            "expected_ok": not self.mismatches(),
            "ms_to_open": _spread([one.ms_to_open for one in self.seen if one.ms_to_open is not None]),
            "frames": self.ending.frames,
            "late_frames": self.ending.late,
            "busy": self.ending.busy,
            "decision_ms": _spread(self.ending.decision_ms),
        }


def _describe(outcome: str, reason: str | None) -> str:
    return f"{outcome} ({reason})" if reason and reason != outcome else outcome


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": round(median(values), 1), "max": round(max(values), 1)}
