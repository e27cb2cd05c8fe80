"""`scripts/bench COMMAND`: each command is a module beside this one with a click command `command`."""

import click
from decide import command as decide
from listing import command as listing
from process import command as process
from read import command as read


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure the gate on this machine.

    What counts are the ratios: each compares two things done by turns in one run, so that they mean the
    same on a laptop, on a Pi and on a machine that has other work.
    """


main.add_command(decide)
main.add_command(read)
main.add_command(listing)
main.add_command(process)

if __name__ == "__main__":
    main(prog_name="scripts/bench")
