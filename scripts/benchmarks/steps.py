"""`scripts/bench read --steps`: recall and cost of each row of the two tables of reading steps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean, median, quantiles

import click
import cv2
import numpy as np
from collection import Case
from rendering import SIZES, Grey
from rich import box
from rich.console import Console
from rich.table import Table

from drivers.decoders import live, live_steps, still, still_regions
from drivers.decoders.live import LiveReader
from drivers.decoders.runner import Cost
from drivers.decoders.still import read_still

FRAMES = 13  # of a picture that is held before a camera
SHAKEN = 1.5  # pixels that the hand moves between two frames, across and down
NOISE = 2.0  # sigma of a sensor's noise in each frame, of 255
SMALLER = 0.5  # of a size's pixels: a picture with fewer is not measured at that size

WIDTH = 96  # characters: narrower, the names would be cut

COSTS: dict[str, dict[str, Cost]] = {
    "still": {step.name: step.cost for step in still.STEPS}
    | {step.name: step.cost for step in still_regions.REGION_STEPS},
    "live": {live.FIRST_LOOK: live.LOOK}
    | {step.name: step.cost for step in (live_steps.ADD, *live_steps.STEPS, live_steps.OTHERS)},
}
"""The tables, in their order."""


@dataclass(slots=True)
class Runs:
    """The runs of one row at one size of picture."""

    ms: list[float] = field(default_factory=list)  # of each run
    first: int = 0  # texts that no row read before this one in the same picture


@dataclass(frozen=True, slots=True)
class Priced:
    """One row of the report; ms are those of one thread."""

    table: str
    step: str
    size: int  # lines of the picture
    runs: int  # pictures, or frames
    first: int
    mean: float
    median: float
    p95: float
    stated: float  # the cost in the table

    def as_json(self) -> dict[str, object]:
        row = {"set": f"steps, {self.table}, {self.size}p", "reader": self.step, "n": self.runs, "first": self.first}
        figures = {"ms_mean": self.mean, "ms_median": self.median, "ms_p95": self.p95, "ms_stated": self.stated}
        return row | {name: round(value, 3) for name, value in figures.items()}


class Prices:
    """Measurement of both tables: it keeps what each row reads and costs."""

    def __init__(self) -> None:
        self._runs = {
            (table, step, height): Runs() for table, costs in COSTS.items() for step in costs for height, _ in SIZES
        }

    def add(self, case: Case, number: int) -> None:
        for height, width in SIZES:
            picture = fit(case.picture, (height, width))
            if picture is not None:
                read_still(picture, self._observer("still", height))
                reader = LiveReader(self._observer("live", height))
                for frame in hold(picture, number):
                    reader.read(frame)

    def _observer(self, table: str, height: int) -> Callable[[str, float, Sequence[str]], None]:
        seen: set[str] = set()

        def observe(step: str, ms: float, texts: Sequence[str]) -> None:
            runs = self._runs[table, step, height]
            runs.ms.append(ms)
            runs.first += len(set(texts) - seen)
            seen.update(texts)

        return observe

    def rows(self) -> list[Priced]:
        return [
            Priced(table, step, height, len(runs.ms), runs.first, *_figures(runs.ms), _stated(table, step, height))
            for (table, step, height), runs in self._runs.items()
            if runs.ms
        ]


def priced(cases: Iterable[Case]) -> list[Priced]:
    """Price every row on these pictures, at both sizes."""
    Prices().add(Case("", np.full((480, 640), 200, np.uint8), None), 0)  # loads what the first call loads
    prices = Prices()
    for number, case in enumerate(cases):
        prices.add(case, number)
    return prices.rows()


def fit(picture: Grey, view: tuple[int, int]) -> Grey | None:
    """Shrink the picture until it fits into `view`; return None for one that is too small for a meaningful figure."""
    factor = min(view[0] / picture.shape[0], view[1] / picture.shape[1])
    if picture.size < SMALLER * view[0] * view[1]:
        return None
    if factor >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def hold(picture: Grey, number: int) -> Iterator[Grey]:
    """Yield a camera's frames of it."""
    dice = np.random.default_rng([number, 3])
    noise = dice.normal(0, NOISE, picture.shape).astype(np.float32)  # rolled in each frame: drawing it takes longest
    for _ in range(FRAMES):
        across, down = dice.uniform(-SHAKEN, SHAKEN, 2).tolist()
        way = np.array([(1, 0, across), (0, 1, down)], np.float32)
        moved = cv2.warpAffine(picture, way, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        rolled = np.roll(noise, dice.integers(0, 1000, 2), axis=(0, 1))
        yield (moved + rolled).clip(0, 255).astype(np.uint8)


def _figures(ms: list[float]) -> tuple[float, float, float]:
    p95 = quantiles(ms, n=20, method="inclusive")[-1] if len(ms) > 1 else ms[0]
    return mean(ms), median(ms), p95


def _stated(table: str, step: str, height: int) -> float:
    cost = COSTS[table][step]
    return cost.p480 if height == SIZES[0][0] else cost.p720


def show(rows: Sequence[Priced]) -> None:
    for name in COSTS:
        table = Table(title=f"Steps of a {name} reading, in their order", title_justify="left", box=box.SIMPLE)
        for column in ("Step", "Lines", "Tried", "First", "Median", "p95", "Mean", "Stated"):
            table.add_column(column, justify="left" if column == "Step" else "right", no_wrap=True)
        for row in rows:
            if row.table == name:
                figures = (f"{value:.2f}" for value in (row.median, row.p95, row.mean, row.stated))
                table.add_row(row.step, str(row.size), str(row.runs), str(row.first), *figures)
        Console(width=max(Console().width, WIDTH)).print(table)
    click.echo(
        "Tried: pictures or frames; first: texts that no step read before; times in ms, stated: the cost in the table,"
        " a mean at that size. A step within a step is counted in both."
    )
