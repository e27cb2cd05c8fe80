"""Output of figures: one JSON object, or a table for people."""

import json
from dataclasses import dataclass, replace
from statistics import median

import click
from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    key: str  # in the JSON
    value: float
    what: str
    unit: str = ""  # empty: a ratio
    most: float | None = None  # the target


def medians(runs: list[list[Figure]]) -> list[Figure]:
    """Return every figure with the median of its values in several runs."""
    return [
        replace(figures[0], value=median(figure.value for figure in figures)) for figures in zip(*runs, strict=True)
    ]


def show(title: str, figures: list[Figure], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({figure.key: _rounded(figure.value) for figure in figures}))
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column("What")
    table.add_column("Measured", justify="right")
    table.add_column("Aim", justify="right")
    for figure in figures:
        style = "" if figure.most is None else "green" if figure.value <= figure.most else "red"
        aim = "" if figure.most is None else f"≤ {_number(figure.most)}{_unit(figure)}"
        table.add_row(figure.what, f"{_number(figure.value)}{_unit(figure)}", aim, style=style)
    Console().print(table)


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.5g}")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _unit(figure: Figure) -> str:
    return f" {figure.unit}" if figure.unit else " ×"
