"""`gate list`: the lists on this device."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path

import click

from gate.cli.where import (
    USUAL,
    answered,
    clock_limit,
    places,
    state_directory,
    state_options,
    sync_times,
)
from gate.core.iin import iin_fault
from gate.core.model import Listing
from gate.core.staleness import AgeLimits, Freshness
from gate.core.trusted_time import ClockTrust, day
from gate.device.owner import become_owner
from gate.errors import GateError, StoreError, UsageError
from gate.kiosk.notices import age_in_words
from gate.registry import config_of
from gate.runtime.clock import GateClock
from gate.runtime.ntp import read_ntp
from gate.settings.load import load_settings
from gate.settings.model import ListTable
from gate.state import trusted_clock
from gate.store.device_key import load_or_make, load_public
from gate.store.last_sync import last_sync
from gate.store.list_file import find_damage
from gate.store.list_reader import ListState, StatusList
from gate.store.places import Places
from gate.store.subjects import find_subject
from gate.store.time_floor import read_kept
from gate.sync.attempt import attempt
from gate.sync.lock import Rank
from gate.sync.mirror_order import MirrorOrder
from gate.sync.round import ListSource, read_root


@click.group(name="list")
def list_() -> None:
    """Show and load the lists that the gate holds: status, trust and rules."""


@list_.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Show the list in use and the list on offer, and their age.

    The sync offers a list, which a running lane verifies before it takes it.  Exit 1 when nobody could enter
    with this list or by this clock, when a part of the list is damaged, or when the offered list is not the one
    that the authority signed.

    Example: gate list status --config gate.toml
    """
    limits = load_settings(config, config_of).list.limits if config else ListTable().limits
    state, synced = answered(config, state_dir), places(config, state_dir)
    clock = trusted_clock(state, clock_limit(config))
    with _held(state) as held:
        damage = find_damage(state)
        facts = _facts(held.state, limits, clock) | {"time": _judged_by(state)} | _synced(synced, clock.now())
    facts["content"] = damage or (None if facts["version"] is None else "whole")
    facts["offered"], forged = _offered(None if state_dir else config or USUAL, synced)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for name, value in facts.items():
            click.echo(f"{name:12} {value if value is not None else '-'}")
    unable = facts["freshness"] in (Freshness.MISSING, Freshness.REFUSE) or facts["clock"] == ClockTrust.UNTRUSTED
    sys.exit(1 if unable or damage or forged else 0)


@list_.command()
@click.argument("idx", type=int)
@state_options
def lookup(idx: int, config: Path | None, state_dir: Path | None) -> None:
    """Show the status at place IDX: unlisted, a colour, or revoked."""
    if idx < 0:
        raise UsageError(f"{idx} is not a place", hint="Places are numbered from 0")
    with _held(answered(config, state_dir)) as held:
        _must_have(held)
        click.echo(held.consult(idx).name.lower())


@list_.command()
@state_options
def export(config: Path | None, state_dir: Path | None) -> None:
    """Write the whole status list to stdout as CSV: idx,status.  Unlisted places are left out."""
    with _held(answered(config, state_dir)) as held:
        _must_have(held)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(("idx", "status"))
        for idx in range(held.state.size):
            listing = held.consult(idx)
            if listing is not Listing.UNLISTED:
                out.writerow((idx, listing.name.lower()))


@list_.command("device-key")
@state_options
def device_key(config: Path | None, state_dir: Path | None) -> None:
    """Print this device's public key.  The authority seals the subject key to it.

    \b
    Example, on the device and then at the authority:
      gate list device-key --config gate.toml
      gate authority add-device /srv/authority ala-t2-07 KEY
    """
    state = state_directory(config, state_dir)
    become_owner(state)
    key = load_or_make(state)
    click.echo(bytes(key.verify_key).hex())


