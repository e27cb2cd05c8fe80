"""`gate setup`: make a device's configuration, by questions or by a file of answers."""

import sys
import time
from pathlib import Path

import click

from gate.cli.root_option import root_option
from gate.device.layout import DeviceLayout
from gate.device.setup.run import check_terminal, set_up_by_answers, set_up_by_questions


@click.command()
@click.option(
    "--answers",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="TOML file of answers, of the form of gate.toml, and [setup]: no question is asked.  Of several, a later one "
    "overrides what those before it say.",
)
@click.option("--output", type=click.Path(path_type=Path), help="File to write.  [default: etc/gate/gate.toml]")
@root_option
def setup(files: tuple[Path, ...], output: Path | None, root: Path) -> None:
    """Ask what is attached; write a configuration.

    Nothing is sent to a barrier that could open it.  The file is written at the end, when `gate config check` holds;
    one that was there is kept as a copy.
    """
    to = (output or DeviceLayout(root).config).absolute()
    if files:
        set_up_by_answers(files, to, time.time())
        return
    check_terminal(is_terminal=sys.stdin.isatty() and sys.stdout.isatty())
    set_up_by_questions(to, root, time.time())
