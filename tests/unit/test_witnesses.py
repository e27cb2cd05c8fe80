"""What several passes say of the time."""

from hypothesis import given
from hypothesis import strategies as st

from gate.core.witnesses import MOST, WITNESSES, Witnesses


def test_it_takes_three_holders() -> None:
    witnesses = Witnesses()
    assert [witnesses.add(1, 100 + number) for number in range(5)] == [None] * 5
    assert witnesses.add(2, 50) is None
    assert witnesses.add(3, 90) == 50
    assert witnesses.add(4, 80) == 80
    witnesses.clear()
    assert witnesses.add(5, 80) is None


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2**40)), max_size=300))
def test_what_it_says_is_surpassed_by_as_many_holders(heard: list[tuple[int, int]]) -> None:
    witnesses, latest = Witnesses(), dict[int, int]()
    for idx, issued_at in heard:
        agreed = witnesses.add(idx, issued_at)
        latest[idx] = max(issued_at, latest.get(idx, 0))
        if agreed is not None:
            assert sum(time >= agreed for time in latest.values()) >= WITNESSES
        assert len(witnesses._issued) <= MOST
