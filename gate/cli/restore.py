"""`gate restore`: a device takes the place of another one."""

from pathlib import Path

import click

from gate.cli.backup import WHAT
from gate.cli.passphrase import ask_passphrase, passphrase_option
from gate.cli.root_option import root_option
from gate.device.backup import unpack
from gate.device.layout import DeviceLayout
from gate.device.restore import restore as put_back
from gate.device.sealed_file import read_sealed


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Set aside the configuration and state that are there.")
@root_option
@passphrase_option
def restore(file: Path, replace: bool, root: Path) -> None:
    """Take over from the device of a backup.

    This device becomes the one that FILE was made of (`gate backup`).  Its lanes must be stopped.  The old
    device must never run again.  The journal begins with a row that says so, and the entrance is locked down
    until staff confirm: uses after the backup are unknown.
    """
    found = unpack(read_sealed(file, lambda: ask_passphrase(WHAT, new=False)))
    put_back(DeviceLayout(root.absolute()), found, replace=replace, say=click.echo)
