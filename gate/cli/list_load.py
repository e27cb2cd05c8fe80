"""`gate list load` and `device-key`: lists that are carried by hand, and the key that a subject index is sealed to."""

import json
import os
from dataclasses import asdict
from math import inf
from pathlib import Path

import click

from gate.cli.moments import Moments
from gate.cli.where import places, state_directory, state_options, tables_of
from gate.device.owner import become_owner
from gate.errors import UsageError
from gate.state import sync_times
from gate.store.device_key import load_or_make, load_public
from gate.store.places import Places
from gate.sync.attempt import attempt
from gate.sync.folder import METADATA, TARGETS
from gate.sync.lock import Rank
from gate.sync.mirror_order import MirrorOrder
from gate.sync.round import ListSource

_PUBLIC = "public"  # where an authority publishes, below its own folder


@click.command("device-key")
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: device, key.")
def device_key(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Print the public key of this device.

    The authority seals the subject key to it.

    \b
    Example, on the device and then at the authority:
      gate list device-key
      gate authority add-device /srv/authority ala-t2-07 KEY
    """
    state = state_directory(config, state_dir)
    become_owner(state)
    key = bytes(load_or_make(state).verify_key).hex()
    tables = tables_of(config, state_dir) if as_json else None
    click.echo(json.dumps({"device": tables.device.id if tables else None, "key": key}) if as_json else key)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path), help="The authority's root.json.  [default: as in [sync]]")
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, as `gate sync --once --json` does.")
def load(directory: Path, root: Path | None, config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Load a published folder by hand.

    DIRECTORY is on a USB stick, for instance.  It is loaded as `gate sync` loads one from a mirror: every file is
    verified by the authority's signatures.  An older version is refused; the list in use stays when loading
    fails.  A running lane verifies the new list by the root.json in [sync], and takes it within seconds; without
    that table it takes it at once.

    \b
    Example:
      gate list load /media/usb/public
    """
    state, tables = places(config, state_dir), tables_of(config, state_dir)
    become_owner(state.list_dir)
    _check_published(directory, state)
    root = root or (tables.sync.root if tables and tables.sync else _earlier_root(state))
    key = load_public(state.state_dir) if tables and tables.staff.iin_check else None
    source = ListSource((directory.resolve().as_uri(),), root, state, inf, key)
    outcome = attempt(source, sync_times(state), MirrorOrder(source.mirrors), Rank.LOAD)
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
        return
    how = f"taken over ({outcome.way})" if outcome.changed else "held already"
    when = Moments.of(tables.venue.timezone if tables else None).show(outcome.as_of)
    click.echo(f"list {outcome.version} of {when} with {outcome.listed} people: {how}")


def _check_published(directory: Path, where: Places) -> None:
    """Raise UsageError for a folder that holds no publication, or that the sync's user may not read."""
    if not directory.is_dir():
        what = "there is no such folder" if not directory.exists() else "it is no folder"
        raise UsageError(f"{directory}: {what}", hint="Name the folder that `gate authority publish` wrote")
    if not os.access(directory, os.R_OK | os.X_OK):
        hint = "Copy it to a folder that everybody may read, or mount the medium so"
        raise UsageError(f"{directory} cannot be read by the user of {where.list_dir}", hint=hint)
    if is_published(directory):
        return
    inner = next((one for one in _candidates(directory) if is_published(one)), None)
    hint = f"Did you mean {inner}?" if inner else "Name the folder that has metadata/ in it"
    raise UsageError(f"{directory} holds no published list", hint=hint)


def is_published(directory: Path) -> bool:
    """Return whether a folder looks like a publication; whether it is one, its signatures decide."""
    return (directory / METADATA).is_dir()


def _candidates(directory: Path) -> list[Path]:
    """Return folders that may have been meant: that around it, its `public`, and those within it."""
    near = [directory.absolute().parent] if directory.name in (METADATA, TARGETS) else []
    return [*near, directory / _PUBLIC, *sorted(one for one in directory.iterdir() if one.is_dir())[:100]]


def _earlier_root(where: Places) -> Path:
    """Return the root.json of an earlier load."""
    root = where.list_dir / "tuf" / "root.json"
    if root.exists():
        return root
    raise UsageError("no root.json is given", hint="Give --root root.json, from the authority's folder")
