"""`gate doctor`: checks whether this device is fit to guard a lane, and what to do where it is not."""

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from gate.cli.where import config_option
from gate.device.owner import as_owner
from gate.doctor.camera import Glance
from gate.doctor.examination import examine, header
from gate.doctor.examined import ExaminedGate, find_lane
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.report import write_report, write_report_of_fault
from gate.errors import ConfigError
from gate.registry import config_of
from gate.settings.load import read_settings
from gate.wiring import fit

_MARKS = {
    Mark.PASS: ("✓", "green"),
    Mark.WARN: ("!", "yellow"),
    Mark.FAIL: ("✗", "red"),
    Mark.UNKNOWN: ("?", "cyan"),
}
_BRIEF = 2.0  # seconds for a camera among the other checks


@click.command()
@config_option
@click.option("--camera", is_flag=True, help="Only the cameras, for longer: hold a code up meanwhile.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True, help="With --camera.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("gate-camera.png"),
    show_default=True,
    help="With --camera: where to draw what was seen, with codes marked; a second camera's gets a -2.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all of it, configuration, versions and log into this file, for a ticket: no secrets, no people.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: check, state, found, advice.")
def doctor(file: Path, camera: bool, seconds: float, picture: Path, report: Path | None, as_json: bool) -> None:
    """Test this device, and show what to repair.

    Camera, decoder, barrier, inputs, disk, clock, list, services and power get a line each: pass, warn, fail or
    unknown, and what to do.

    Unknown is what could not be checked here; the line says what it takes to know.  Devices that a running
    lane holds are left alone, and the lane's own word on them is shown; without one the barrier is opened
    as a device and locked, nothing is released.  As root the doctor sees most, and opens devices with the
    rights of the lane's user.  Exit 1 when a line says fail.

    The first line names device and versions; with --json it has them as keys of its own.
    """
    try:
        loaded = read_settings(file, config_of)
    except ConfigError as error:
        if report:
            write_report_of_fault(report, file, error)
        if as_json:  # who asks many devices reads this one's answer, too
            advice = error.hint or f"Correct it, and see `gate config check {file}`"
            click.echo(json.dumps(asdict(CheckLine("config", Mark.FAIL, error.what, advice))))
        raise
    settings = loaded.settings
    as_service = partial(as_owner, settings.device.state_dir)
    examined = ExaminedGate(file, settings, fit(settings), find_lane(settings), as_service=as_service)
    watched = sys.stderr.isatty() and not as_json
    glance = Glance(seconds, picture, watched) if camera else Glance(_BRIEF, None, watched)
    facts, lines = header(examined), list[CheckLine]()
    for line in examine(examined, glance, cameras_only=camera):
        _say(line, {} if lines else facts, as_json=as_json)
        lines.append(line)
    if report:
        write_report(report, examined, loaded, facts, lines)
        click.echo(f"{report}: written, without secrets and people; read it before you send it", err=as_json)
    sys.exit(1 if any(line.state is Mark.FAIL for line in lines) else 0)


def _say(line: CheckLine, facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(line) | facts))
        return
    mark, style = _MARKS[line.state]
    words = Text(f"{mark} ", style)
    words.append(f"{line.check:<12}", "bold").append(line.found, "default")
    if line.advice:
        words.append(f"\n  {'':<12}→ {line.advice}", style)
    Console(highlight=False, soft_wrap=True).print(words)
