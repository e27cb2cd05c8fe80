"""Where the gate's state lies: from its configuration, or named outright."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gate.errors import UsageError
from gate.registry import config_of
from gate.runtime.clock import SystemClock
from gate.settings.load import load_settings
from gate.settings.model import ClockTable
from gate.store.floor import read_floor

USUAL = Path("/etc/gate/gate.toml")


def state_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --config and --state-dir."""
    command = click.option("--state-dir", type=click.Path(path_type=Path), help="The state directory itself.")(command)
    return click.option(
        "--config", "config", type=click.Path(path_type=Path), help=f"The device's gate.toml (usual: {USUAL})."
    )(command)


def clock_limit(config: Path | None) -> float:
    """Seconds of running on a clock that is behind until it is trusted no more."""
    return (load_settings(config, config_of).clock if config else ClockTable()).untrusted_for


def trusted_now(state_dir: Path) -> float:
    """Unix s: the system clock's, and never earlier than what the gate knows."""
    return max(SystemClock().now(), read_floor(state_dir) or 0.0)


def state_directory(config: Path | None, state_dir: Path | None) -> Path:
    """Raises UsageError when neither says, ConfigError for a bad file."""
    if state_dir is not None:
        return state_dir
    if config is None and not USUAL.exists():
        raise UsageError("it is not said where the gate's state lies", hint="Give --config FILE or --state-dir DIR")
    return load_settings(config or USUAL, config_of).device.state_dir
