"""Where the gate's state lies: from its configuration, or named outright."""

import os
from collections.abc import Callable
from os.path import lexists
from pathlib import Path
from typing import Any

import click

from gate.core.trusted_time import TOLERANCE, Kept
from gate.errors import StoreError, UsageError
from gate.registry import config_of
from gate.runtime.clock import GateClock, SystemClock
from gate.runtime.ntp import Ntp, read_ntp
from gate.settings.load import load_settings
from gate.settings.model import DEFAULT_RUN, ClockTable, Settings, run_dir_of
from gate.store.places import Places, Where
from gate.store.time_floor import read_kept, read_signed, read_synced
from gate.sync.times import Times

USUAL = Path("/etc/gate/gate.toml")


def state_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --config and --state-dir."""
    command = click.option(
        "--state-dir",
        type=click.Path(path_type=Path),
        help="The state directory itself.",
    )(command)
    return click.option(
        "--config", "config", type=click.Path(path_type=Path), help=f"The device's gate.toml (usual: {USUAL})."
    )(command)


def clock_limit(config: Path | None) -> float:
    """Seconds of running on a clock that is behind until it is trusted no more."""
    return (load_settings(config, config_of).clock if config else ClockTable()).untrusted_for


def trusted_clock(where: Where, untrusted_for: float) -> GateClock:
    """The time as the lane judges it.  Raises StoreError for a lane.db that cannot be read."""
    synchronised = read_ntp() is Ntp.SYNCHRONISED
    return GateClock(SystemClock(), read_kept(where), untrusted_for, synchronised=synchronised)


def sync_times(where: Where) -> Times:
    """What a sync may know of the time: as the lane judges it, or as the list says where lane.db cannot be read.
    Never raises: what cannot be read is reported by whoever needs the file."""
    try:
        clock = trusted_clock(where, 0.0)
    except StoreError:
        clock = GateClock(SystemClock(), Kept(as_of=read_signed(where), synced=read_synced(where)), 0.0)
    return Times(clock.now(), SystemClock().now(), clock.behind() > TOLERANCE)


def state_directory(config: Path | None, state_dir: Path | None) -> Path:
    """Raises UsageError when neither says, ConfigError for a bad file."""
    return places(config, state_dir).state_dir


def run_directory(config: Path | None, state_dir: Path | None) -> Path:
    """Where a running lane has its socket.  Raises UsageError when neither says, ConfigError for a bad file."""
    if state_dir is not None:
        return run_dir_of(state_dir)
    if config is None and DEFAULT_RUN.is_dir() and not os.access(USUAL, os.R_OK):
        return DEFAULT_RUN  # staff may order, and need not read a camera's password for it
    if config is None and not USUAL.exists():
        raise UsageError("it is not said where the gate's state lies", hint="Give --config FILE or --state-dir DIR")
    return load_settings(config or USUAL, config_of).device.runs


def places(config: Path | None, state_dir: Path | None) -> Places:
    """Raises UsageError when neither says, ConfigError for a bad file."""
    if state_dir is not None:
        return Places.of(state_dir)
    return places_in(load_settings(_named(config), config_of))


def places_in(settings: Settings) -> Places:
    """Where a configuration says that the files lie."""
    return Places(settings.device.state_dir, settings.device.lists)


def answered(config: Path | None, state_dir: Path | None) -> Places:
    """As `places`, with the lists that the lane answers by.  Raises UsageError, ConfigError."""
    if state_dir is None:
        return answered_in(load_settings(_named(config), config_of))
    where = Places.of(state_dir)
    return where.verified if lexists(where.verified.list_db) else where


def answered_in(settings: Settings) -> Places:
    """With the lists that the lane answers by: its own, which it has verified; what a sync wrote as long as there is
    none, for a person who asks before the first `gate run`."""
    where = places_in(settings)
    return where.verified if settings.sync is not None and lexists(where.verified.list_db) else where


def _named(config: Path | None) -> Path:
    if config is None and not USUAL.exists():
        raise UsageError("it is not said where the gate's state lies", hint="Give --config FILE or --state-dir DIR")
    return config or USUAL
