"""A lane's counts since it started."""

from dataclasses import replace
from functools import reduce

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import Decided, Event, GrantEnded, PhaseChanged
from gate.core.reason import Reason
from gate.core.tally import LATENCIES, Tally

ADMITTED = Decided(0.0, "reader[0]", Direction.ENTRY, Reason.ADMITTED, True, True, Mode.ENFORCE, 3.0)
REFUSED = replace(ADMITTED, reason=Reason.NOT_LISTED, admitted=False, let_through=False)
PILOT = replace(REFUSED, let_through=True, mode=Mode.PILOT)


def counted(*events: Event) -> Tally:
    return reduce(Tally.counting, events, Tally())


def test_decisions_are_counted_by_reason_and_by_what_became_of_them() -> None:
    tally = counted(ADMITTED, REFUSED, ADMITTED, PILOT, ADMITTED)
    assert tally.decisions == {Reason.ADMITTED: 3, Reason.NOT_LISTED: 2}
    assert (tally.decided, tally.admitted, tally.let_through) == (5, 3, 4)


def test_grants_are_counted_by_how_they_ended_and_nothing_else_is() -> None:
    tally = counted(*(GrantEnded(0.0, passed) for passed in (Passed.PASSED, Passed.UNKNOWN, Passed.PASSED)))
    assert tally.passages == {Passed.PASSED: 2, Passed.UNKNOWN: 1}
    assert tally.counting(PhaseChanged(0.0, Phase.READY)) == tally


def test_a_latency_is_in_the_first_bucket_that_it_fits() -> None:
    for place, bound in enumerate(LATENCIES):
        for seconds, bucket in ((bound, place), (bound + 0.001, place + 1)):
            tally = counted(replace(ADMITTED, ms=seconds * 1000))
            assert tally.latencies == tuple(int(each == bucket) for each in range(len(LATENCIES) + 1))
            assert tally.latency_sum == seconds
    both = counted(ADMITTED, REFUSED)
    assert (both.latencies[0], sum(both.latencies), both.latency_sum) == (2, 2, 0.006)
