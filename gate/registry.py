"""Drivers by name, through entry points: a third party's are found as ours are.

Look drivers up before the event loop starts: entry points are read from disk.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError
from gate.logs import naming
from gate.ports.credentials import filled, refers
from gate.ports.driver import AnySpec, DriverConfig, DriverSpec

if TYPE_CHECKING:  # `gate safe-outputs` looks up one driver, and a door waits for it
    from gate.ports.camera_report import Examiner
    from gate.ports.decoder import Decoder
    from gate.ports.finder import DeviceFinder


class DriverKind(StrEnum):
    """The kinds of drivers."""

    READER = "reader"
    BARRIER = "barrier"
    INPUT = "input"
    FEEDBACK = "feedback"


_GROUPS = {
    DriverKind.READER: "gate.readers",
    DriverKind.BARRIER: "gate.barriers",
    DriverKind.INPUT: "gate.inputs",
    DriverKind.FEEDBACK: "gate.feedback",
}
_DECODERS = "gate.decoders"
_EXAMINERS = "gate.examiners"
_FINDERS = "gate.finders"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A configured device: its name in logs ("reader[0]"), its driver and its settings."""

    name: str
    spec: AnySpec
    config: DriverConfig

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        """Open the device, as `gate.ports.driver.DriverSpec.open` does; its driver's log lines name it.  Secrets are
        read each time, so one that was put right helps without a restart."""
        config = self.config
        if refers(config):
            config = await asyncio.to_thread(filled, config)
        async with AsyncExitStack() as stack:
            with naming(self.name):
                device = await stack.enter_async_context(self.spec.open(config))
            yield device


@dataclass(frozen=True, slots=True)
class Registered:
    """One row of `gate drivers`; `spec` is None when its module cannot be imported (`problem`: why)."""

    kind: DriverKind
    name: str
    spec: AnySpec | None
    problem: str = ""


def driver(kind: str, name: str) -> AnySpec:
    """Return a driver.  Raises ConfigError for a name that is unknown, registered twice or whose module does not
    import."""
    points = _points(_GROUPS[DriverKind(kind)])
    found = [point for point in points if point.name == name]
    match found:
        case [point]:
            return _load(kind, point)
        case []:
            known = ", ".join(sorted(point.name for point in points))
            raise ConfigError(
                f"there is no {kind} driver {name!r}", hint=f"Known: {known or 'none'} (see `gate drivers`)"
            )
        case _:
            raise ConfigError(
                f"{kind} driver {name!r} is registered twice", hint="Uninstall one of the packages that offer it"
            )


def config_of(kind: str, name: str) -> type[DriverConfig]:
    """Return the settings model of a driver.  Raises ConfigError as `driver` does."""
    model: type[DriverConfig] = driver(kind, name).config
    return model


def registered() -> list[Registered]:
    """Return every driver, broken ones included."""
    rows = []
    for kind, group in _GROUPS.items():
        for point in sorted(_points(group), key=lambda found: found.name):
            try:
                rows.append(Registered(kind, point.name, _load(kind, point)))
            except ConfigError as error:
                rows.append(Registered(kind, point.name, None, str(error)))
    return rows


def decoder() -> "Decoder":
    """Return the decoder of picture files.  Raises ConfigError when none is installed."""
    for point in _points(_DECODERS):
        made: Decoder = _import("decoder", point)()
        return made
    raise ConfigError("no decoder for pictures is installed", hint="Install ashyq-gate whole, drivers included")


def examiner(name: str) -> "Examiner | None":
    """Return the examiner of a reader driver's camera; None when it has none."""
    for point in _points(_EXAMINERS):
        if point.name == name:
            made: Examiner = _import("examiner", point)()
            return made
    return None


def finders(kind: str) -> "list[DeviceFinder]":
    """Return the finders of devices of one kind, in the order of their names."""
    points = sorted(_points(_FINDERS), key=lambda point: point.name)
    made: list[DeviceFinder] = [_import("finder", point)() for point in points]
    return [finder for finder in made if finder.kind == kind]


@cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group.  Read from disk once: that takes 10 ms for a hundred packages, and a
    configuration asks for each of its devices."""
    return tuple(entry_points(group=group))


def _load(kind: str, point: EntryPoint) -> AnySpec:
    spec = _import(kind, point)
    if not isinstance(spec, DriverSpec):
        raise ConfigError(
            f"{kind} driver {point.name!r} ({point.value}) is not a DriverSpec", hint="Report it to its author"
        )
    return spec


def _import(kind: str, point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{kind} driver {point.name!r} cannot be loaded ({error})", hint=f"Repair or uninstall {point.value}"
        ) from error
