"""Timing by turns: a task is always compared with another that ran just before and just after it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median, quantiles
from time import perf_counter_ns
from typing import TypeVar

Task = Callable[[], object]
Result = TypeVar("Result")


class Series:
    """Nanoseconds of single calls, by the round in which they were made."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []

    def run(self, task: Task, calls: int) -> None:
        """Run one round: `calls` in a row, so that all but the first find the caches as they left them."""
        times = []
        for _ in range(calls):
            start = perf_counter_ns()
            task()
            times.append(perf_counter_ns() - start)
        self.rounds.append(times)

    def percentile(self, percent: int) -> float:
        """Return a percentile in nanoseconds."""
        return quantiles([time for times in self.rounds for time in times], n=100, method="inclusive")[percent - 1]

    def ratio(self, base: "Series") -> float:
        """Return the median over the rounds of this time over that of `base` in the same round."""
        pairs = zip(self.rounds, base.rounds, strict=True)
        return median(median(mine) / median(its) for mine, its in pairs)


def by_turns(tasks: Mapping[str, Task], *, rounds: int, calls: int) -> dict[str, Series]:
    """Run every task in every round; each second round goes backwards, so that no task always follows the same one."""
    series = {name: Series() for name in tasks}
    for task in tasks.values():
        task()
    for number in range(rounds):
        for name in list(tasks)[:: 1 if number % 2 else -1]:
            series[name].run(tasks[name], calls)
    return series


def in_fresh_processes(times: int, task: Callable[[], Result]) -> list[Result]:
    """Return the results of `task`, a function of a module, in `times` processes, one after the other.

    The loader's choice of places for stack and code changes the time of one signature check by up to a tenth.  It holds
    for the whole life of a process: no number of rounds averages that out."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        return [pool.submit(task).result() for _ in range(times)]
