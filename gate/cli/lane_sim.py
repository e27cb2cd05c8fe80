"""`gate lane-sim`: a turnstile on a pseudo-terminal."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from gate.core.model import Direction
from gate.demo.lane_sim import LaneSim, playing

WORDS = "pass entry | pass exit | jam | unjam | silent | speak | unplug | plug"


@click.command()
@click.option(
    "--link", type=click.Path(path_type=Path), help="Name of the port: a symbolic link, made again after `plug`."
)
@click.option(
    "--walk",
    type=click.FloatRange(min=0),
    default=1.5,
    show_default=True,
    help="Seconds from the release to the crossing.",
)
@click.option("--by-hand", is_flag=True, help="No automatic crossings: move people on standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def lane_sim(link: Path | None, walk: float, by_hand: bool, as_json: bool) -> None:
    """Simulate a turnstile, for trials and tests.

    It frees its arm, reports each crossing, and can fail.

    \b
    It uses the protocol of a Digicon Tx1500.  In gate.toml:
      [barrier]  driver = "serial_frames"  profile = "digicon-tx1500"  port = "…"

    Words on standard input: pass entry, pass exit, jam, unjam, silent, speak, unplug, plug.
    Ctrl-C ends it.
    """

    def write(word: str) -> None:
        click.echo(json.dumps({"event": word}) if as_json else word)

    asyncio.run(_play(link, None if by_hand else walk, write))


async def _play(link: Path | None, walk: float | None, write: Callable[[str], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with playing(link, walk, write) as sim:
        if sys.stdin is not None:
            with suppress(OSError, ValueError):  # a file or /dev/null: no commands arrive
                loop.add_reader(sys.stdin.fileno(), lambda: _read_order(sim, write))
        await stop.wait()


def _read_order(sim: LaneSim, write: Callable[[str], None]) -> None:
    line = sys.stdin.readline()
    if not line:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        return
    match line.split():
        case ["pass", "entry" | "exit" as way]:
            sim.turn(Direction(way))
        case ["jam" | "unjam" as word]:
            sim.arm.jammed = word == "jam"
        case ["silent" | "speak" as word]:
            sim.silent = word == "silent"
        case ["unplug"]:
            sim.unplug()
        case ["plug"]:
            sim.plug()
        case []:
            return
        case _:
            write(f"not one of: {WORDS}")
