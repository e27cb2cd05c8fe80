"""`scripts/fuzz`: hours of what the tests do for seconds, with other inputs each time."""

import hashlib
import logging
import sys
from pathlib import Path
from secrets import randbits

import click
from rich.console import Console
from rich.table import Table

from tests.fuzz.checking import check
from tests.fuzz.hunting import Tally, hunt
from tests.fuzz.targets import TARGETS

_SLOW_FIRST = sorted(TARGETS, key=lambda name: not TARGETS[name].is_slow)
_SECONDS, _SECONDS_OF_INPUTS = 60.0, 900.0


@click.command()
@click.argument("target", required=False, type=click.Choice(sorted(TARGETS)))
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    help=f"For each target.  [default: {_SECONDS:.0f}; {_SECONDS_OF_INPUTS:.0f} with --inputs]",
)
@click.option(
    "--inputs",
    type=click.IntRange(min=1),
    help="So many in all: what a slow target leaves when its seconds are over is for those after it.",
)
@click.option("--first-seed", type=int, help="Begin with this seed.  [default: another each time]")
@click.option(
    "--findings",
    type=click.Path(file_okay=False, path_type=Path),
    default="fuzz-findings",
    show_default=True,
    help="The folder for inputs that broke something.",
)
@click.option("--reproduce", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Run this input only.")
def main(
    target: str | None,
    seconds: float | None,
    inputs: int | None,
    first_seed: int | None,
    findings: Path,
    reproduce: Path | None,
) -> None:
    """Feed TARGET, or every target in turn, with slipped inputs, and exit 1 when one broke its word."""
    logging.disable(logging.CRITICAL)
    if reproduce is not None:
        if target is None:
            raise click.UsageError("--reproduce needs the TARGET")
        click.echo("taken" if check(TARGETS[target], reproduce.read_bytes()).taken else "refused")
        return
    seed = randbits(32) if first_seed is None else first_seed
    click.echo(f"seed {seed}", err=True)
    tallies = _hunt_all([target] if target else _SLOW_FIRST, seed, seconds, inputs)
    Console(width=120 if not sys.stdout.isatty() else None).print(_table(tallies, findings))
    sys.exit(1 if any(tally.found for tally in tallies.values()) else 0)


def _hunt_all(names: list[str], seed: int, seconds: float | None, inputs: int | None) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for place, name in enumerate(names):
        share = None if inputs is None else -(-inputs // (len(names) - place))
        patience = seconds or (_SECONDS if inputs is None else _SECONDS_OF_INPUTS)
        tallies[name] = tally = hunt(TARGETS[name], seed, inputs=share, seconds=patience)
        inputs = None if inputs is None else inputs - tally.inputs
        click.echo(f"{name}: {tally.inputs:,} inputs {tally.found}", err=True)
    return tallies


def _table(tallies: dict[str, Tally], findings: Path) -> Table:
    table = Table("target", "inputs", "taken", "slowest ms", "found")
    for name, tally in sorted(tallies.items()):
        words = f"{tally.found} ({_keep(findings / name, tally.reproducer)})" if tally.found else ""
        table.add_row(name, f"{tally.inputs:,}", f"{tally.taken:,}", f"{tally.slowest * 1000:.1f}", words)
    total = f"{sum(tally.inputs for tally in tallies.values()):,}", f"{sum(t.taken for t in tallies.values()):,}"
    table.add_section()
    table.add_row("all", *total, f"{max(tally.slowest for tally in tallies.values()) * 1000:.1f}", "")
    return table


def _keep(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    main()
