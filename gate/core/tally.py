"""Counts of a lane's events since it started.  Pure.

The lane counts, so that a page process that starts again, or missed an event, continues from the lane's counts and
not from zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gate.core.lane.effects import Passed
from gate.core.outlet_events import Decided, Event, GrantEnded
from gate.core.reason import Reason

LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency buckets in seconds.  0.5 is the limit from code to answer that the README
promises."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts.  `latencies[i]` counts decisions within LATENCIES[i] and above the bound before; the last one,
    all above."""

    decisions: Mapping[Reason, int] = field(default_factory=dict)
    admitted: int = 0
    let_through: int = 0
    passages: Mapping[Passed, int] = field(default_factory=dict)
    latencies: tuple[int, ...] = (0,) * (len(LATENCIES) + 1)
    latency_sum: float = 0.0  # seconds

    @property
    def decided(self) -> int:
        return sum(self.decisions.values())

    def counting(self, event: Event) -> "Tally":
        """Return the tally with this event counted."""
        match event:
            case Decided():
                seconds = event.ms / 1000
                bucket = sum(seconds > bound for bound in LATENCIES)
                counts = (*self.latencies[:bucket], self.latencies[bucket] + 1, *self.latencies[bucket + 1 :])
                return replace(
                    self,
                    decisions={**self.decisions, event.reason: self.decisions.get(event.reason, 0) + 1},
                    admitted=self.admitted + event.admitted,
                    let_through=self.let_through + event.let_through,
                    latencies=counts,
                    latency_sum=self.latency_sum + seconds,
                )
            case GrantEnded():
                passages = {**self.passages, event.passed: self.passages.get(event.passed, 0) + 1}
                return replace(self, passages=passages)
            case _:
                return self
