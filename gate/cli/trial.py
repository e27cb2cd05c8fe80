"""`gate try`: a gate to try, in a folder of its own."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from gate.demo.ports import free_port
from gate.device.templates import VENUES
from gate.device.trial import make_trial

_USUAL_PORT = 8080


@click.command("try")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--venue", type=click.Choice(VENUES), default="fitness", show_default=True, help="The kind of venue to try."
)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the page.  [default: 8080, or a free one]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: folder, page and the commands.")
def try_(directory: Path, venue: str, port: int | None, as_json: bool) -> None:
    """Make a whole gate in a folder, to try it.

    DIR gets an authority with its list, the passes of two people, and the configuration of a gate that reads
    pictures from a folder and frees a simulated turnstile.  The next three commands are printed, to paste into three
    terminals; nothing outside of DIR is touched.

    \b
    Example:
      gate try trial --venue fitness
    """
    ports = (_USUAL_PORT, 0) if port is None else (port,)
    trial = make_trial(directory, venue, free_port(ports), int(time.time()))
    if as_json:
        click.echo(json.dumps(asdict(trial) | {"folder": str(trial.folder), "commands": trial.commands}))
        return
    click.echo(f"{trial.folder} holds an authority, its list, two passes and gate.toml ({venue}).")
    click.echo("Next, in three terminals: the turnstile, the gate, and a person with a green pass.\n")
    for command in trial.commands:
        click.echo(f"  {command}")
    click.echo(f"\nThe visitor's page: {trial.page}  Ctrl-C takes the pass away.  A person with a red pass:\n")
    click.echo(f"  {trial.red}")
