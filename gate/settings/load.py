"""Loading of a configuration file, with all its faults reported at once."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gate.errors import ConfigError, GateError
from gate.ports.credentials import OPENING, names_in
from gate.ports.driver import FOLDER, DriverConfig
from gate.ports.inputs import InputConfig
from gate.ports.reader import ReaderConfig
from gate.settings.explain import explain
from gate.settings.locate import KeyPath, place_for
from gate.settings.model import Settings, Tables
from gate.settings.problems import Finding, SettingsError, SettingsProblem, dotted, shown
from gate.settings.text import parse_text, read_text

Device = TypeVar("Device", bound=DriverConfig)
AnyTables = TypeVar("AnyTables", bound=Tables)
Resolve = Callable[[str, str], type[DriverConfig]]
"""(kind, driver name) -> the driver's settings model.  Raises ConfigError for an unknown name.  Kinds: "reader",
"barrier", "input", "feedback".  Example: `gate.registry.config_of`."""

BASES: Mapping[str, type[DriverConfig]] = {
    "reader": ReaderConfig,
    "barrier": DriverConfig,
    "input": InputConfig,
    "feedback": DriverConfig,
}
SECRET_TABLES = frozenset({*BASES, "sync"})  # where `{credential:NAME}` is filled in
LISTS = ("reader", "input", "feedback")  # written [[reader]]; there is one barrier
MOST_DEVICES = 32  # of a kind: a lane has two or three
MOST_PROBLEMS = 20  # in one report: those after them often follow from them


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A configuration text that has been checked, with its faults.  `settings` and each of `also` are None where a
    fault keeps them from being built."""

    settings: Settings | None
    also: Mapping[str, Any]  # tables beside the gate's own, by name
    data: Mapping[str, Any]  # as the text states it; empty for a text that is not TOML
    findings: tuple[Finding, ...]
    lines: Mapping[KeyPath, int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration, and the line of each key."""

    settings: Settings
    source: Path
    lines: Mapping[KeyPath, int]  # line of each key, from 1; a key that is absent has its default


def load_settings(path: Path, resolve: Resolve) -> Settings:
    """Load a file.  Raises SettingsError (a ConfigError, exit 78) that lists every problem."""
    return read_settings(path, resolve).settings


def read_settings(path: Path, resolve: Resolve) -> Loaded:
    """Load a file as `load_settings` does, with the line of each key."""
    text = read_text(path)
    reviewed = review_text(path, text, resolve, path.absolute().parent)
    if reviewed.settings is None or reviewed.findings:
        raise SettingsError(problems_of(path, text, reviewed.findings, reviewed.lines))
    return Loaded(reviewed.settings, path, reviewed.lines)


def load_tables(path: Path) -> Tables:
    """Load a file's own tables, without those of devices: for a command beside the lane, which must not wait for the
    drivers of this gate, nor fail because of their faults.  Raises as `load_settings` does."""
    text = read_text(path)
    data, lines = parse_text(path, text)
    folder, findings = path.absolute().parent, list[Finding]()
    plain: dict[str, Any] = _plain(data, (), findings)
    own = {name: value for name, value in plain.items() if name not in BASES}
    tables: Tables | None = _check(Tables, own, (), folder, findings, BASES)
    if tables is None or findings:
        raise SettingsError(problems_of(path, text, findings, lines))
    return _tables_beside(tables, folder)


def review_text(
    path: Path, text: str, resolve: Resolve, folder: Path, also: Mapping[str, type[BaseModel]] | None = None
) -> Reviewed:
    """Check a text without raising for what its tables hold.  `path` appears in messages; relative paths start at
    `folder`.  `also`: tables that may stand beside the gate's own, each with its model.  Raises SettingsError for a
    text that is not TOML."""
    data, lines = parse_text(path, text)
    settings, more, findings = _validate(data, resolve, folder, also or {})
    return Reviewed(settings and _beside(settings, folder), more, data, tuple(findings), lines)


def problems_of(
    path: Path, text: str, findings: Sequence[Finding], lines: Mapping[KeyPath, int]
) -> list[SettingsProblem]:
    """Return the findings with their lines in the text, at most MOST_PROBLEMS and a word about the others."""
    problems = [
        SettingsProblem(str(path), place_for(text, lines, found.path), dotted(found.path), found.what, found.hint)
        for found in findings[:MOST_PROBLEMS]
    ]
    if len(findings) > MOST_PROBLEMS:
        end = text.count("\n") + 1
        problems.append(SettingsProblem(str(path), end, "", "there are more problems", "Correct those above first"))
    return problems


def _beside(settings: Settings, folder: Path) -> Settings:
    """Resolve relative paths from the file's folder, whatever the working directory of the process."""
    return _tables_beside(settings, folder).model_copy(
        update={
            "readers": tuple(_device_beside(reader, folder) for reader in settings.readers),
            "barrier": settings.barrier and _device_beside(settings.barrier, folder),
            "inputs": tuple(_device_beside(contact, folder) for contact in settings.inputs),
            "feedback": tuple(_device_beside(lamp, folder) for lamp in settings.feedback),
        }
    )


def _tables_beside(tables: AnyTables, folder: Path) -> AnyTables:
    device = tables.device
    lists = device.list_dir and folder / device.list_dir
    runs = device.run_dir and folder / device.run_dir
    named = {"state_dir": folder / device.state_dir, "list_dir": lists, "run_dir": runs}
    device = device.model_copy(update=named)
    sync = tables.sync and tables.sync.model_copy(update={"root": folder / tables.sync.root})
    kiosk = tables.kiosk
    if kiosk and kiosk.texts:
        kiosk = kiosk.model_copy(update={"texts": folder / kiosk.texts})
    desk = tables.desk.model_copy(
        update={name: value and folder / value for name, value in tables.desk if isinstance(value, Path)}
    )
    lane = tables.lane
    if lane.interlock:
        lane = lane.model_copy(update={"interlock": folder / lane.interlock})
    return tables.model_copy(update={"device": device, "sync": sync, "kiosk": kiosk, "desk": desk, "lane": lane})


def _device_beside(config: Device, folder: Path) -> Device:
    return config.model_copy(update={name: folder / value for name, value in config if isinstance(value, Path)})


def _validate(
    data: dict[str, Any], resolve: Resolve, folder: Path, also: Mapping[str, type[BaseModel]]
) -> tuple[Settings | None, dict[str, Any], list[Finding]]:
    findings: list[Finding] = []
    plain: dict[str, Any] = _plain(data, (), findings)
    own = {name: value for name, value in plain.items() if name not in BASES and name not in also}
    tables = _check(Tables, own, (), folder, findings, (*BASES, *also))
    more = {name: _check(model, plain.get(name, {}), (name,), folder, findings) for name, model in also.items()}
    devices = {kind: _devices(kind, plain.get(kind), resolve, folder, findings) for kind in BASES}
    if not plain.get("reader"):
        findings.append(
            Finding(("reader",), "there is no reader", 'Add [[reader]] with its driver, such as driver = "camera"')
        )
    if tables is None or findings:
        first: dict[KeyPath, Finding] = {}
        for found in findings:  # keep the first finding at a place: the others follow from it
            first.setdefault(found.path, found)
        return None, more, list(first.values())
    barriers = devices["barrier"]
    settings = Settings.model_validate(
        {
            **{name: getattr(tables, name) for name in Tables.model_fields},
            "readers": devices["reader"],
            "barrier": barriers[0] if barriers else None,
            "inputs": devices["input"],
            "feedback": devices["feedback"],
        }
    )
    return settings, more, []


def _plain(value: Any, path: KeyPath, findings: list[Finding]) -> Any:
    """Return the data as JSON types.  No key of a configuration takes a date, or an integer beyond 64 bits."""
    if isinstance(value, dict):
        return {key: _plain(item, (*path, key), findings) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, (*path, place), findings) for place, item in enumerate(value)]
    if isinstance(value, datetime | date | time):
        findings.append(Finding(path, f"{value} is read as a date or time", "Put it in quotes if text is meant"))
        return str(value)
    if isinstance(value, str) and OPENING in value and (fault := _reference_fault(value, path)):
        findings.append(Finding(path, *fault))
    if isinstance(value, str) and "\0" in value:
        findings.append(Finding(path, "this text holds a NUL, which no name has", "Remove it"))
        return value.replace("\0", "")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        findings.append(Finding(path, "this number is too large", "Write one that fits in 64 bits"))
        return 0
    return value


