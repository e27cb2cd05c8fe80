"""`gate list lookup` and `export`: the status list, place by place."""

import csv
import json
import sys
from pathlib import Path

import click

from gate.cli.where import answered, state_options
from gate.core.model import Listing
from gate.errors import StoreError, UsageError
from gate.store.list_reader import StatusList, holding


@click.command()
@click.argument("idx", type=click.IntRange(0))
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: idx, status.")
def lookup(idx: int, config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Show the status at a place of the list.

    It is a colour, unlisted or revoked.  IDX counts from 0.

    \b
    Example:
      gate list lookup 7
    """
    with holding(answered(config, state_dir)) as held:
        check_held(held)
        if idx >= held.state.size:
            hint = f"Give a number from 0 to {held.state.size - 1}" if held.state.size else "Load another list"
            raise UsageError(f"the list has {held.state.size} places, and {idx} is none of them", hint=hint)
        status = held.consult(idx).name.lower()
    click.echo(json.dumps({"idx": idx, "status": status}) if as_json else status)


@click.command()
@state_options
def export(config: Path | None, state_dir: Path | None) -> None:
    """Write the status list to stdout as CSV.

    The columns are idx and status.  Unlisted places are left out."""
    with holding(answered(config, state_dir)) as held:
        check_held(held)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(("idx", "status"))
        for idx in range(held.state.size):
            listing = held.consult(idx)
            if listing is not Listing.UNLISTED:
                out.writerow((idx, listing.name.lower()))


def check_held(held: StatusList) -> None:
    """Raise StoreError where there is no list."""
    if held.state.version is None:
        raise StoreError(
            "there is no list yet", hint="Fetch it with `gate sync --once`, or load one: `gate list load DIR`"
        )
