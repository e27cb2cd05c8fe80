"""The answers of `gate setup`: what they are, where they come from, and what is wrong with them.

They have the form of gate.toml itself, so that every key of the configuration can be answered, and a table `[setup]`:

    [setup]
    venue = "fitness"             # the starting file: airport, cafe, fitness or station
    root = "/media/usb/root.json" # the authority's root.json, which is put beside gate.toml
    root_sha256 = "9f86d0…"       # its fingerprint, as the authority gave it
    without = ["input"]           # tables that this device does without: reader, barrier, input or sync
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gate import registry
from gate.device.config_check import missing_in
from gate.device.root_of_trust import plain_fingerprint, read_root_of_trust
from gate.device.setup.fill import fill_in
from gate.device.templates import VENUES, venue_file
from gate.errors import ConfigError
from gate.settings.explain import explain
from gate.settings.load import Loaded, read_settings
from gate.settings.locate import KeyPath
from gate.settings.problems import Finding, SettingsError, SettingsProblem, dotted
from gate.settings.tables import wrong
from gate.settings.text import LARGEST, decode_text, parse_text
from gate.store.durable import read_regular

OPTIONAL = ("barrier", "input", "sync")  # tables without which a gate runs, if that is meant
_PATH_KEYS = {"root"}  # of [setup]: relative to the file of answers


class SetupTable(BaseModel):
    """The table `[setup]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    venue: Annotated[Literal["airport", "cafe", "fitness", "station"], Field(description="the starting file")]
    root: Annotated[str, Field(description="path of the authority's root.json")] = ""
    root_sha256: Annotated[str, Field(description="fingerprint of root.json, as the authority gave it")] = ""
    without: Annotated[
        tuple[Literal["barrier", "input", "sync"], ...], Field(description="tables that this device does without")
    ] = ()

    @field_validator("root_sha256")
    @classmethod
    def _fingerprint(cls, value: str) -> str:
        if value and plain_fingerprint(value) is None:
            raise wrong(
                "this is no fingerprint of 64 hex digits", "It is the SHA-256 of root.json: `sha256sum root.json`"
            )
        return value


@dataclass(slots=True)
class SetupAnswers:
    """Answers so far.  `tables`: as in gate.toml, with `[setup]`."""

    tables: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, tuple[str, int]] = field(default_factory=dict)  # key -> file, line

    def table(self, name: str) -> dict[str, Any]:
        """Return a table of the gate's own, made if there is none."""
        table: dict[str, Any] = self.tables.setdefault(name, {})
        return table

    @property
    def setup(self) -> dict[str, Any]:
        return self.table("setup")

    @property
    def configuration(self) -> dict[str, Any]:
        """Return the tables of gate.toml."""
        return {name: table for name, table in self.tables.items() if name != "setup"}

    def text(self) -> str:
        """Return the configuration, written into the venue's starting file."""
        venue = self.setup["venue"]
        title = f"# Made by `gate setup` from the starting file of kind {venue}."
        without = [name for name in self.setup.get("without", ()) if name in OPTIONAL]
        return fill_in(venue_file(venue), title, self.configuration, without)


def read_answers(files: Sequence[Path]) -> SetupAnswers:
    """Read files of answers; a later one overrides keys of those before it.  Raises SettingsError."""
    answers = SetupAnswers()
    problems: list[SettingsProblem] = []
    for file in files:
        try:
            tables, lines = parse_text(file, _text(file))
        except SettingsError as error:
            problems += error.problems
            continue
        answers.places |= {path: (str(file), line) for path, line in lines.items()}
        _merge(answers.tables, _beside(tables, file.absolute().parent))
    if problems:
        raise SettingsError(problems)
    return answers


def find_problems(answers: SetupAnswers, written: Path, source: str) -> list[SettingsProblem]:
    """Return everything that is wrong or missing, each with its place in the answers.

    `written`: a file for the configuration, in the folder in which it will be.  `source`: the name of the answers for
    what is in none of their files."""
    findings = [*_about_shapes(answers.tables), *_about_setup(answers)]
    if not any(found.path in ((), ("setup", "venue")) or len(found.path) == 1 for found in findings):
        written.write_text(answers.text(), encoding="utf-8")
        missing = list(_missing_tables(answers))
        examples = {found.path for found in missing}  # what the starting file has in their place says nothing
        findings += [found for found in _about_configuration(written) if found.path[:1] not in examples]
        findings += [*missing, *_about_root(answers, written.parent)]
    return [_placed(found, answers, source) for found in dict.fromkeys(findings)]


def load(written: Path) -> Loaded:
    """Return the configuration.  Raises SettingsError."""
    return read_settings(written, registry.config_of)


def _about_shapes(tables: Mapping[str, Any]) -> Iterator[Finding]:
    for name, table in tables.items():
        if name in ("reader", "input", "feedback"):
            if not isinstance(table, list) or not all(isinstance(one, Mapping) for one in table):
                yield Finding((name,), "this is a list of devices", f"Write [[{name}]] with two brackets")
        elif isinstance(table, list):
            yield Finding((name,), "this is one table", f"Write [{name}] with one bracket, once")
        elif not isinstance(table, Mapping):
            yield Finding((name,), "this key is in no table", "Write it below its table, such as [setup] or [device]")


def _about_setup(answers: SetupAnswers) -> list[Finding]:
    table = answers.tables.get("setup", {})
    if not isinstance(table, Mapping):
        return []  # its shape was reported
    try:
        SetupTable.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        found = [Finding(("setup", *one.path), one.what, one.hint) for one in explain(error, SetupTable, table)]
        venues = ", ".join(VENUES)
        return [
            Finding(one.path, one.what, f"Name the starting file: {venues}") if one.path[-1] == "venue" else one
            for one in found
        ]
    return []


def _about_configuration(written: Path) -> list[Finding]:
    try:
        loaded = load(written)
    except SettingsError as error:
        return [Finding(_path(problem.key), problem.what, problem.hint) for problem in error.problems]
    return [Finding(_path(problem.key), problem.what, problem.hint) for problem in missing_in(loaded)]


def _missing_tables(answers: SetupAnswers) -> Iterator[Finding]:
    """Yield tables that were neither answered nor declined: the starting file's own are only examples."""
    without = answers.setup.get("without", ())
    starting = tomllib.loads(venue_file(answers.setup["venue"]))
    for name, example in (("reader", "camera"), ("barrier", "gpio_relay"), ("input", "gpio")):
        if name in answers.tables or name in without or name not in starting:
            continue
        header = f"[{name}]" if name == "barrier" else f"[[{name}]]"
        hint = f'Add {header} with its driver, such as driver = "{example}"'
        if name in OPTIONAL:
            hint += f', or write without = ["{name}"] under [setup]'
        yield Finding((name,), "no answer names it", hint)


def _about_root(answers: SetupAnswers, folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with root.json: the one that is named, or the one that is there."""
    if "sync" in answers.setup.get("without", ()):
        return
    named = answers.setup.get("root")
    kept = folder / str(answers.tables.get("sync", {}).get("root", "root.json"))
    if named and kept.parent != folder:
        yield Finding(("sync", "root"), "root.json is put beside gate.toml", 'Leave this key out, or write "root.json"')
    if not named and not kept.is_file():
        hint = 'Write root = "/path/of/root.json" under [setup]: the authority gives it'
        yield Finding(("setup", "root"), "no answer names the authority's root.json", hint)
        return
    try:
        read_root_of_trust(Path(named or kept), str(answers.setup.get("root_sha256", "")))
    except ConfigError as error:
        yield Finding(("setup", "root"), error.what, error.hint)


def _placed(found: Finding, answers: SetupAnswers, source: str) -> SettingsProblem:
    path = found.path
    while path and path not in answers.places:
        path = path[:-1]
    file, line = answers.places.get(path, (source, 1))
    return SettingsProblem(file, line, dotted(found.path), found.what, found.hint)


def _path(key: str) -> KeyPath:
    """Return the path of a dotted key: the reverse of `dotted`."""
    parts = key.replace("[", ".").replace("]", "").split(".") if key else []
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _merge(into: dict[str, Any], tables: Mapping[str, Any]) -> None:
    for name, value in tables.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict) and name != "barrier":
            _merge(known, value)
        else:
            into[name] = value


def _beside(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    setup = tables.get("setup")
    if isinstance(setup, dict):
        for key in _PATH_KEYS & setup.keys():
            if isinstance(setup[key], str):
                setup[key] = str(folder / setup[key])
    return tables


def _text(file: Path) -> str:
    """Read a file of answers.  Raises SettingsError."""
    try:
        raw = read_regular(file, LARGEST + 1)
    except OSError as error:
        raise _unusable(file, f"cannot be read ({error.strerror})", "Name a file of answers") from error
    if raw is None or len(raw) > LARGEST:
        raise _unusable(file, "this is no file of answers", f"Name a TOML file of at most {LARGEST // 1024} KiB")
    return decode_text(file, raw)


def _unusable(file: Path, what: str, hint: str) -> SettingsError:
    return SettingsError([SettingsProblem(str(file), 1, "", what, hint)])
