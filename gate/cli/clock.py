"""`gate clock`: the gate's trusted time."""

import json
import sys
from pathlib import Path

import click

from gate.cli.moments import Moments
from gate.cli.where import answered, clock_limit, places, state_options, tables_of
from gate.core.trusted_time import ClockTrust
from gate.device.owner import as_owner
from gate.doctor.time import what_to_do
from gate.kiosk.notices import age_in_words
from gate.runtime.clock import SystemClock
from gate.runtime.ntp import read_ntp
from gate.settings.model import Tables
from gate.settings.zones import find_zone, local_time
from gate.state import trusted_clock
from gate.store.clock_reset import reset_floor
from gate.store.time_floor import read_kept


@click.group()
def clock() -> None:
    """Show the trusted time, and correct it."""


@clock.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; times are Unix seconds.")
def status(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Show how far the system clock is trusted.

    Exit 1 when nobody enters because of it (clock_untrusted).  The trusted time follows the system clock, but
    does not jump with it, and never goes below the last signed time (`signed`, continued by the running
    time).  `steady` is the time to which it returns when the clock's last step is taken back.
    """
    tables = tables_of(config, state_dir)
    where, limit, system = answered(config, state_dir), clock_limit(tables), SystemClock()
    trusted = trusted_clock(where, limit)
    standing, behind, kept = trusted.standing(), trusted.behind(), trusted.kept()
    moments = {"trusted": trusted.now(), "system": system.now(), "floor": read_kept(where).latest}
    moments |= {"steady": kept.steady, "signed": kept.signed}
    facts: dict[str, float | str | None] = {
        "standing": standing.value,
        **{name: None if moment is None else round(moment) for name, moment in moments.items()},
        "behind_s": round(behind),
        "behind_for_s": None if kept.behind_for is None else round(kept.behind_for),
        "untrusted_for_s": round(limit),
        "ntp": read_ntp().value,
        **_venue(tables, trusted.now()),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        zone = _zone(tables)
        for name, value in facts.items():
            shown = zone.show(value) if name in moments and isinstance(value, int) else value
            click.echo(f"{name:16}{'-' if shown is None else shown}")
        if standing is not ClockTrust.TRUSTED:
            click.echo(what_to_do(standing, behind))
    sys.exit(1 if standing is ClockTrust.UNTRUSTED else 0)


def _zone(tables: Tables | None) -> Moments:
    return Moments.of(tables.venue.timezone if tables else None)


def _venue(tables: Tables | None, now: float) -> dict[str, str | None]:
    """Return the venue's wall clock, which hours are read by, and the source of its time zone data."""
    if tables is None:
        return {"local": None, "zone_data": None}
    zone = tables.venue.timezone
    return {"local": local_time(zone, now), "zone_data": str(find_zone(zone).used)}


@clock.command()
@state_options
@click.option("--list-is-wrong", is_flag=True, help="The list contains a wrong later time, too.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def reset(config: Path | None, state_dir: Path | None, list_is_wrong: bool, yes: bool) -> None:
    """Declare the system clock right.

    The later time in the journal is then wrong.  Stop the gate first.  The journal records the reset.  It is
    refused while the list is dated later: the authority signed that date, so the system clock is more likely to
    be wrong.  With --list-is-wrong the list counts as expired, and nobody enters until a newer one is loaded;
    an older one is refused.

    Check the time that is shown: with a clock set too early, expired passes would open again.
    """
    where, machine = answered(config, state_dir), SystemClock()
    now, ticks, boot = machine.now(), machine.since_boot(), machine.boot()
    shown = _zone(tables_of(config, state_dir)).show(now)
    if not yes:
        click.confirm(f"The system clock says {shown}. Is that the time?", abort=True)
    with as_owner(where.state_dir):
        synced = places(config, state_dir)
        back = reset_floor(where, now, synced, list_is_wrong=list_is_wrong, ticks=ticks, boot=boot, as_owner=as_owner)
    click.echo(f"the gate's time went back by {age_in_words(back, 'en')}, to {shown}; the journal says so")
    if list_is_wrong:
        click.echo("Nobody enters by the list that is held: `gate sync --once` or `gate list load DIR`")
