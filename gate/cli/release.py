"""`gate release`: the releases of this device, and the switch between them."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gate.cli.root_option import root_option
from gate.device.layout import DeviceLayout
from gate.device.release_health import Patience
from gate.device.release_list import ReleaseRow, rows
from gate.device.release_switch import ReleaseSwitch
from gate.device.release_units import Systemctl

_ROOT = Path("/")
_MIB = 2**20
_SECONDS: dict[str, Any] = {"type": click.FloatRange(1, 86_400), "show_default": True, "metavar": "SECONDS"}


@click.group()
def release() -> None:
    """Show, try and remove releases of the gate.

    A release is a folder below /opt/gate/releases that is never changed; /opt/gate/current names the one in use.
    With --root nothing of the image is run."""


def _below_root(command: Callable[..., None]) -> Callable[..., None]:
    @root_option
    @wraps(command)
    def with_layout(root: Path, **arguments: Any) -> None:
        command(layout=DeviceLayout(root.absolute()), **arguments)

    return with_layout


@release.command("list")
@_below_root
@click.option("--json", "as_json", is_flag=True, help="One JSON object a release.")
def list_releases(layout: DeviceLayout, as_json: bool) -> None:
    """Show the installed releases.

    Each with whether it is in use, was in use before, and how its last trial ended."""
    found = rows(layout)
    for row in found:
        click.echo(json.dumps(row.as_dict()) if as_json else _line(row))
    if not found and not as_json:
        click.echo(f"no releases in {layout.releases}")


@release.command()
@_below_root
@click.argument("version")
@click.option("--health", default=60.0, **_SECONDS, help="How long it has to be well.")
@click.option("--ready", default=180.0, **_SECONDS, help="How long it may take to become well.")
@click.option(
    "--lose-journal",
    is_flag=True,
    help="Take an older release though it cannot read the journal, which is kept aside: the entrance is locked down.",
)
@click.option("--keep-files", is_flag=True, hidden=True)  # the installer lays them itself
def use(layout: DeviceLayout, version: str, health: float, ready: float, lose_journal: bool, keep_files: bool) -> None:
    """Take VERSION into use under watch.

    The release before goes on, by itself, if VERSION does not do well.

    Under VERSION the configuration must hold and the doctor find nothing wrong that the current release's does
    not.  The services start again; they have to be ready and stay well.  A power cut meanwhile leads back to the
    release in use now.  Exit 1 with the reason when that one stays, or is in use again.
    """
    with suppress(ValueError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is gone must not leave a trial without watch
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # leads back
    _switch(layout).use(version, Patience(ready, health), lose_journal=lose_journal)
    if not keep_files and layout.root == _ROOT:
        _lay_files(layout)


def _lay_files(layout: DeviceLayout) -> None:
    """Let the release in use lay its own units: another version's may name options that it does not know."""
    done = subprocess.run([layout.command, "install", "--files-only"], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        _say(f"the units are still those of another release ({why}): sudo gate install --files-only")


@release.command()
@_below_root
def prune(layout: DeviceLayout) -> None:
    """Remove releases that are no longer needed.

    All but the current one and the one before it."""
    freed = _switch(layout).prune()
    for version, size in freed.items():
        click.echo(f"{version} removed, {size / _MIB:.1f} MiB freed")
    click.echo(f"{sum(freed.values()) / _MIB:.1f} MiB freed in all" if freed else "nothing to remove")


@release.command()
@_below_root
def settle(layout: DeviceLayout) -> None:
    """End an open trial.

    A power cut, or the end of its process, has left it open.  gate-release.service does the same at boot."""
    if not _switch(layout).settle():
        click.echo("no trial is open")


def _switch(layout: DeviceLayout) -> ReleaseSwitch:
    services = Systemctl() if layout.root == _ROOT else None
    return ReleaseSwitch(layout, services, _say, time.time)


def _say(line: str) -> None:
    with suppress(OSError):  # the terminal may be gone; the switch goes on
        click.echo(line)


def _line(row: ReleaseRow) -> str:
    marks = [
        *(["current"] if row.current else []),
        *(["before"] if row.before else []),
        *(["on trial"] if row.on_trial else []),
        row.health,
    ]
    return f"{row.version:<16} {', '.join(marks)}" + (f": {row.why}" if row.why else "")
