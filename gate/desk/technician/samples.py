"""A ring of samples of the last week, one for every five minutes, for charts.  Pure, but for `SampleFile`.

The lane counts; here its counts are subtracted from those before.  A lane that starts again begins at zero.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gate.core.reason import ADMITTING, Reason
from gate.core.tally import LATENCIES
from gate.desk.technician.machine import MachineState
from gate.store.durable import write_whole

SPAN = 300.0  # seconds of a sample
MOST = 2016  # samples: a week
SAVE_EVERY = 6  # samples between two writes: a card takes 120 KiB in half an hour
_LARGEST = 1 << 21  # bytes of the file

FAULTS = frozenset(
    {
        Reason.LIST_MISSING,
        Reason.LIST_EXPIRED,
        Reason.LIST_RESTRICTED,
        Reason.CLOCK_BEHIND,
        Reason.CLOCK_UNTRUSTED,
        Reason.RULES_MISSING,
        Reason.STORAGE_FAILED,
        Reason.DEVICE_FAILED,
    }
)
"""Refusals for which the person can do nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Five minutes.  None: not known."""

    at: float  # Unix s of its end
    admitted: int
    refused: int  # for something about the person or the pass
    faults: int  # refused for the gate's own lack
    p50_ms: float | None  # from the frame to the decision
    p95_ms: float | None
    read: float | None  # share of the frames with a code in which it was read
    cpu: float | None  # share
    memory: float | None
    temperature: float | None  # °C
    served: float | None  # share of the looks at which the lane could read and open


@dataclass(slots=True)
class _Span:
    begin: float
    counts: Mapping[str, Any] | None  # of the lane, at its begin
    machine: MachineState
    looks: int = 0
    serving: int = 0
    read: list[float] = field(default_factory=list)


class Samples:
    """The ring of one desk."""

    def __init__(self, kept: Sequence[Sample] = ()) -> None:
        self.ring: deque[Sample] = deque(kept, maxlen=MOST)
        self._span: _Span | None = None

    def look(self, now: float, status: Mapping[str, Any] | None, machine: MachineState) -> bool:
        """Take the lane's status, None while it does not answer; return whether a sample was completed.  `now`: Unix
        s."""
        counts = status.get("counts") if status else None
        if self._span is None or not 0 <= now - self._span.begin < 2 * SPAN:  # the clock was set
            self._span = _Span(now, counts, machine)
        span = self._span
        span.looks += 1
        span.serving += bool(status and not status.get("cannot") and status.get("phase") != "out_of_service")
        for reading in (status or {}).get("reading", {}).values():
            if seen := reading["read"] + reading["unread"]:
                span.read.append(reading["read"] / seen)
        if now - span.begin < SPAN:
            return False
        self.ring.append(_sample(now, span, counts, machine))
        self._span = _Span(now, counts, machine)
        return True


def _sample(now: float, span: _Span, counts: Mapping[str, Any] | None, machine: MachineState) -> Sample:
    decided = _since(counts, span.counts, "decisions")
    admitted = sum(decided.get(reason.value, 0) for reason in ADMITTING)
    faults = sum(decided.get(reason.value, 0) for reason in FAULTS)
    buckets = _buckets(counts, span.counts)
    busy, idle = machine.busy_s - span.machine.busy_s, machine.idle_s - span.machine.idle_s
    return Sample(
        at=round(now),
        admitted=admitted,
        refused=sum(decided.values()) - admitted - faults,
        faults=faults,
        p50_ms=quantile_ms(buckets, 0.5),
        p95_ms=quantile_ms(buckets, 0.95),
        read=round(sum(span.read) / len(span.read), 3) if span.read else None,
        cpu=round(busy / (busy + idle), 3) if busy >= 0 and busy + idle > 0 else None,
        memory=machine.memory,
        temperature=machine.temperature,
        served=round(span.serving / span.looks, 3) if span.looks else None,
    )


def _since(now: Mapping[str, Any] | None, before: Mapping[str, Any] | None, name: str) -> dict[str, int]:
    """Return the counts since `before`; where one is smaller than it was, the lane has started again."""
    new = dict((now or {}).get(name, {}))
    old = dict((before or {}).get(name, {}))
    if before is None or any(new.get(key, 0) < count for key, count in old.items()):
        return new if before is not None else {}
    return {key: count - old.get(key, 0) for key, count in new.items()}


def _buckets(now: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> list[int]:
    new, old = list((now or {}).get("latencies", ())), list((before or {}).get("latencies", ()))
    if before is None or len(new) != len(LATENCIES) + 1:
        return []
    if len(old) != len(new) or any(one < other for one, other in zip(new, old, strict=True)):
        return new
    return [one - other for one, other in zip(new, old, strict=True)]


def quantile_ms(buckets: Sequence[int], share: float) -> float | None:
    """Return a quantile of a histogram over LATENCIES, in ms, by linear interpolation within its bucket; the last
    bucket counts as its lower bound.  None without decisions."""
    total, below = sum(buckets), 0
    if not total:
        return None
    for place, count in enumerate(buckets):
        if count and below + count >= share * total:
            low = LATENCIES[place - 1] if place else 0.0
            high = LATENCIES[place] if place < len(LATENCIES) else low
            return round((low + (high - low) * (share * total - below) / count) * 1000, 1)
        below += count
    return None


def merged(samples: Sequence[Sample], many: int) -> list[Sample]:
    """Return each `many` samples as one: counts are added, shares and times averaged, p95 is the worst."""
    return [_merge(samples[place : place + many]) for place in range(0, len(samples), many)]


def _merge(group: Sequence[Sample]) -> Sample:
    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return round(sum(known) / len(known), 3) if known else None

    return Sample(
        at=group[-1].at,
        admitted=sum(one.admitted for one in group),
        refused=sum(one.refused for one in group),
        faults=sum(one.faults for one in group),
        p50_ms=mean([one.p50_ms for one in group]),
        p95_ms=max((one.p95_ms for one in group if one.p95_ms is not None), default=None),
        read=mean([one.read for one in group]),
        cpu=mean([one.cpu for one in group]),
        memory=mean([one.memory for one in group]),
        temperature=max((one.temperature for one in group if one.temperature is not None), default=None),
        served=mean([one.served for one in group]),
    )


class SampleFile:
    """The ring on disk.  A damaged file, or one that cannot be written, costs charts and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "samples.json"

    def load(self) -> list[Sample]:
        with suppress(OSError, ValueError, TypeError, RecursionError), self._file.open("rb") as opened:
            return [Sample(**kept) for kept in json.loads(opened.read(_LARGEST))][-MOST:]
        return []

    def save(self, samples: Sequence[Sample]) -> None:
        """Write the file whole.  Blocks.  Raises OSError."""
        write_whole(self._file, json.dumps([asdict(one) for one in samples]).encode(), 0o600)
