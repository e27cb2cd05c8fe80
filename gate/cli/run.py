"""`gate run`: the lane daemon."""

from pathlib import Path

import click

from gate.cli.log_options import log_options
from gate.cli.where import config_option
from gate.device.owner import become_owner
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.wiring import run_lane


@click.command()
@config_option
@log_options
def run(file: Path) -> None:
    """Run the lane: read, decide, record, open.

    It runs until SIGTERM or Ctrl-C.  The daemon opens only after the decision is recorded.  It opens a lost
    device again until it succeeds; nobody enters meanwhile.  Under systemd it reports readiness and pings the
    watchdog.
    """
    settings = load_settings(file, config_of)
    become_owner(settings.device.state_dir)
    run_lane(settings)
