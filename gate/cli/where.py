"""Which gate a command means: its configuration file, and the paths of its files.

One rule for all commands: --config; else the file that the environment variable GATE_CONFIG names; else
/etc/gate/gate.toml.  --state-dir takes the place of the file, where a command needs nothing else from it.
"""

import os
from collections.abc import Callable
from functools import wraps
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gate.errors import UsageError
from gate.settings.paths import DEFAULT_RUN, DevicePaths, read_paths, run_dir_of
from gate.store.places import Places

if TYPE_CHECKING:  # an order of staff must not wait for the models of a configuration
    from gate.settings.model import Tables

USUAL = Path("/etc/gate/gate.toml")
LANES = "lanes"  # folder beside it: NAME.toml for each gate@NAME.service
CONFIG_VARIABLE = "GATE_CONFIG"


def config_as_given(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option --config for a command that may do without a file: None then, else `config_file` decides."""
    return click.option(
        *names,
        type=click.Path(path_type=Path, readable=False),
        envvar=CONFIG_VARIABLE,
        show_envvar=True,
        help=f"The device's gate.toml.  [default: {USUAL}]",
    )


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --config; the command gets the `file` to use."""

    @config_as_given("--config", "file")
    @wraps(command)
    def with_file(*arguments: Any, file: Path | None, **options: Any) -> Any:
        return command(*arguments, file=config_file(file), **options)

    return with_file


def state_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --config and --state-dir.  The command gets both as given; a --state-dir outweighs GATE_CONFIG."""

    @click.option(
        "--state-dir",
        type=click.Path(path_type=Path),
        help="The state directory, in place of --config.",
    )
    @config_as_given("--config", "config")
    @wraps(command)
    def with_places(*arguments: Any, config: Path | None, state_dir: Path | None, **options: Any) -> Any:
        source = click.get_current_context().get_parameter_source("config")
        if state_dir is not None and source is ParameterSource.ENVIRONMENT:
            config = None
        return command(*arguments, config=config, state_dir=state_dir, **options)

    return with_places


def config_file(given: Path | None, state_dir: Path | None = None) -> Path:
    """Return the configuration file to use.  Raises UsageError where none is given and the usual one is missing."""
    if given is not None:
        return given
    if USUAL.exists():
        return USUAL
    instead = "Give --config FILE" + (" or --state-dir DIR" if state_dir else "")
    raise UsageError(
        f"there is no {USUAL}, and no other configuration is named",
        hint=f"{instead}, or set {CONFIG_VARIABLE}; `gate config init` writes a file",
    )


def tables_of(config: Path | None, state_dir: Path | None) -> "Tables | None":
    """Return the configuration's own tables, without its devices; None where --state-dir takes its place.  Raises
    UsageError, ConfigError."""
    if state_dir is not None and config is None:
        return None
    from gate.settings.load import load_tables

    return load_tables(config_file(config))


def clock_limit(tables: "Tables | None") -> float:
    """Return the seconds of running for which a clock that is behind is still trusted."""
    if tables is not None:
        return tables.clock.untrusted_for
    from gate.settings.model import ClockTable

    return ClockTable().untrusted_for


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
    return _paths(config).runs


def places(config: Path | None, state_dir: Path | None) -> Places:
    """Return the paths of all files.  Raises UsageError when neither names them, ConfigError for a bad file."""
    if state_dir is not None:
        return Places.of(state_dir)
    paths = _paths(config)
    return Places(paths.state_dir, paths.lists)


def answered(config: Path | None, state_dir: Path | None) -> Places:
    """Return `places` with the lists that the lane answers by.  Raises UsageError, ConfigError."""
    if state_dir is None:
        from gate.state import answered_in

        return answered_in(_paths(config))
    where = Places.of(state_dir)
    return where.verified if lexists(where.verified.list_db) else where


def _paths(config: Path | None) -> DevicePaths:
    file = config_file(config)
    found = read_paths(file)
    if found is None:
        from gate.settings.load import load_tables

        return load_tables(file).paths  # raises: [device] or [sync] is wrong
    return found
