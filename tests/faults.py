"""`scripts/faults`: hundreds of kills and power cuts, at other places each time."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from secrets import randbits

import click

from tests.store.power_cut import TEARS, left_by_a_power_cut, torn
from tests.system.killing import Visits

_SAY_EVERY = 50


@click.command()
@click.option("--kills", type=click.IntRange(min=0), default=500, show_default=True, help="kill -9 of a whole gate.")
@click.option(
    "--cuts", type=click.IntRange(min=0), default=200, show_default=True, help="Power cuts that tear the newest writes."
)
@click.option("--first-seed", type=int, help="Begin with this seed.  [default: another each time]")
def main(kills: int, cuts: int, first_seed: int | None) -> None:
    """Kill a gate and cut its power at places that are drawn at random, and exit 1 at the first that did harm.

    Harm is a code that opens twice, an opening without its row, a broken chain of the journal, or a use that is
    forgotten while nothing says so.
    """
    seed = randbits(32) if first_seed is None else first_seed
    click.echo(f"seed {seed}", err=True)
    random = Random(seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        _kill(random, kills, Path(folder))
        _cut(random, cuts, Path(folder))


def _kill(random: Random, count: int, folder: Path) -> None:
    for sensed in (False, True):
        place = folder / f"sensed-{sensed}"
        place.mkdir()
        share = (count + (not sensed)) // 2
        visits = Visits(place, sensed=sensed)
        lines = visits.killed_at(0) if share else 0
        for number in range(share):
            # Evenly over the whole visit, and anywhere between two even places.
            line = 1 + int((number + random.random()) * lines / share)
            _try(partial(visits.killed_at, line), f"kill at line {line} of {lines}, sensed={sensed}")
            _say("kills", number + 1, share)
        click.echo(f"{share} kills over {lines} lines, {'with' if sensed else 'without'} a passage sensor: no harm")


def _cut(random: Random, count: int, folder: Path) -> None:
    left = left_by_a_power_cut(folder)
    wal = (left / "lane.db-wal").read_bytes()
    losses = 0
    for number in range(count):
        tear, at = TEARS[number % len(TEARS)], random.randrange(len(wal))
        words = f"{tear.__name__} at byte {at} of {len(wal)}"
        losses += _try(partial(torn, left, folder / "state", tear(wal, at)), words)
        _say("power cuts", number + 1, count)
    click.echo(f"{count} power cuts over {len(wal)} bytes: no harm; {losses} were a loss, reported and locked down")


def _try(work: Callable[[], int], words: str) -> int:
    try:
        return work()
    except Exception as error:
        raise SystemExit(f"{words}: {type(error).__name__}: {error}") from error


def _say(what: str, number: int, count: int) -> None:
    if number % _SAY_EVERY == 0:
        print(f"{what}: {number} of {count}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