def _reference_fault(value: str, path: KeyPath) -> tuple[str, str] | None:
    """Return what is wrong with the references to secrets in a text, and what to do."""
    if path[0] not in SECRET_TABLES:
        return "no secret is filled in here", "Secrets belong to devices and to [sync]"
    try:
        names_in(value)
    except ValueError:
        return "this is no reference to a secret", "Write {credential:NAME}, the name in small letters, digits and '-'"
    return None


def _check(
    model: type[BaseModel],
    table: Any,
    place: KeyPath,
    folder: Path,
    findings: list[Finding],
    others: Collection[str] = (),
) -> Any:
    """Return the validated model, or None.  Validation goes through JSON, whose strict mode keeps TOML's types apart
    ("17" is no number, 1 is no `true`) but reads paths and enums from text.  `others`: names that are known beside the
    model's."""
    try:
        return model.model_validate_json(json.dumps(table), strict=True, context={FOLDER: folder})
    except ValidationError as error:
        found = explain(error, model, table, others)
        findings.extend(Finding((*place, *one.path), one.what, one.hint) for one in found)
    except GateError as error:  # a driver's own check may raise one
        findings.append(Finding(place, error.what, error.hint))
    return None


def _devices(kind: str, value: Any, resolve: Resolve, folder: Path, findings: list[Finding]) -> list[DriverConfig]:
    """Return the valid driver tables of one kind."""
    if value is None:
        return []
    tables: list[tuple[KeyPath, Any]]
    if kind in LISTS:
        if not isinstance(value, list):
            findings.append(Finding((kind,), "this is a list of devices", f"Write [[{kind}]] with two brackets"))
            return []
        if len(value) > MOST_DEVICES:
            what = f"{len(value)} devices of this kind, at most {MOST_DEVICES} are possible"
            findings.append(Finding((kind, MOST_DEVICES), what, "Remove the others"))
            return []
        tables = [((kind, place), table) for place, table in enumerate(value)]
    else:
        if isinstance(value, list):
            findings.append(Finding((kind,), f"a lane has one {kind}", f"Write [{kind}] with one bracket, once"))
            return []
        tables = [((kind,), value)]
    found = (_device(kind, place, table, resolve, folder, findings) for place, table in tables)
    return [device for device in found if device is not None]


def _device(
    kind: str, place: KeyPath, table: Any, resolve: Resolve, folder: Path, findings: list[Finding]
) -> DriverConfig | None:
    if not isinstance(table, dict):
        findings.append(Finding(place, f"{shown(table)} should be a table", f"Write [{kind}] and its keys below"))
        return None
    name = table.get("driver")
    if not isinstance(name, str):
        what = "this key is missing" if name is None else f"{shown(name)} should be text in quotes"
        findings.append(Finding((*place, "driver"), what, 'Write driver = "name"; `gate drivers` lists them'))
        return None
    try:
        model = resolve(kind, name)
    except ConfigError as error:
        findings.append(Finding((*place, "driver"), error.what, error.hint))
        return None
    if not issubclass(model, BASES[kind]):
        what = f"the settings of driver {name!r} are no {BASES[kind].__name__}"
        findings.append(Finding((*place, "driver"), what, "Report it to the driver's author"))
        return None
    config: DriverConfig | None = _check(model, table, place, folder, findings)
    return config
