"""`gate safe-outputs`, which systemd runs after any end of the lane.

It imports only the drivers of the outputs, because a door may be open meanwhile.  A fault elsewhere in the
configuration must not keep a door from its lock: the readable parts of the outputs are used.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from gate.cli.where import config_option
from gate.core.toml_text import parse_toml
from gate.errors import ConfigError, DeviceError
from gate.ports.driver import FOLDER, DriverConfig
from gate.registry import DriverKind, Fitted, driver

WITHIN = 4.0  # seconds for one device
TRIES, BETWEEN = 5, 0.3  # attempts, and seconds between them: a line may not be released yet, a board be busy

_LARGEST = 1 << 20  # bytes that are read of a file
_CUT_POWER = "Look at the door, and cut the power of its lock"
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_-]+)[\w.\s\"'-]*\]\]?\s*(?:#.*)?$")
_KINDS = (DriverKind.BARRIER, DriverKind.FEEDBACK)
_ANY_PULSE = "1s"  # locking ignores the pulse length; every driver accepts whole seconds


@click.command()
@config_option
def safe_outputs(file: Path) -> None:
    """Lock the outputs of a lane that was killed.

    The barrier locks, the lamps go out.  Every driver makes its device safe when it opens and when it closes
    it: each device is opened and closed once, and again if that failed.  Devices of a running lane are left
    alone.  An invalid file is used as far as it can be read.  Exit 1 when a device could not be opened.
    """
    outputs, problems = outputs_in(file)
    problems += asyncio.run(make_safe(outputs))
    for problem in problems:
        click.echo(f"gate: {problem}", err=True)
    sys.exit(1 if problems else 0)


def outputs_in(file: Path) -> tuple[list[Fitted], list[str]]:
    """Return barrier and lamps of the file, and the faults of those that cannot be used, one line each.  Raises
    ConfigError when the file cannot be read at all."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", hint=_CUT_POWER) from error
    outputs, problems = list[Fitted](), list[str]()
    for kind in _KINDS:
        tables = _tables(text, kind)
        if tables is None:
            problems.append(f"{file}: [{kind}] cannot be read. {_CUT_POWER}; then see `gate config check {file}`")
            continue
        for number, table in enumerate(tables):
            name = kind.value if kind is DriverKind.BARRIER else f"{kind}[{number}]"
            try:
                outputs.append(_fitted(kind, name, table, file.absolute().parent))
            except Exception as error:  # noqa: BLE001 - whatever one table is, the others are made safe
                problem = str(error) if isinstance(error, ConfigError) else "its table is wrong"
                problems.append(f"{name}: {problem}. {_CUT_POWER}; then see `gate config check {file}`")
    return outputs, problems


def _tables(text: str, kind: DriverKind) -> list[dict[str, Any]] | None:
    """Return the tables of one kind; None when they cannot be read.  Of a file that is not TOML, only the lines
    of this kind are parsed; of those, if they are not TOML either, the ones that are."""
    for part in _readings(text, kind):
        try:
            found = parse_toml(part).get(kind.value, [])
        except ValueError:
            continue
        tables = found if isinstance(found, list) else [found]
        return tables if all(isinstance(table, dict) and (table or part is text) for table in tables) else None
    return None


def _readings(text: str, kind: DriverKind) -> Iterator[str]:
    """Yield the text, then the lines of this kind's tables, then those of them that are TOML by themselves."""
    yield text
    own = list(_own_lines(text, kind))
    yield "".join(own)
    yield "".join(filter(_is_toml, own))


def _is_toml(line: str) -> bool:
    try:
        parse_toml(line)
    except ValueError:
        return False
    return True


def _own_lines(text: str, kind: DriverKind) -> Iterator[str]:
    inside = False
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            inside = header[1] == kind.value
        if inside:
            yield line


def _fitted(kind: DriverKind, name: str, table: dict[str, Any], folder: Path) -> Fitted:
    """Return the device.  Raises ConfigError and ValidationError."""
    spec = driver(kind, str(table.get("driver", "")))
    try:
        config: DriverConfig = spec.config.model_validate(table, context={FOLDER: folder})
    except ValidationError as error:
        wrong = {place["loc"][0] for place in error.errors() if place["loc"]}
        usable = {key: value for key, value in table.items() if key not in wrong}
        if "pulse" not in usable and "pulse" in spec.config.model_fields:
            usable["pulse"] = _ANY_PULSE
        config = spec.config.model_validate(usable, context={FOLDER: folder})
    beside = {key: folder / value for key, value in config if isinstance(value, Path)}
    return Fitted(name, spec, config.model_copy(update=beside))


async def make_safe(outputs: list[Fitted]) -> list[str]:
    """Make all outputs safe at once, because a door cannot wait for a lamp.  Return the faults, one line each."""
    results = await asyncio.gather(*(_open_and_close(fitted) for fitted in outputs))
    return [problem for problem in results if problem]


async def _open_and_close(fitted: Fitted) -> str:
    problem = f"{fitted.name}: no answer within {WITHIN:.0f} s. {_CUT_POWER}"
    try:
        async with asyncio.timeout(WITHIN):
            for _ in range(TRIES):
                try:
                    async with fitted.open():
                        return ""
                except DeviceError as error:
                    problem = f"{fitted.name}: {error}"
                await asyncio.sleep(BETWEEN)
    except TimeoutError:
        return problem
    except Exception as error:  # noqa: BLE001 - a defect in a lamp's driver must not keep the door from its lock
        return f"{fitted.name}: {error!r}. {_CUT_POWER}"
    return problem
