"""In which order mirrors are asked after some of them failed."""

from hypothesis import given
from hypothesis import strategies as st

from gate.sync.mirror_order import BACK, BACK_MOST, MirrorOrder

MIRRORS = ["a", "b", "c"]


def test_one_that_failed_comes_last_for_an_hour_and_then_in_its_place() -> None:
    order = MirrorOrder(MIRRORS)
    order.failed("a", 0.0)
    assert order.at(1.0) == ["b", "c", "a"]
    assert order.at(BACK - 1) == ["b", "c", "a"]
    assert order.at(BACK + 1) == MIRRORS


def test_it_waits_longer_each_time_and_not_for_ever() -> None:
    order = MirrorOrder(MIRRORS)
    now = 0.0
    for _ in range(30):
        order.failed("a", now)
        assert order.at(now + BACK_MOST + 1) == MIRRORS
        now += 1
    assert order.at(now + BACK_MOST - 100) == ["b", "c", "a"]


def test_one_that_worked_is_as_good_as_before() -> None:
    order = MirrorOrder(MIRRORS)
    order.failed("a", 0.0)
    order.worked("a")
    assert order.at(1.0) == MIRRORS


def test_when_all_failed_the_next_one_begins() -> None:
    order = MirrorOrder(MIRRORS)
    for number, mirror in enumerate(MIRRORS):
        order.failed(mirror, float(number))
    assert order.at(10.0) == MIRRORS
    order.failed("a", 10.0)
    assert order.at(11.0) == ["b", "c", "a"]


@given(st.lists(st.tuples(st.sampled_from(MIRRORS), st.booleans(), st.floats(0, 1e5))))
def test_each_is_asked_once_whatever_happened(events: list[tuple[str, bool, float]]) -> None:
    order, now = MirrorOrder(MIRRORS), 0.0
    for mirror, good, later in events:
        now += later
        if good:
            order.worked(mirror)
        else:
            order.failed(mirror, now)
        assert sorted(order.at(now)) == MIRRORS
