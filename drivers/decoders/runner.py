"""The runner of a table of reading steps: it runs them in order and reports the cost of each.

`still` and `live` are such tables.  A row runs while its condition holds, which is tested before each result.  A row
also ends once something was read or the time is over, whatever its condition.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from drivers.decoders.failures import count_failure
from drivers.decoders.symbols import ReadResult, unique


class ReadState(Protocol):
    """A picture that is being read, and its results so far."""

    @property
    def done(self) -> bool:
        """Return whether no further step may run."""

    def add(self, result: ReadResult) -> None:
        """Add the texts that a step read and the symbols that it located."""


State = TypeVar("State", bound=ReadState)


@dataclass(frozen=True, slots=True)
class Cost:
    """Mean processor time of one run, in ms of one thread, on pictures that get as far as this step.

    Measured by `scripts/bench read --steps` at two sizes of picture, on x86; a figure for choosing an order, not a
    bound."""

    p480: float
    p720: float


@dataclass(frozen=True, slots=True)
class ReadStep(Generic[State]):
    """One row of a table."""

    name: str
    cost: Cost
    applies: Callable[[State], bool]
    run: Callable[[State], Iterable[ReadResult]]
    last: bool = False  # no row after this one runs once it has run


Observer = Callable[[str, float, Sequence[str]], None]
"""Takes a step's name, the ms of this thread that it took, and the texts that it read.  Steps within a step come
first."""


def run_steps(steps: Sequence[ReadStep[State]], state: State, observe: Observer | None = None) -> Iterator[ReadResult]:
    """Run the rows that apply, and yield their results once `state` has taken them over.

    An exception of a row is counted as a failure, and ends that row only."""
    for step in steps:
        if step.applies(state):  # tested first: `done` may read a clock
            if state.done:
                return
            try:
                for result in _observed(step, state, observe) if observe else step.run(state):
                    state.add(result)
                    yield result
                    if not step.applies(state) or state.done:
                        break
            except Exception as error:  # noqa: BLE001 - libraries name no types
                count_failure(step.name, error)
            if step.last:
                return


def _observed(step: ReadStep[State], state: State, observe: Observer) -> Iterator[ReadResult]:
    results: Iterator[ReadResult] | None = None
    spent = 0.0
    texts: list[str] = []
    try:
        while True:
            start = time.thread_time()
            try:
                results = results or iter(step.run(state))
                result = next(results, None)
            finally:
                spent += time.thread_time() - start
            if result is None:
                return
            texts += result.texts
            yield result
    finally:
        del results  # so that steps within this one are observed first
        observe(step.name, 1000 * spent, unique(texts))
