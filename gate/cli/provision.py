"""`gate provision`: set a device up from one file on its card."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from gate.cli.moments import Moments
from gate.device.layout import DeviceLayout
from gate.device.provision.record import unchanged_since
from gate.errors import UsageError

CARD = "boot/firmware"  # where Raspberry Pi OS mounts the card's first partition


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--root", type=click.Path(path_type=Path), default=Path("/"), show_default=True, help="The device, or its image."
)
@click.option(
    "--boot",
    type=click.Path(path_type=Path),
    help="The card's folder, for results.  [default: FILE's, or boot/firmware of an image]",
)
def provision(file: Path, root: Path, boot: Path | None) -> None:
    """Set a device up from one file on its card.

    FILE is the usual gate.toml with a table [provision].  Checks everything before it changes anything, names
    every fault at once, and leaves gate-result.txt and the device's key (gate-device.svg) on the card. A file
    that was applied already is left alone. Secrets leave the card when the device has them. A power cut leaves
    the old set-up or the new one, never half of each.

    \b
    Exit 0: applied, or unchanged.  1: failed.  78: FILE is wrong.
    Example: gate provision /boot/firmware/gate.toml
    """
    root = root.absolute()
    if not root.is_dir():
        raise UsageError(f"{root} is no folder", hint="Name the device's root, or that of an unpacked image")
    if root == Path("/") and os.geteuid() != 0:
        raise UsageError("only root may set a device up", hint=f"Call it as `sudo gate provision {file}`")
    layout, card = DeviceLayout(root), _card(file.absolute(), root, boot)
    since = unchanged_since(file.absolute(), layout, card)
    if since is not None:
        click.echo(f"{file.name} is the file that was applied on {Moments().show(since)}. Nothing is changed.")
        return
    from gate.device.provision.run import (
        provision as run,  # the whole gate, which a start with nothing new does without
    )

    report, code = run(file.absolute(), layout, card, _now())
    click.echo(report.screen(), nl=False)
    sys.exit(code)


def _card(file: Path, root: Path, boot: Path | None) -> Path | None:
    """Return the folder for results; None where none is known that belongs to the device."""
    if boot is not None:
        return boot.absolute()
    if file.parent.is_relative_to(root):
        return file.parent
    usual = root / CARD
    return usual if usual.is_dir() else None


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC).astimezone()
