"""The paths of the gate's state: from its configuration, or named directly."""

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
from gate.settings.load import load_settings
from gate.settings.model import DEFAULT_RUN, ClockTable, run_dir_of
from gate.state import answered_in, places_in, trusted_clock
from gate.store.places import Places, Where
from gate.store.time_floor import read_signed, read_synced
from gate.sync.times import Times

USUAL = Path("/etc/gate/gate.toml")
LANES = "lanes"  # folder beside it: NAME.toml for each gate@NAME.service


def state_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --config and --state-dir."""
    command = click.option(
        "--state-dir",
        type=click.Path(path_type=Path),
        help="The state directory, in place of --config.",
    )(command)
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path, readable=False),
        help=f"The device's gate.toml (usual: {USUAL}).",
    )(command)


def clock_limit(config: Path | None) -> float:
    """Return the seconds of running for which a clock that is behind is still trusted."""
    return (load_settings(config, config_of).clock if config else ClockTable()).untrusted_for


def sync_times(where: Where) -> Times:
    """Return the times for a sync: the lane's trusted time, or that of the list where lane.db cannot be read.  Never
    raises: the code that needs an unreadable file reports it."""
    try:
        clock = trusted_clock(where, 0.0)
    except StoreError:
        clock = GateClock(SystemClock(), Kept(as_of=read_signed(where), synced=read_synced(where)), 0.0)
    return Times(clock.now(), SystemClock().now(), clock.behind() > TOLERANCE)


def state_directory(config: Path | None, state_dir: Path | None) -> Path:
    """Return the state directory.  Raises UsageError when neither names it, ConfigError for a bad file."""
    return places(config, state_dir).state_dir


def run_directory(config: Path | None, state_dir: Path | None) -> Path:
    """Return the folder of a running lane's socket.  Raises UsageError when neither names it, ConfigError for a bad
    file."""
    if state_dir is not None:
        return run_dir_of(state_dir)
    if DEFAULT_RUN.is_dir() and not os.access(config or USUAL, os.R_OK):
        # Staff may give orders without the right to read a camera's password in it.
        if config is None or config.absolute() == USUAL:
            return DEFAULT_RUN
        if config.absolute().parent == USUAL.parent / LANES:
            return DEFAULT_RUN / config.stem
    if config is None and not USUAL.exists():
        raise UsageError("the gate's state directory is not given", hint="Give --config FILE or --state-dir DIR")
    return load_settings(config or USUAL, config_of).device.runs


def places(config: Path | None, state_dir: Path | None) -> Places:
    """Return the paths of all files.  Raises UsageError when neither names them, ConfigError for a bad file."""
    if state_dir is not None:
        return Places.of(state_dir)
    return places_in(load_settings(_named(config), config_of))


def answered(config: Path | None, state_dir: Path | None) -> Places:
    """Return `places` with the lists that the lane answers by.  Raises UsageError, ConfigError."""
    if state_dir is None:
        return answered_in(load_settings(_named(config), config_of))
    where = Places.of(state_dir)
    return where.verified if lexists(where.verified.list_db) else where


def _named(config: Path | None) -> Path:
    if config is None and not USUAL.exists():
        raise UsageError("the gate's state directory is not given", hint="Give --config FILE or --state-dir DIR")
    return config or USUAL
