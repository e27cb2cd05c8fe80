"""`scripts/mutants`: plants faults in the gate's code, and sees whether a test fails."""

import random
import sys
import time
from collections import Counter
from pathlib import Path

import click

from tests.mutants.concerning import package_of
from tests.mutants.equivalents import read_equivalents
from tests.mutants.making import Mutant, Source
from tests.mutants.mapping import FOLDERS, Tests, map_tests
from tests.mutants.running import fails, load_libraries
from tests.mutants.type_check import breaks_types

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".mutants"  # between two runs
WHERE = ("gate/core", "gate/passes", "gate/store", "gate/lane/presence.py")
SLOWER = 10.0  # times as long as when it was mapped may a test take, on a machine that others use, too
START = 60.0  # seconds to import the tests and what they need, likewise


@click.command()
@click.argument("where", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--sample", type=click.IntRange(min=1), default=100, show_default=True, help="So many, taken at random.")
@click.option("--seed", type=int, help="Take the same ones again.  [default: others each time]")
@click.option("--like", default="", help="Only those whose old or new line holds this text.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=20.0,
    show_default=True,
    help="For each, run tests that take this long when nothing is wrong: those that run little else.",
)
@click.option("--least", type=click.FloatRange(0, 100), default=95.0, show_default=True, help="Per cent to be killed.")
@click.option(
    "--also",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help=f"A folder of tests beside {' and '.join(FOLDERS)}: tests/lane, tests/sync.",
)
@click.option("--remap", is_flag=True, help="Find out again which tests run which function.")
def main(
    where: tuple[Path, ...],
    sample: int,
    seed: int | None,
    like: str,
    seconds: float,
    least: float,
    also: tuple[str, ...],
    remap: bool,
) -> None:
    """Plant faults in the modules WHERE, one at a time, and exit 1 when too few are noticed.

    WHERE is files or folders of the gate; core, passes, store and the lane's presence when none is given.  It
    takes a second or two for each mutant, and some minutes at first to map the tests."""
    load_libraries()
    KEPT.mkdir(exist_ok=True)
    paths = [path.resolve().relative_to(ROOT) for path in where or map(Path, WHERE)]
    tests = map_tests(ROOT, KEPT / "tests.json", {package_of(path) for path in paths}, also, again=remap)
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    chosen = _chosen(paths, sample, seed, like)
    known, counts = read_equivalents(), Counter[str]()
    for number, mutant in enumerate(chosen, 1):
        began = time.monotonic()
        outcome = "equivalent" if mutant.name in known else _outcome(mutant, tests, seconds)
        counts[outcome] += 1
        click.echo(f"{number:4} {outcome:10} {mutant.file}:{mutant.line} {time.monotonic() - began:.1f} s")
        if outcome in ("survived", "untested"):
            click.echo(f"\n{mutant.file}\n- {mutant.old}\n+ {mutant.new}\n= \n")
    judged = counts.total() - counts["equivalent"]
    killed = counts["killed"] + counts["types"] + counts["timeout"]
    share = 100 * killed / judged if judged else 100.0
    told = ", ".join(f"{many} {outcome}" for outcome, many in sorted(counts.items()))
    click.echo(f"seed {seed}: {told}; {share:.1f} % of those that are not equivalent were killed")
    sys.exit(share < least)


def _chosen(where: list[Path], sample: int, seed: int, like: str) -> list[Mutant]:
    files = sorted({file for path in where for file in _files(path)})
    sources = [Source(ROOT, file) for file in files]
    all_of_them = [(source, number) for source in sources for number in range(len(source))]
    click.echo(f"{len(all_of_them)} mutants of {len(files)} modules")
    random.Random(seed).shuffle(all_of_them)
    found: list[Mutant] = []
    for source, number in all_of_them:
        if len(found) == sample:
            break
        mutant = source.mutant(number)
        if (like in mutant.old or like in mutant.new) and source.is_python(mutant):
            found.append(mutant)
    return found


def _files(path: Path) -> list[Path]:
    found = [path] if path.suffix == ".py" else [file.relative_to(ROOT) for file in (ROOT / path).rglob("*.py")]
    return [file for file in found if (ROOT / file).read_text().strip()]


def _outcome(mutant: Mutant, tests: Tests, seconds: float) -> str:
    """`killed` by a test, by `types` or by `timeout`; `survived`; `untested`: no test runs it."""
    running = tests.running(mutant.file, mutant.function, seconds)
    limit = START + SLOWER * sum(tests.seconds[test] for test in running)
    failed = fails(ROOT, running, limit, mutant) if running else False
    if failed is False and breaks_types(ROOT, KEPT / "mypy", mutant):
        return "types"
    return {True: "killed", False: "survived" if running else "untested", None: "timeout"}[failed]


if __name__ == "__main__":
    main()
