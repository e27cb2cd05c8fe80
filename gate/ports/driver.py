"""The port of drivers: each module has one `DRIVER` with its name, its settings and how to open it.

A driver is found by name through an entry point (`gate.readers`, `gate.barriers`, `gate.inputs`, `gate.feedback`)
whose object is a `DriverSpec`.  Importing the module must be cheap and must not need the hardware's library: import
that inside `open`, and turn ImportError into a DeviceError that names what to install.
"""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from gate.ports.abilities import ONE_PULSE, Abilities


def to_install(packages: str, extra: str = "") -> str:
    """Return a hint with the pip of this very environment, as another's would install elsewhere; for a package of one
    of the gate's extras with the installer first.  Never by the gate's own name, which no index holds: whoever
    registered it there could have any code run."""
    by_pip = f"`{Path(sys.prefix, 'bin', 'pip')} install {packages}`"
    return f"Install the gate again `--with {extra}`, or it alone: {by_pip}" if extra else f"Install it: {by_pip}"


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(value: object) -> object:
    """Parse `"500ms"`, `"5s"`, `"10m"`, `"6h"`, `"2d"` to seconds.  A bare number has no unit and is refused."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNITS[match[2]]
    raise ValueError('a duration is a number with its unit in quotes, such as "500ms", "5s", "10m", "6h", "2d"')


def show_duration(seconds: float) -> str:
    """Format seconds in the largest unit that divides evenly: 300.0 -> "5m"."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds / _UNITS[unit])}{unit}"
    return f"{seconds * 1000:g}ms" if seconds else "0s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration, json_schema_input_type=Annotated[str, Field(examples=["500ms", "5s", "10m"])]),
    PlainSerializer(show_duration),
]
"""A pydantic field: written "5s" in TOML, seconds (float) in code."""


FOLDER = "folder"
"""In the context of validation: the folder of the configuration file, where relative paths start.  A field of type
Path is made absolute by itself; a path that is read while the settings are checked is not."""


class DriverConfig(BaseModel):
    """Base of every driver's settings.  An unknown key is an error; a guess that would move hardware
    wrongly gets no default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str


Config = TypeVar("Config", bound=DriverConfig)
Device = TypeVar("Device")


@dataclass(frozen=True, slots=True)
class DriverSpec(Generic[Config, Device]):
    """One driver.  `open(config)` gives an async context manager that claims the device and makes it safe, and on
    leaving makes it safe again and frees it.  It raises DeviceError when the device cannot be opened."""

    name: str
    config: type[Config]
    open: Callable[[Config], AbstractAsyncContextManager[Device]]
    summary: str  # one line for `gate drivers`
    needs: str = ""  # packages, groups, wiring: one line for `gate drivers`
    simulated: bool = False  # the page shows a red banner: nothing real moves
    abilities: Callable[[Config], Abilities] = lambda _: ONE_PULSE  # of a barrier, so configured
    known: Callable[[], Mapping[str, Mapping[str, str]]] = dict
    """Of a key whose values are data, such as a profile: each value, and what it stands for."""
    installed: Callable[[Config], None] = lambda _: None  # raises DeviceError for a package that is missing


AnySpec = DriverSpec[Any, Any]