@list_.command()
@state_options
def find(config: Path | None, state_dir: Path | None) -> None:
    """Find a person by IIN: show their place and status.  The IIN is read from stdin.

    For gates where staff check people by IIN ([staff] iin_check).  The number is not stored.

    \b
    Example:
      gate list find --config gate.toml
    """
    state = places(config, state_dir)
    become_owner(state.state_dir)
    typed = click.prompt("IIN", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if fault := iin_fault(iin := typed.strip()):
        raise UsageError(f"this is no IIN: {fault.what}", hint="Type its twelve digits again")
    device, table = load_or_make(state.state_dir), load_settings(config, config_of).sync if config else None
    idx = find_subject(iin, device, state)
    if idx is None:
        raise StoreError("nobody of this IIN is in the index", hint="Ask the authority")
    if table is not None:
        from gate.sync.signed_subjects import confirm  # python-tuf

        confirm(iin, idx, device, state, read_root(table.root))
    with _held(answered(config, state_dir)) as held:
        _must_have(held)
        click.echo(f"{idx} {held.consult(idx).name.lower()}")


@list_.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--root", type=click.Path(path_type=Path), help="The authority's root.json.  [default: as in [sync]]")
@state_options
def load(directory: Path, root: Path | None, config: Path | None, state_dir: Path | None) -> None:
    """Load a published DIRECTORY, from a USB stick for instance.

    It is loaded as `gate sync` loads one from a mirror: every file is verified by the authority's signatures.  An
    older version is refused; the list in use stays when loading fails.  A running lane verifies the new list by
    the root.json in [sync], and takes it within seconds; without that table it takes it at once.
    """
    state = places(config, state_dir)
    by_iin = config is not None and load_settings(config, config_of).staff.iin_check
    root = root or _root(config, state)
    become_owner(state.list_dir)
    if not os.access(directory, os.R_OK | os.X_OK):
        hint = "Copy it to a folder that everybody may read, or mount the medium so"
        raise UsageError(f"{directory} cannot be read by the user of {state.list_dir}", hint=hint)
    key = load_public(state.state_dir) if by_iin else None
    source = ListSource((directory.resolve().as_uri(),), root, state, inf, key)
    outcome = attempt(source, sync_times(state), MirrorOrder(source.mirrors), Rank.LOAD)
    how = f"taken over ({outcome.way})" if outcome.changed else "held already"
    click.echo(f"list {outcome.version} of {day(outcome.as_of)} with {outcome.listed} people: {how}")


def _root(config: Path | None, where: Places) -> Path:
    """Return the root.json to use: the configured one, or that of an earlier load."""
    table = load_settings(config, config_of).sync if config else None
    if table is not None:
        return table.root
    if (where.list_dir / "tuf" / "root.json").exists():
        return where.list_dir / "tuf" / "root.json"
    raise UsageError("no root.json is given", hint="Give --root root.json, from the authority's folder")


@contextmanager
def _held(state: Places) -> Iterator[StatusList]:
    with closing(StatusList(state)) as held:
        held.refresh()
        yield held


def _must_have(held: StatusList) -> None:
    if held.state.version is None:
        raise StoreError("there is no list yet", hint="Load one: `gate list load DIR`")


def _facts(state: ListState, limits: AgeLimits, clock: GateClock) -> dict[str, object]:
    now = clock.now()
    return {
        "freshness": limits.grade(state.as_of, now).value,
        "version": state.version,
        "as_of": None if state.as_of is None else day(state.as_of),
        "age": None if state.as_of is None else age_in_words(now - state.as_of, "en"),
        "age_s": None if state.as_of is None else round(now - state.as_of),
        "places": state.size,
        "listed": state.listed,
        "trust": state.trust.version if state.trust else None,
        "issuers": ", ".join(sorted(state.trust.names)) if state.trust else None,
        "rules": state.rules.version if state.rules else None,
        "clock": clock.standing().value,
        "ntp": read_ntp().value,
    }


def _judged_by(state: Places) -> str:
    """Return whose time the list is judged by: without one that the lane has kept, a clock that is ahead counts."""
    return "of the lane" if read_kept(state).floor is not None else "signed time and the system's clock"


def _offered(config: Path | None, synced: Places) -> tuple[str | None, bool]:
    """Return the sync's offer, and whether the lane refuses it; None where no configuration names a root.json."""
    table = load_settings(config, config_of).sync if config else None
    if table is None or not os.path.lexists(synced.held_list_db):
        return None, False
    from gate.sync.takeover import examine  # python-tuf

    try:
        return f"version {examine(synced, table.root)}, signed", False
    except GateError as error:
        return f"refused: {error}", True


def _synced(state: Places, now: float) -> dict[str, object]:
    """Return the time of the last successful sync, with or without a new list."""
    last = last_sync(state)
    if last is None:
        return {"synced": None, "synced_s": None, "synced_from": None}
    ago = now - last.at
    return {"synced": f"{age_in_words(ago, 'en')} ago", "synced_s": round(ago), "synced_from": last.mirror}
