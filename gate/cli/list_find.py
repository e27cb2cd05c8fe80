"""`gate list find`: a person by IIN, for staff."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gate.cli.list_places import check_held
from gate.cli.where import answered, clock_limit, places, state_options, tables_of
from gate.core.iin import iin_fault
from gate.core.model import Decision, Listing
from gate.core.reason import Reason
from gate.core.trusted_time import ClockTrust
from gate.device.owner import become_owner
from gate.errors import StoreError, UsageError
from gate.state import trusted_clock
from gate.store.device_key import load_or_make
from gate.store.list_reader import holding
from gate.store.preview import Preview
from gate.store.subjects import find_subject
from gate.texts.catalogue import reason_words

if TYPE_CHECKING:
    from gate.settings.model import Tables


@click.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: idx, status, may_enter, reason, rule.")
def find(config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Find a person by IIN; may they enter now?

    The IIN is read from stdin, and is not stored.  The answer is their place, their status, and what the rules of
    this venue and hour say to it, earlier entries included.  With --state-dir alone there are no rules to ask.

    For gates where staff check people by IIN ([staff] iin_check).  Exit 0 when the person was found.

    \b
    Example:
      gate list find
    """
    state, tables = places(config, state_dir), tables_of(config, state_dir)
    become_owner(state.state_dir)
    typed = click.prompt("IIN", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if fault := iin_fault(iin := typed.strip()):
        raise UsageError(f"this is no IIN: {fault.what}", hint="Type its twelve digits again")
    device = load_or_make(state.state_dir)
    idx = find_subject(iin, device, state)
    if idx is None:
        raise StoreError("nobody of this IIN is in the index", hint="Ask the authority")
    if tables is not None and tables.sync is not None:
        from gate.sync.round import read_root
        from gate.sync.signed_subjects import confirm  # python-tuf

        confirm(iin, idx, device, state, read_root(tables.sync.root))
    listing, decision = _verdict(idx, config, state_dir, tables)
    click.echo(json.dumps(_facts(idx, listing, decision)) if as_json else _words(idx, listing, decision))


def _verdict(
    idx: int, config: Path | None, state_dir: Path | None, tables: "Tables | None"
) -> tuple[Listing, Decision | None]:
    """Return the person's listing, and the decision on them now; None where there is no configuration."""
    where = answered(config, state_dir)
    with holding(where) as held:
        check_held(held)
        if tables is None:
            return held.consult(idx), None
    preview, clock = Preview(where, tables.policy), trusted_clock(where, clock_limit(tables))
    try:
        listing, decision = preview.decide_place(idx, clock.now())
    finally:
        preview.close()
    if clock.standing() is ClockTrust.UNTRUSTED:
        return listing, Decision(Reason.CLOCK_UNTRUSTED)
    return listing, decision


def _facts(idx: int, listing: Listing, decision: Decision | None) -> dict[str, Any]:
    return {
        "idx": idx,
        "status": listing.name.lower(),
        "may_enter": None if decision is None else decision.admitted,
        "reason": None if decision is None else decision.reason.value,
        "rule": None if decision is None else decision.rule,
        "detail": None if decision is None else decision.detail or None,
    }


def _words(idx: int, listing: Listing, decision: Decision | None) -> str:
    person = f"place {idx}, status {listing.name.lower()}"
    if decision is None:
        return f"{person}: whether they may enter, the rules of a configuration say (--config)"
    if decision.admitted:
        return f"{person}: may enter now"
    words = reason_words(decision.reason, "en").headline
    detail = f" ({decision.detail})" if decision.detail else ""
    return f"{person}: may not enter now, {decision.reason.value}: {words}{detail}"
