"""`gate doctor`: checks whether this device is fit to guard a lane, and what to do where it is not."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from gate.doctor.camera import Glance, camera_lines
from gate.doctor.checks import CHECKS
from gate.doctor.gpio import killed_outputs
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.rights import rights
from gate.registry import Fitted, config_of
from gate.settings.load import load_settings
from gate.wiring import fit

_MARKS = {Mark.PASS: ("✓", "green"), Mark.WARN: ("!", "yellow"), Mark.FAIL: ("✗", "red")}
_BRIEF = 2.0  # seconds for a camera among the other checks


@click.command()
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="The device's gate.toml.")
@click.option("--camera", is_flag=True, help="Only the cameras, for longer: hold a code up meanwhile.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True, help="With --camera.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("gate-camera.png"),
    show_default=True,
    help="With --camera: where to draw what was seen, with codes marked; a second camera's gets a -2.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: check, state, found, advice.")
def doctor(file: Path, camera: bool, seconds: float, picture: Path, as_json: bool) -> None:
    """Look at camera, decoder, barrier, inputs, disk, clock, list and power, a line each: pass, warn or
    fail, and what to do.

    Devices that the running gate holds cannot be looked at: stop it first (`systemctl stop gate`).
    The barrier is opened as a device and locked, nothing is released.  Exit 1 when a line says fail.
    """
    settings = load_settings(file, config_of)
    devices = fit(settings)
    watched = sys.stderr.isatty() and not as_json
    glance = Glance(seconds, picture, watched) if camera else Glance(_BRIEF, None, watched)
    failed = False
    for line in _lines(
        glance,
        devices.readers,
        () if camera else (check(settings, devices) for check in (*CHECKS, killed_outputs, rights)),
    ):
        failed |= line.state is Mark.FAIL
        _say(line, as_json=as_json)
    sys.exit(1 if failed else 0)


def _lines(glance: Glance, readers: Iterable[Fitted], others: Iterable[Iterable[CheckLine]]) -> Iterator[CheckLine]:
    yield from camera_lines(readers, glance)
    for lines in others:
        yield from lines


def _say(line: CheckLine, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(line)))
        return
    mark, style = _MARKS[line.state]
    words = Text(f"{mark} ", style)
    words.append(f"{line.check:<12}", "bold").append(line.found, "default")
    if line.advice:
        words.append(f"\n  {'':<12}→ {line.advice}", style)
    Console(highlight=False, soft_wrap=True).print(words)
