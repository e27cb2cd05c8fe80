"""`gate list status`: the list in use, the list on offer, and their age."""

import json
import os
import sys
from pathlib import Path

import click

from gate.cli.moments import Moments
from gate.cli.where import answered, clock_limit, places, state_options, tables_of
from gate.core.staleness import AgeLimits, Freshness
from gate.core.trusted_time import ClockTrust, day
from gate.errors import GateError
from gate.kiosk.notices import age_in_words
from gate.runtime.clock import GateClock
from gate.runtime.ntp import read_ntp
from gate.settings.model import ListTable, Tables
from gate.state import trusted_clock
from gate.store.last_sync import last_sync
from gate.store.list_file import find_damage
from gate.store.list_reader import ListState, holding
from gate.store.places import Places
from gate.store.time_floor import read_kept


@click.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Show the lists in use and on offer, with age.

    The sync offers a list, which a running lane verifies before it takes it.  Exit 1 when nobody could enter
    with this list or by this clock, when a part of the list is damaged, or when the offered list is not the one
    that the authority signed.

    \b
    Example:
      gate list status
    """
    tables = tables_of(config, state_dir)
    limits = (tables.list if tables else ListTable()).limits
    state, synced = answered(config, state_dir), places(config, state_dir)
    clock = trusted_clock(state, clock_limit(tables))
    with holding(state) as held:
        damage, as_of = find_damage(state), held.state.as_of
        facts = _facts(held.state, limits, clock) | {"time": _judged_by(state)} | _synced(synced, clock.now())
    facts["content"] = damage or (None if facts["version"] is None else "whole")
    facts["offered"], forged = _offered(None if state_dir else tables, synced)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        if as_of is not None:
            facts["as_of"] = Moments.of(tables.venue.timezone if tables else None).show(as_of)
        for name, value in facts.items():
            click.echo(f"{name:12} {value if value is not None else '-'}")
    unable = facts["freshness"] in (Freshness.MISSING, Freshness.REFUSE) or facts["clock"] == ClockTrust.UNTRUSTED
    sys.exit(1 if unable or damage or forged else 0)


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


def _offered(tables: Tables | None, synced: Places) -> tuple[str | None, bool]:
    """Return the sync's offer, and whether the lane refuses it; None where no configuration names a root.json."""
    table = tables.sync if tables else None
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
