"""The runner of reading steps, and the tables that it runs."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from drivers.decoders import live_steps, still, still_regions
from drivers.decoders.failures import failures
from drivers.decoders.live_state import LiveStep
from drivers.decoders.runner import Cost, ReadStep, run_steps
from drivers.decoders.symbols import NOTHING, ReadResult

FREE = Cost(0, 0)


class Page:
    """A picture on which steps leave their marks."""

    def __init__(self, most: int = 99) -> None:
        self.texts: list[str] = []
        self._most = most

    @property
    def done(self) -> bool:
        return len(self.texts) >= self._most

    def add(self, result: ReadResult) -> None:
        self.texts += result.texts


def step(name: str, *, results: int = 1, last: bool = False, most: int = 99) -> ReadStep[Page]:
    """A step that reads its name so many times, and applies until `most` texts were read."""

    def run(_: Page) -> Iterator[ReadResult]:
        for number in range(results):
            yield ReadResult((f"{name}{number}",), name)

    return ReadStep(name, FREE, lambda page: len(page.texts) < most, run, last)


def ran(*steps: ReadStep[Page], most: int = 99) -> list[str]:
    page = Page(most)
    assert [text for result in run_steps(steps, page) for text in result.texts] == page.texts
    return page.texts


def test_rows_run_in_order_where_they_apply() -> None:
    assert ran(step("a"), step("b", most=1), step("c", results=2)) == ["a0", "c0", "c1"]


def test_a_row_ends_when_it_no_longer_applies_or_all_is_done() -> None:
    assert ran(step("a", results=9, most=2), step("b")) == ["a0", "a1", "b0"]
    assert ran(step("a", results=9), step("b"), most=3) == ["a0", "a1", "a2"]


def test_nothing_follows_a_last_row_that_ran() -> None:
    assert ran(step("a", last=True, most=0), step("b", last=True), step("c")) == ["b0"]


def test_an_exception_ends_its_row_alone() -> None:
    def run(_: Page) -> Iterator[ReadResult]:
        yield ReadResult(("before",), "odd")
        raise ValueError("103 is not a valid ZBarOrientation")

    def fail(_: Page) -> Iterator[ReadResult]:
        raise RuntimeError

    before = failures.copy()
    rows = (ReadStep("odd", FREE, lambda _: True, run), ReadStep("none", FREE, lambda _: True, fail), step("after"))
    assert ran(*rows) == ["before", "after0"]
    assert failures - before == {"odd ValueError": 1, "none RuntimeError": 1}


def test_each_row_is_observed_and_those_within_it_before_it() -> None:
    seen: list[tuple[str, Sequence[str]]] = []

    def observe(name: str, ms: float, texts: Sequence[str]) -> None:
        assert ms >= 0
        seen.append((name, texts))

    def run(_: Page) -> Iterator[ReadResult]:
        yield from run_steps((step("within", results=3),), Page(), observe)

    page = Page(most=2)
    outer = ReadStep("outer", FREE, lambda _: True, run)
    none: ReadStep[Page] = ReadStep("none", FREE, lambda _: True, lambda _: [NOTHING])
    for _ in run_steps((none, outer, step("never")), page, observe):
        pass
    assert seen == [("none", ()), ("within", ("within0", "within1")), ("outer", ("within0", "within1"))]


@pytest.mark.parametrize("table", [still.STEPS, still_regions.REGION_STEPS, live_steps.STEPS])
def test_every_row_has_a_name_of_its_own_and_a_price(table: Sequence[ReadStep[Any] | LiveStep]) -> None:
    names = [row.name for row in table]
    assert len(set(names)) == len(names)
    for row in table:
        assert row.cost.p480 > 0, row.name
        assert row.cost.p720 > 0, row.name
