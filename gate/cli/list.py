"""`gate list`: the lists on this device."""

import click

from gate.cli.lazy import LazyCommand, LazyGroup

_TABLE = {
    "status": LazyCommand("gate.cli.list_status", "status", "Show the lists in use and on offer, with age."),
    "find": LazyCommand("gate.cli.list_find", "find", "Find a person by IIN; may they enter now?"),
    "lookup": LazyCommand("gate.cli.list_places", "lookup", "Show the status at a place of the list."),
    "export": LazyCommand("gate.cli.list_places", "export", "Write the status list to stdout as CSV."),
    "load": LazyCommand("gate.cli.list_load", "load", "Load a published folder by hand."),
    "device-key": LazyCommand("gate.cli.list_load", "device_key", "Print the public key of this device."),
}


@click.command(name="list", cls=LazyGroup, table=_TABLE)
def list_() -> None:
    """Show and load the lists that the gate holds.

    They are the status list, the trust list and the rules."""
