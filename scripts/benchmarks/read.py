"""`scripts/bench read`: recall and cost of each reader; all on the same pictures, by turns."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import steps
from chart import draw
from clips import HELD, approach, held
from collection import Case, cases
from frames import LENGTHS, beside_a_pass, unread
from looks import LIVE, ROUNDS, STILL, LookRow, LookTally, first_reads, frame_times, idle_shares, measured
from photographs import KINDS as PHOTOGRAPHED
from photographs import photographed
from rendering import KINDS, SIZES, rendered, without_code
from rich import box
from rich.console import Console
from rich.table import Table
from slower import in_real_time, readers
from vary import vary

from gate.errors import GateError

NOTHING = 40  # pictures without a code
SLOWER = 5.0  # times: a Pi 4, against the x86 core on which the costs were measured


@click.command("read")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row instead of a table.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Measure on these instead: a CSV with columns set, file, expected, codes (paths beside it).",
)
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), help="Draw the rows, too: an SVG file.")
@click.option("--steps", "by_steps", is_flag=True, help="What each step of the cascade reads and costs, instead.")
@click.option("--vary", "varied", multiple=True, metavar="CONSTANT=VALUE", help="Try another value of a constant.")
@click.option("--slower", type=click.FloatRange(1, 100), help="Clips in real time on a core so many times slower.")
@click.option("--many", type=click.IntRange(min=1, max=1000), default=10, show_default=True, help="Pictures a kind.")
def command(
    as_json: bool,
    pictures: Path | None,
    chart: Path | None,
    by_steps: bool,
    varied: tuple[str, ...],
    slower: float | None,
    many: int,
) -> None:
    """Recall, processor time and wrong texts of the cascade and of each decoder alone.

    Draws its pictures itself and takes some six minutes; then also how soon a code is read that is
    carried up to the camera or held before it, and what a gate costs before which nobody stands.
    `--steps` prices each row of the tables in drivers/decoders/still.py and live_steps.py at 480 and 720 lines.
    `--slower 5` plays the clips as a Pi 4 would get them: frames that come while one is read are lost.
    `--vary detect.blurred.LIKELY=2` tries another value of a constant of drivers/decoders.
    """
    if by_steps and chart:
        raise click.UsageError("--chart draws readers, not --steps")
    try:
        for assignment in varied:
            vary(assignment)
        if by_steps:
            show_steps(pictures, many, as_json=as_json)
            return
        rows = of_clips(many, slower) if slower else of_collection(pictures) if pictures else of_drawings(many)
    except GateError as error:
        raise click.ClickException(str(error)) from error
    if chart:
        chart.write_text(draw(rows))
    if as_json:
        for row in rows:
            click.echo(json.dumps(row.as_json()))
    else:
        show(rows)


def show_steps(pictures: Path | None, many: int, *, as_json: bool) -> None:
    rows = steps.priced(collected(pictures) if pictures else drawings(many))
    if as_json:
        for row in rows:
            click.echo(json.dumps(row.as_json()))
    else:
        steps.show(rows)


def of_collection(manifest: Path) -> list[LookRow]:
    tally = LookTally()
    for case in collected(manifest):
        tally.add(case, measured(case.picture, STILL, ROUNDS))
    return tally.rows()


def collected(manifest: Path) -> Iterator[Case]:
    """Yield the pictures of a collection; those that cannot be read are named at the end."""
    problems: list[str] = []
    yield from cases(manifest, problems)
    for problem in problems:
        click.echo(f"passed over: {problem}", err=True)


def of_drawings(many: int) -> list[LookRow]:
    tally = LookTally()
    for case in drawings(many):
        tally.add(case, measured(case.picture, STILL, ROUNDS))
    rows = tally.rows()
    for height, width in SIZES:
        clips = [approach(number, (height, width)) for number in range(max(2, 2 * many))]
        rows += first_reads(f"approach, {height}p", clips, LIVE)
    for kind in HELD:
        rows += first_reads(f"held still, {kind}", [held(number, kind) for number in range(max(2, many // 2))], LIVE)
    rows += of_frames(many)
    for height, width in SIZES:
        rows += idle_shares(f"nobody there, {height}p", (height, width), LIVE)
    return rows


def of_clips(many: int, slower: float) -> list[LookRow]:
    rows = []
    for height, width in SIZES:
        clips = [approach(number, (height, width)) for number in range(max(2, many))]
        rows += in_real_time(f"approach, {height}p", clips, slower)
    for kind in HELD:
        rows += in_real_time(f"held still, {kind}", [held(number, kind) for number in range(max(2, many // 2))], slower)
    for height, width in SIZES:
        for kind in LENGTHS:
            frames = [(unread(number, (height, width), kind), "") for number in range(max(2, many // 3))]
            rows += in_real_time(f"{kind}, {height}p", frames, slower)
    return rows


def of_frames(many: int) -> list[LookRow]:
    """Measure frames that cost much: unread codes, alone and beside a pass, and hard photographs that are held.

    The gate's reader has the budget of a core SLOWER times slower; the times are those of this core."""
    rows = []
    for height, width in SIZES:
        view = (height, width)
        for kind in LENGTHS:
            rows += frame_times(
                f"{kind}, {height}p",
                [unread(number, view, kind) for number in range(max(2, many // 3))],
                readers(SLOWER),
            )
        beside = [beside_a_pass(number, view)[0] for number in range(max(2, many // 3))]
        rows += frame_times(f"unread beside a pass, {height}p", beside, readers(SLOWER))
        hard = [photographed(number, kind).picture for kind in PHOTOGRAPHED for number in range(max(1, many // 5))]
        shrunk = [small for one in hard if (small := steps.fit(one, view)) is not None]
        held_up = [list(steps.hold(one, number)) for number, one in enumerate(shrunk)]
        rows += frame_times(f"photographs, held, {height}p", held_up, readers(SLOWER))
    return rows


def drawings(many: int) -> Iterable[Case]:
    for kind in KINDS:
        for number in range(many):
            one = rendered(number, kind)
            yield Case(f"drawn: {kind}", one.picture, one.text)
    for kind in KINDS:
        for number in range(many // 2):
            one = rendered(number, kind, letters=(450, 620), dense=True)
            yield Case("drawn: certificates", one.picture, one.text)
    for kind in PHOTOGRAPHED:
        for number in range(many // 2):
            photograph = photographed(number, kind)
            codes = len(photograph.texts)  # of several codes one counts: so the recall of pictures is that of codes
            yield Case(f"photographed: {kind}", photograph.picture, photograph.texts[number % codes], codes)
    for number in range(NOTHING):
        yield Case("drawn: no code", without_code(number), None)


def show(rows: list[LookRow]) -> None:
    table = Table(title="Reading, by turns on the same pictures", title_justify="left", box=box.SIMPLE)
    for column in ("Set", "Reader", "Pictures", "Recall", "ms", "Wrong", "Besides"):
        words = column in ("Set", "Reader", "Besides")  # may be wrapped on a narrow terminal; a number may not
        table.add_column(column, justify="left" if words else "right", no_wrap=not words, min_width=6)
    last = ""
    for row in rows:
        recall = "" if row.recall is None else f"{row.recall:.3f}"
        besides = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in row.besides.items())
        name = "" if row.set == last else row.set
        table.add_row(name, row.reader, str(row.n), recall, f"{row.ms_mean:.2f}", str(row.wrong), besides)
        last = row.set
    Console().print(table)
