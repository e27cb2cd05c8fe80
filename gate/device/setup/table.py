"""The questions about one table of a device: made from its driver's own settings, a third party's as ours."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gate import registry
from gate.device.setup.interview import Choice, Interview
from gate.errors import GateError
from gate.ports.driver import FOLDER, DriverConfig
from gate.settings.explain import explain
from gate.settings.problems import Finding

_TRIES = 20  # rounds of questions about one table: a driver whose own check cannot be met must not ask for ever


def ask_table(
    interview: Interview, kind: str, known: Mapping[str, Any], folder: Path, likely: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Ask for the keys that a device still needs, until its driver accepts the table.  Returns the table.

    `known`: keys that are settled, the driver's name among them.  `folder`: where relative paths start.  `likely`:
    values to offer, where the driver has such a key."""
    table = dict(known)
    model = registry.config_of(kind, str(table["driver"]))
    for name, value in (likely or {}).items():
        if name in model.model_fields and name not in table and not model.model_fields[name].is_required():
            table[name] = value
    for _ in range(_TRIES):
        wrong = _findings(model, table, folder)
        if not wrong:
            return table
        for found in wrong:
            name = str(found.path[0]) if found.path else ""
            if name in model.model_fields and name != "driver":
                if name in table or model.model_fields[name].is_required() is False:
                    interview.say(f"{found.what}. {found.hint}", "  ")
                table[name] = _ask_key(interview, model, name, (likely or {}).get(name))
            elif not _ask_about_whole(interview, model, table, found):
                raise GateError(found.what, hint=found.hint)
    raise GateError(f"driver {table['driver']} accepts none of these answers", hint="Write its table by hand")


def ask_driver(interview: Interview, kind: str) -> str:
    """Ask for one of the installed drivers that move or see something real."""
    rows = [row for row in registry.registered() if row.kind.value == kind and row.spec and not row.spec.simulated]
    choices = [Choice(row.name, f"{row.name}: {row.spec.summary}") for row in rows if row.spec]
    return str(interview.choose("Which driver", choices))


def _findings(model: type[DriverConfig], table: Mapping[str, Any], folder: Path) -> list[Finding]:
    try:
        model.model_validate_json(json.dumps(table), strict=True, context={FOLDER: folder})
    except ValidationError as error:
        return explain(error, model, table)
    except GateError as error:
        return [Finding((), error.what, error.hint)]
    return []


def _ask_about_whole(interview: Interview, model: type[DriverConfig], table: dict[str, Any], found: Finding) -> bool:
    """Ask for the key that a driver's check of the whole table names first ("pulse is missing: …"); return whether it
    names one."""
    words = found.what.replace(":", " ").split()
    name = next((word for word in words if word in model.model_fields and word != "driver"), None)
    if name is None:
        return False
    if found.what.startswith("leave "):
        table.pop(name, None)
    else:
        interview.say(f"{found.what}. {found.hint}", "  ")
        table[name] = _ask_key(interview, model, name, None)
    return True


def _ask_key(interview: Interview, model: type[DriverConfig], name: str, likely: object) -> Any:
    properties = model.model_json_schema()
    field = properties["properties"][name]
    about = str(field.get("description", ""))
    default = None if likely is None else str(likely)
    meaning = about.partition(";")[0]
    allowed = _allowed(field, properties)
    if allowed:
        interview.say(f"{name}: {meaning}")
        place = allowed.index(likely) if likely in allowed else None
        return interview.choose(name, [Choice(value, str(value)) for value in allowed], default=place, about=about)
    kinds = {one.get("type") for one in field.get("anyOf", [field])}
    interview.say(f"{name}: {meaning}")
    if "boolean" in kinds:
        return interview.confirm(name, default=bool(likely) if likely is not None else None)
    if "integer" in kinds:
        return interview.parsed(name, whole_number, default=default, about=about)
    if "array" in kinds:
        return interview.parsed(name, str.split, default=default, about=about)
    return interview.text(name, default=default, about=about)


def whole_number(given: str) -> int:
    """Return the number.  Raises ValueError with words for a person."""
    try:
        return int(given)
    except ValueError:
        raise ValueError("Type a whole number, such as 17.") from None


def _allowed(field: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Any]:
    arms = [field, *field.get("anyOf", [])]
    named = [schema["$defs"][arm["$ref"].rpartition("/")[2]] for arm in arms if "$ref" in arm]
    return next((list(arm["enum"]) for arm in (*arms, *named) if "enum" in arm), [])
