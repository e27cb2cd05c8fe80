"""`gate clock`: which time the gate believes."""

import json
import sys
from pathlib import Path

import click

from gate.cli.where import clock_limit, places, state_options
from gate.core.trusted_time import Standing
from gate.kiosk.knowledge import age_in_words
from gate.runtime.clock import SystemClock, TrustedClock
from gate.runtime.ntp import read_ntp
from gate.store.clock_reset import day, reset_floor
from gate.store.floor import read_kept


@click.group()
def clock() -> None:
    """Show which time the gate believes, and correct it."""


@clock.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object; times are Unix seconds.")
def status(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Say how far the system clock is believed.  Exit 1 when nobody enters by it (clock_untrusted).

    The trusted time is the system clock's, but never earlier than the floor: the latest time that was
    signed for this gate or journalled by it.
    """
    kept, limit, system = read_kept(places(config, state_dir)), clock_limit(config), SystemClock()
    trusted = TrustedClock(system, kept, limit)
    standing, behind, ran = trusted.standing(), trusted.behind(), trusted.kept().behind_for
    facts: dict[str, float | str | None] = {
        "standing": standing.value,
        "trusted": round(trusted.now()),
        "system": round(system.now()),
        "floor": None if kept.floor is None else round(kept.floor),
        "behind_s": round(behind),
        "behind_for_s": None if ran is None else round(ran),
        "untrusted_for_s": round(limit),
        "ntp": read_ntp().value,
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for name, value in facts.items():
            shown = day(value) if name in ("trusted", "system", "floor") and isinstance(value, int) else value
            click.echo(f"{name:16}{'-' if shown is None else shown}")
        if standing is not Standing.TRUSTED:
            click.echo(_what_to_do(behind))
    sys.exit(1 if standing is Standing.UNTRUSTED else 0)


@clock.command()
@state_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(config: Path | None, state_dir: Path | None, yes: bool) -> None:
    """Declare the system clock right, when the journal speaks of a later time that never was.

    Stop the gate first.  The reset is a row of the journal.  It is refused while the list speaks of a
    later time: that was signed, and then it is the system clock that is wrong.

    Look at the time that is shown: with a clock set too early, expired passes would open again.
    """
    state, now = places(config, state_dir), SystemClock().now()
    if not yes:
        click.confirm(f"The system clock says {day(now)}. Is that the time?", abort=True)
    back = reset_floor(state, now)
    click.echo(f"the gate's time went back by {age_in_words(back, 'en')}, to {day(now)}; the journal says so")


def _what_to_do(behind: float) -> str:
    return (
        f"The system clock is {age_in_words(behind, 'en')} behind. If it is wrong, set it: `timedatectl set-time`. "
        "If it is right, the gate once had a clock that was ahead: stop the gate, then `gate clock reset`."
    )
