"""`gate config`: check, show and begin configuration files."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from gate import registry
from gate.cli.where import CONFIG_VARIABLE, config_file
from gate.device.config_check import missing_in, warnings_of
from gate.device.templates import VENUES, venue_file
from gate.errors import ConfigError, UsageError
from gate.settings.load import Loaded, read_settings
from gate.settings.problems import SettingsError, SettingsProblem, dotted
from gate.settings.reference import DriverOffer, reference, schema
from gate.settings.review import effective
from gate.settings.zones import find_zone, local_time

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path), envvar=CONFIG_VARIABLE)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group()
def config() -> None:
    """Check, show and create configuration files."""


@config.command()
@_FILE
@_JSON
def check(file: Path | None, as_json: bool) -> None:
    """Show every error in FILE.

    Each with its line and what to do.  FILE is by default the one that GATE_CONFIG names, or /etc/gate/gate.toml.

    Exit 0: valid, perhaps with warnings.  Exit 78: invalid."""
    file = config_file(file)
    try:
        loaded = read_settings(file, registry.config_of)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(_line("error", problem) if as_json else str(problem), err=not as_json)
        sys.exit(error.exit_code)
    except ConfigError as error:
        if not as_json:
            raise
        click.echo(_line("error", SettingsProblem(str(file), 1, "", error.what, error.hint)))
        sys.exit(error.exit_code)
    if missing := missing_in(loaded):
        for problem in missing:
            click.echo(_line("error", problem) if as_json else str(problem), err=not as_json)
        sys.exit(ConfigError.exit_code)
    now = time.time()
    for warning in warnings_of(loaded, now):
        click.echo(_line("warning", warning) if as_json else f"warning: {warning}")
    zone = loaded.settings.venue.timezone
    local, data = local_time(zone, now), str(find_zone(zone).used)
    if as_json:
        click.echo(json.dumps({"level": "good", "file": str(file), "local_time": local, "zone_data": data}))
        return
    click.echo(f"{file}: the venue's clock shows {local} now, by {data}")
    click.echo(f"{file}: good, {_in_short(loaded)}")


@config.command()
@_FILE
@_JSON
def show(file: Path | None, as_json: bool) -> None:
    """Show every value in effect, and its origin.

    The origin is a line in FILE, or "default".  FILE is by default the one that GATE_CONFIG names, or
    /etc/gate/gate.toml."""
    file = config_file(file)
    loaded = read_settings(file, registry.config_of)
    rows = [(dotted(row.path), row.value, row.line) for row in effective(loaded)]
    if as_json:
        for key, value, line in rows:
            origin = "default" if line is None else "file"
            click.echo(json.dumps({"key": key, "value": value, "origin": origin, "line": line}, ensure_ascii=False))
        return
    written = [
        (f"{key} = {_toml(value)}", "default" if line is None else f"{file}:{line}") for key, value, line in rows
    ]
    width = max(len(text) for text, _ in written)
    for text, origin in written:
        click.echo(f"{text:<{width}}  {origin}")


@config.command("schema")
@click.option("--toml", "as_toml", is_flag=True, help="Print a commented TOML file with every key instead.")
@_JSON
def schema_command(as_toml: bool, as_json: bool) -> None:
    """Print the JSON Schema of configurations.

    Drivers are included."""
    offers = _offers()
    if as_toml:
        click.echo(reference(offers), nl=False)
        return
    click.echo(json.dumps(schema(offers), ensure_ascii=False, indent=None if as_json else 2))


@config.command()
@click.option("--venue", type=click.Choice(VENUES), required=True, help="The kind of venue.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, in place of stdout; an existing file is not replaced.",
)
def init(venue: str, output: Path | None) -> None:
    """Write a commented configuration file.

    It fits the kind of venue.  Replace every value that is marked FILL IN; `gate config check` reports the rest of
    them."""
    text = venue_file(venue)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{output} exists", hint="Choose another name, or remove it first") from error
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written ({error.strerror})", hint="Choose a folder you may write to"
        ) from error
    click.echo(f"{output}: written. Fill in the lines marked FILL IN, then run `gate config check {output}`")


def _offers() -> list[DriverOffer]:
    return [
        DriverOffer(row.kind.value, row.name, row.spec.config, row.spec.summary, row.spec.simulated)
        for row in registry.registered()
        if row.spec is not None
    ]


def _in_short(loaded: Loaded) -> str:
    settings = loaded.settings
    readers = ", ".join(reader.driver for reader in settings.readers)
    barrier = settings.barrier.driver if settings.barrier else "none"
    return f"device {settings.device.id}, mode {settings.lane.mode}, reader {readers}, barrier {barrier}"


def _line(level: str, problem: SettingsProblem) -> str:
    return json.dumps({"level": level, **problem.as_dict()}, ensure_ascii=False)


def _toml(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)
