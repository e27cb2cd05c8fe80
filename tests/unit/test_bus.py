"""The bus: a watcher that is slow loses events, and never ends up with a wrong state or a wrong count."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import CodeSeen, Decided, DeviceChanged, Event, GrantEnded, PhaseChanged
from gate.core.reason import Reason
from gate.core.tally import LATENCIES, Tally
from gate.runtime.bus import QUEUE_LENGTH, Bus, Item, Watch

EVENTS = st.one_of(
    st.builds(CodeSeen, st.just(0.0), st.just("reader[0]")),
    st.builds(PhaseChanged, st.just(0.0), st.sampled_from(Phase)),
    st.builds(GrantEnded, st.just(0.0), st.sampled_from(Passed)),
    st.builds(DeviceChanged, st.just(0.0), st.sampled_from(["a", "b", "c"]), st.just("d"), st.sampled_from(["", "x"])),
    st.builds(
        Decided,
        *(st.just(0.0), st.just("reader[0]"), st.just(Direction.ENTRY), st.sampled_from(Reason)),
        *(st.booleans(), st.booleans(), st.just(Mode.ENFORCE), st.floats(0, 5000)),
    ),
)


class Follower:
    """What a watcher knows from what it got."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.phase: Phase | None = None
        self.problems: dict[str, str] = {}

    def take(self, items: Sequence[Item]) -> None:
        for item in items:
            match item:
                case Tally():
                    self.tally = item
                case PhaseChanged():
                    self.phase = item.phase
                case DeviceChanged():
                    self.problems[item.device] = item.problem
            if not isinstance(item, Tally):
                self.tally = self.tally.counting(item)


async def drain(watch: Watch) -> list[Item]:
    items: list[Item] = []
    while True:
        try:
            async with asyncio.timeout(0):
                items.append(await watch.next())
        except TimeoutError:
            return items


@given(st.lists(EVENTS, max_size=20), st.lists(st.tuples(EVENTS, st.integers(1, QUEUE_LENGTH * 3)), max_size=12))
def test_whatever_was_lost_the_end_is_right(before: list[Event], rounds: list[tuple[Event, int]]) -> None:
    bus, truth, follower = Bus(), Follower(), Follower()

    async def scenario() -> None:
        with bus.watch() as watch:
            for event, times in rounds:
                for _ in range(times):
                    bus.publish(event)
                    truth.take([event])
                if times % 2:
                    follower.take(await drain(watch))
            follower.take(await drain(watch))

    for event in before:
        bus.publish(event)
        truth.take([event])
    asyncio.run(scenario())
    assert (follower.tally, follower.phase, follower.problems) == (truth.tally, truth.phase, truth.problems)


def test_a_watcher_that_takes_nothing_costs_a_bounded_queue() -> None:
    bus = Bus()
    for number in range(500):  # standing states beyond the queue's length are told all the same
        bus.publish(DeviceChanged(0.0, f"input[{number}]", "gpio", ""))
    with bus.watch() as watch:
        for _ in range(10_000):
            bus.publish(CodeSeen(0.0, "reader[0]"))
        items = asyncio.run(drain(watch))
    assert len(items) <= 2 * 501 + 501
    assert {item.device for item in items if isinstance(item, DeviceChanged)} == {f"input[{n}]" for n in range(500)}


def test_a_lane_that_is_gone_before_is_not_counted_on() -> None:
    bus = Bus()
    bus.publish(GrantEnded(0.0, Passed.PASSED))
    bus.recount(Tally(admitted=7))
    with bus.watch() as watch:
        assert asyncio.run(drain(watch)) == [Tally(admitted=7)]


def test_a_tally_counts_as_prometheus_does() -> None:
    tally = Tally()
    for seconds in (0.0, LATENCIES[0], LATENCIES[0] * 1.01, LATENCIES[-1], 100.0):
        decided = Decided(0.0, "r", Direction.ENTRY, Reason.ADMITTED, True, True, Mode.ENFORCE, seconds * 1000)
        tally = tally.counting(decided)
    assert (tally.latencies[0], tally.latencies[1], tally.latencies[-2], tally.latencies[-1]) == (2, 1, 1, 1)
    assert (tally.decided, tally.admitted, tally.let_through) == (5, 5, 5)
