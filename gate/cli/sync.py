"""`gate sync`: a daemon that keeps the lists current, or one sync by hand."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cli.log_options import log_options
from gate.cli.where import config_option
from gate.device.owner import become_owner
from gate.errors import ConfigError, DeviceError, StoreError, UsageError
from gate.logs import Log
from gate.ports.credentials import fill
from gate.registry import config_of
from gate.runtime.notify import Notifier
from gate.settings.load import load_settings
from gate.settings.model import Settings
from gate.state import places_in, sync_times
from gate.store.list_file import find_damage
from gate.store.places import Places
from gate.store.sync_tries import MirrorTry, SyncRound, record_round
from gate.sync.attempt import attempt
from gate.sync.daemon import SyncDaemon
from gate.sync.lock import Rank
from gate.sync.mirror_order import MirrorOrder
from gate.sync.round import ListSource, Outcome

if TYPE_CHECKING:
    from nacl.signing import VerifyKey

log = Log(part="sync")

NICENESS = 19  # the lowest CPU weight; SCHED_IDLE would starve where the lane is busy


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Sync once, and exit; with code 1 when no mirror could be used.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the result as one JSON object.")
@log_options
def sync(file: Path, once: bool, as_json: bool) -> None:
    """Fetch the lists, and keep them current.

    They are the trust list, the rules and the statuses, from the mirrors in [sync].  Every file is verified by
    the authority's signatures, from root.json on.  A running lane takes a new list within seconds, and keeps
    its list when a sync fails.  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY apply.

    \b
    Examples:
      gate sync --config gate.toml --once
      gate sync --config gate.toml
    """
    if as_json and not once:
        raise UsageError("--json prints the result of one sync", hint="Add --once, or see the log of the daemon")
    _go_behind_the_lane()
    settings = load_settings(file, config_of)
    become_owner(places_in(settings.paths).list_dir)
    source, every = _source(settings, file)
    order = MirrorOrder(source.mirrors)
    if once:
        with _bar() as progress:
            outcome = attempt(source, sync_times(source.where), order, Rank.ONCE, progress=progress)
        click.echo(json.dumps(asdict(outcome)) if as_json else words(outcome))
        return
    notifier = Notifier()

    def round_() -> Outcome:
        tries.clear()
        return attempt(source, sync_times(source.where), order, Rank.DAEMON, daemon.tick, tries=tries)

    def record(wait: float) -> None:
        next_at = sync_times(source.where).trusted + wait
        try:
            record_round(SyncRound(tuple(tries), next_at), source.where)
        except StoreError as error:  # people who ask are not told; the lists matter more
            log.warning(str(error))

    tries: list[MirrorTry] = []
    daemon = SyncDaemon(round_, every, notifier.ping_watchdog, lambda: find_damage(source.where), record)
    notifier.ready()
    daemon.run()


def _go_behind_the_lane() -> None:
    """Lower the priority of this process, and of the visits that inherit it."""
    with suppress(OSError):  # gate-sync.service has done it already, and forbids changes
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # never preempts a lane that wakes up


def _source(settings: Settings, file: Path) -> tuple[ListSource, float]:
    if settings.sync is None:
        raise ConfigError(
            f"{file}: there is no [sync] table",
            hint="Add one with mirrors and root, or load lists by hand: `gate list load DIR`",
        )
    table, where, by_iin = settings.sync, places_in(settings.paths), settings.staff.iin_check
    key = _device_key(where) if by_iin else None
    mirrors = tuple(map(_filled, table.mirrors))
    if table.proxy is not None:  # visits to mirrors are processes of their own, and inherit it
        os.environ["http_proxy"] = os.environ["https_proxy"] = _filled(table.proxy)
    return ListSource(mirrors, table.root, where, settings.list.warn_after, key, not by_iin), table.every


def _filled(address: str) -> str:
    """Return an address with its secrets.  Raises ConfigError: without one there is nothing to try again."""
    try:
        return fill(address)
    except DeviceError as error:
        raise ConfigError(f"[sync]: {error.what}", hint=error.hint) from error


def _device_key(where: Places) -> "VerifyKey":
    from gate.store.device_key import load_public  # libsodium, for gates that check people by IIN only

    return load_public(where.state_dir)


@contextmanager
def _bar() -> Iterator[Callable[[int], None] | None]:
    """Show a progress bar when a person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only for a person: the daemon stays small
    from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("syncing"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("syncing", total=None)
        yield lambda received: bar.advance(task, received)


def words(outcome: Outcome) -> str:
    """Return one line for a person; its problems are in the log already."""
    how = "nothing new" if not outcome.changed else f"taken over ({outcome.way})"
    return (
        f"list {outcome.version} with {outcome.listed} people from {outcome.mirror}: {how}, "
        f"{outcome.received} bytes received"
    )
