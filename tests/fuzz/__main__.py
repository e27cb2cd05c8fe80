"""`scripts/fuzz`: hours of what the tests do for seconds, with other inputs each time."""

import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import randbits

import click
from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.console import Console
from rich.table import Table

from tests.fuzz.checking import check
from tests.fuzz.mutation import slipped
from tests.fuzz.targets import TARGETS

_ROUND = 200  # examples between two looks at the clock
_QUIET = settings(
    max_examples=_ROUND,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


@dataclass
class Tally:
    inputs: int = 0
    taken: int = 0
    slowest: float = 0.0  # seconds of processor
    found: str = ""
    reproducer: Path | None = None


@click.command()
@click.argument("target", required=False, type=click.Choice(sorted(TARGETS)))
@click.option("--seconds", type=click.FloatRange(min=1), default=60.0, show_default=True, help="For each target.")
@click.option("--first-seed", type=int, help="Begin with this seed.  [default: another each time]")
@click.option(
    "--findings",
    type=click.Path(file_okay=False, path_type=Path),
    default="fuzz-findings",
    show_default=True,
    help="The folder for inputs that broke something.",
)
@click.option("--reproduce", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Run this input only.")
def main(target: str | None, seconds: float, first_seed: int | None, findings: Path, reproduce: Path | None) -> None:
    """Feed TARGET, or every target in turn, with slipped inputs, and exit 1 when one broke its word."""
    if reproduce is not None:
        if target is None:
            raise click.UsageError("--reproduce needs the TARGET")
        click.echo("taken" if check(TARGETS[target], reproduce.read_bytes()) else "refused")
        return
    first = randbits(32) if first_seed is None else first_seed
    click.echo(f"seed {first}", err=True)
    tallies = {name: _fuzz(name, seconds, first, findings) for name in ([target] if target else TARGETS)}
    table = Table("target", "inputs", "taken", "slowest ms", "found")
    for name, tally in tallies.items():
        words = f"{tally.found} ({tally.reproducer})" if tally.found else ""
        table.add_row(name, f"{tally.inputs:,}", f"{tally.taken:,}", f"{tally.slowest * 1000:.1f}", words)
    Console().print(table)
    sys.exit(1 if any(tally.found for tally in tallies.values()) else 0)


def _fuzz(name: str, seconds: float, first: int, findings: Path) -> Tally:
    target, tally, end = TARGETS[name], Tally(), time.monotonic() + seconds
    last = b""
    strategy = slipped(target.seeds(), most=8)
    while time.monotonic() < end and not tally.found:

        @seed(first)
        @_QUIET
        @given(strategy)
        def run(data: bytes) -> None:
            nonlocal last
            last = data
            start = time.thread_time()
            tally.taken += check(target, data)
            tally.inputs += 1
            tally.slowest = max(tally.slowest, time.thread_time() - start)

        try:
            run()
        except Exception as error:  # noqa: BLE001 - any is a finding
            tally.found = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120]
            folder = findings / name
            folder.mkdir(parents=True, exist_ok=True)
            tally.reproducer = folder / hashlib.sha256(last).hexdigest()[:16]
            tally.reproducer.write_bytes(last)
        first += 1
    return tally


if __name__ == "__main__":
    main()
