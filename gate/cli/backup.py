"""`gate backup`: what another device needs to take the place of this one."""

import time
from pathlib import Path

import click

from gate.cli.passphrase import ask_passphrase, passphrase_option
from gate.cli.root_option import root_option
from gate.device.backup import as_json, contents, pack, take, unpack
from gate.device.layout import DeviceLayout
from gate.device.sealed_file import check_free, read_sealed, write_sealed

WHAT = "the backup"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--list", "show", is_flag=True, help="Show what is in FILE instead.")
@click.option("--json", "as_object", is_flag=True, help="With --list: one JSON object.")
@root_option
@passphrase_option
def backup(file: Path, show: bool, as_object: bool, root: Path) -> None:
    """Write what another device needs to take over.

    Identity, configuration, secrets, standing orders, uses and who is inside are written into FILE.  The lane
    may run.  FILE is sealed by a passphrase of at least 12 characters.  Without it nobody can read FILE, you
    neither.  Lists and the journal are not in it: lists are fetched again, and the journal is exported by `gate
    journal export`.
    """
    if show:
        found = unpack(read_sealed(file, lambda: ask_passphrase(WHAT, new=False)))
        click.echo(as_json(found) if as_object else "\n".join(contents(found)))
        return
    check_free(file)
    taken = take(DeviceLayout(root.absolute()), time.time())
    write_sealed(file, pack(taken), ask_passphrase(WHAT, new=True))
    for line in contents(taken):
        click.echo(line)
    click.echo(f"{file}: written. Keep it and its passphrase apart: together they are this device")
