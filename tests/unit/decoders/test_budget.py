"""The processor time of a frame: learned costs, parts that have to wait, and symbols that failed."""

from collections.abc import Iterator

import numpy as np
import pytest

from drivers.decoders import live
from drivers.decoders.budget import FASTEST, MOST, PART, SHARE, FrameBudget
from drivers.decoders.live import LiveReader
from drivers.decoders.live_state import LiveFrame, LiveStep, Subject
from drivers.decoders.runner import Cost
from drivers.decoders.symbols import NOTHING, ReadResult, Symbol
from drivers.decoders.tracking import Attempts, Tracker
from tests.unit.decoders.qr_pictures import noisy, on_a_wall, square, text_of

UNREAD = on_a_wall(np.full((300, 300), 130, np.uint8))


class Processor:
    """A clock that only work moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def budget(clock: Processor, share: float = 1.0, period: float = 0.01) -> FrameBudget:
    """Of a device whose thread gets this share of a core."""
    made = FrameBudget(period, clock, lambda: clock.now / share)
    made._slowness = 1.0  # the clock stood still while it was measured
    return made


def slow_step(clock: Processor, ran: list[int], parts: int = 5, each: float = 0.003) -> LiveStep:
    def run(frame: LiveFrame) -> Iterator[ReadResult]:
        begun = frame.memory.frames
        for number in range(parts):
            clock.now += each
            ran.append(frame.memory.frames)
            done = number == parts - 1 and begun > 1
            yield ReadResult(("LATE",), "slow") if done else NOTHING

    return LiveStep("slow", Cost(1000 * each, 0), 1.0, lambda _: True, run, lambda _: 1.0, Subject.PICTURE)


def test_a_step_that_has_no_time_goes_on_in_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, ran = Processor(), list[int]()
    monkeypatch.setattr(live, "STEPS", (slow_step(clock, ran),))
    reader = LiveReader(budget=budget(clock))
    texts = []
    for _ in range(6):
        before = clock.now
        texts.append(reader.read(UNREAD).texts)
        assert clock.now - before <= 0.01 * SHARE
    assert ran[:6] == [1, 1, 2, 2, 3, 3]
    assert ("LATE",) in texts


def test_a_slower_device_has_more_seconds_but_no_more_than_a_frame_lasts() -> None:
    clock = Processor()
    there = budget(clock, period=1.0)
    there.begin()
    assert there.seconds == MOST
    there._slowness = 5.0
    there.begin()
    assert there.seconds == pytest.approx(5 * MOST)
    slow = budget(clock, period=0.066)
    slow._slowness = 50.0
    slow.begin()
    assert slow.seconds == pytest.approx(0.066 * SHARE)


def test_a_thread_that_gets_a_fifth_of_a_core_has_a_fifth_of_the_time() -> None:
    clock = Processor()
    there = budget(clock, share=0.2)
    for _ in range(100):
        there.begin()
        clock.now += 0.005
        there.end()
    there.begin()
    assert there.seconds == pytest.approx(0.2 * 0.01 * SHARE, rel=0.01)


def test_what_a_part_takes_is_learned_by_its_size() -> None:
    there = budget(Processor())
    cost = Cost(4.0, 4.0)
    there.learn("a", 1000, 0.009)
    assert there.expected("a", 1010, cost) == pytest.approx(0.009)
    assert there.expected("a", 8000, cost) == pytest.approx(8 * 0.009)  # of a size that is new: in proportion
    assert there.expected("b", 1000, cost) == pytest.approx(PART / 1000)
    for _ in range(80):
        there.learn("a", 1000, 0.002)
    assert there.expected("a", 1000, cost) == pytest.approx(0.002, rel=0.1)


def test_a_clock_that_stands_still_is_a_fast_device() -> None:
    assert FrameBudget(clock=lambda: 0.0)._slowness == FASTEST


def test_a_step_that_failed_waits_until_the_symbol_looks_different() -> None:
    grey = on_a_wall(square(text_of(1), 4))
    corners = np.array([(166, 106), (350, 106), (350, 290), (166, 290)], np.float32)
    tracker = Tracker()

    def seen(frame: int, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], moved: int = 0) -> Attempts:
        tracker.see([Symbol(corners + moved, 45)], picture, frame)
        [one] = tracker.in_view(frame)
        return one.attempts

    attempts = seen(1, grey)
    for _ in range(3):
        attempts.fail("soft")
    assert attempts.chance("soft") == pytest.approx(1 / 8)
    assert seen(2, noisy(grey, 1)) is attempts
    assert attempts.chance("soft") < 0.2
    assert seen(3, np.asarray(grey * 0.7, np.uint8), 2) is attempts
    assert attempts.chance("soft") > 0.5
    assert tracker.is_missing(4)


@pytest.mark.parametrize(("text", "ends"), [(text_of(1, 40), True), ("https://example.org/menu", False)])
def test_a_pass_that_was_read_ends_the_search_and_another_text_does_not(text: str, ends: bool) -> None:
    unread = square(text_of(2), 3)
    unread[40:140, 36:130] = np.random.default_rng(1).integers(0, 2, (100, 94)) * 255
    picture = on_a_wall(square(text, 3), left=10)
    picture[90 : 90 + len(unread), 380 : 380 + len(unread)] = unread
    steps: list[str] = []
    reader = LiveReader(lambda name, *_: steps.append(name), FrameBudget(clock=lambda: 0.0))
    assert reader.read(noisy(picture, 1)).texts == (text,)
    assert (steps == ["first look"]) is ends
