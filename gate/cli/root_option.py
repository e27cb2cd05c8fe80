"""The option --root: the device that a command works on, where it is not the one that it runs on."""

from pathlib import Path

import click

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Root directory of the device, such as that of an image.",
)
