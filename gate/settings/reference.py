"""The reference of the configuration: a commented file and a JSON Schema.

Both are generated from the models, so they cannot disagree with the gate.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from gate.ports.driver import DriverConfig, Duration, show_duration
from gate.settings.explain import is_duration, model_of, names
from gate.settings.load import LISTS
from gate.settings.model import Tables
from gate.settings.tables import TABLES

WIDTH = 100
_DURATION_EXAMPLES = TypeAdapter(Duration).json_schema()["examples"]
_KINDS = {
    "reader": "Readers: where codes come from. One [[reader]] each; at least one.",
    "barrier": "The barrier: what lets a person through. One, or none: then the gate only shows its answer.",
    "input": "Inputs: contacts the lane listens to. One [[input]] each, or none.",
    "feedback": "Feedback: lamps and sounds beside the page. One [[feedback]] each, or none.",
}
_HEAD = """\
# Every key of the gate's configuration: what it means, its unit and its default.
#
# This file is a reference, made from the program itself (`gate config schema --toml`).  Begin with
# `gate config init --venue KIND` instead, which writes a short file for your kind of venue, and check
# it with `gate config check FILE`.
#
# Keys of the gate's own tables stand with their defaults, required ones with an example.  Device
# tables are commented out: take the one of your driver.  An unknown key is an error.  A duration is
# a number with its unit in quotes: "500ms", "5s", "10m", "6h", "2d".
"""


@dataclass(frozen=True, slots=True)
class DriverOffer:
    """A driver that a configuration may name.  `kind`: "reader", "barrier", "input" or "feedback"."""

    kind: str
    name: str
    model: type[DriverConfig]
    summary: str
    simulated: bool = False


def reference(offers: Iterable[DriverOffer]) -> str:
    """Return the text of `config/gate.toml`."""
    blocks = [_HEAD]
    for name, field in Tables.model_fields.items():
        model = model_of(field)
        if model is not None:
            blocks.append("\n".join(_table(name, model)) + "\n")
    by_kind: dict[str, list[DriverOffer]] = {kind: [] for kind in _KINDS}
    for offer in sorted(offers, key=lambda offer: (offer.simulated, offer.name)):
        by_kind[offer.kind].append(offer)
    for kind, heading in _KINDS.items():
        blocks.append(f"\n# ==== {heading}\n")
        blocks.extend("\n".join(_device(offer)) + "\n" for offer in by_kind[kind])
    return "\n".join(blocks)


def driver_keys(offer: DriverOffer) -> str:
    """Return a driver's table, as it stands in a configuration, with every key."""
    header = f"[[{offer.kind}]]" if offer.kind in LISTS else f"[{offer.kind}]"
    return "\n".join([header, f'driver = "{offer.name}"', *_keys(offer.model, "")])


def schema(offers: Iterable[DriverOffer]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a whole file.  A device table matches one of its drivers, by name."""
    whole = Tables.model_json_schema()
    defs: dict[str, Any] = whole["$defs"]
    variants: dict[str, list[dict[str, str]]] = {kind: [] for kind in _KINDS}
    for offer in offers:
        name = f"{offer.kind}.{offer.name}"
        one = offer.model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
        defs.update({f"{name}.{inner}": body for inner, body in one.pop("$defs", {}).items()})
        one["properties"]["driver"] = {"const": offer.name, "description": offer.summary}
        defs[name] = one
        variants[offer.kind].append({"$ref": f"#/$defs/{name}"})
    for kind, heading in _KINDS.items():
        any_of: dict[str, Any] = {"anyOf": variants[kind]} if variants[kind] else {"not": {}}
        listed = {"type": "array", "items": any_of, "description": heading}
        whole["properties"][kind] = listed if kind in LISTS else {**any_of, "description": heading}
    whole["properties"]["reader"]["minItems"] = 1
    whole["required"] = [*whole["required"], "reader"]
    _as_written(whole)
    about = {"title": "Configuration of a gate", "description": "Every key, its unit, its default and its meaning."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, **about}


def _as_written(node: Any) -> None:
    """Convert a schema to TOML's types: durations are text, and there is no null."""
    if isinstance(node, list):
        for item in node:
            _as_written(item)
    if not isinstance(node, dict):
        return
    if node.get("examples") == _DURATION_EXAMPLES:
        for bound in ("gt", "ge", "lt", "le"):  # they bound the seconds, not the text
            node.pop(bound, None)
        node["pattern"] = r"^\d+(\.\d+)?(ms|s|m|h|d)$"
        if isinstance(node.get("default"), float | int):
            node["default"] = show_duration(float(node["default"]))
    if "anyOf" in node:
        node["anyOf"] = [arm for arm in node["anyOf"] if arm != {"type": "null"}]
    if "default" in node and node["default"] is None:
        del node["default"]
    if isinstance(node.get("default"), dict):
        node["default"] = {key: value for key, value in node["default"].items() if value is not None}
    for item in node.values():
        _as_written(item)


def _table(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield from _comment(" ".join((model.__doc__ or "").split()))
    yield f"[{name}]"
    yield from _keys(model, "")
    for key, field in names(model).items():
        if TABLES in field.metadata and (inner := model_of(field)):
            yield ""
            yield from _comment(" ".join((inner.__doc__ or "").split()))
            yield f"#[[{name}.{key}]]"
            yield from _keys(inner, "#")


def _device(offer: DriverOffer) -> Iterator[str]:
    yield from _comment(f'Driver "{offer.name}": {offer.summary}.' + (" Simulated." if offer.simulated else ""))
    yield f"#[[{offer.kind}]]" if offer.kind in LISTS else f"#[{offer.kind}]"
    yield f'#driver = "{offer.name}"'
    yield from _keys(offer.model, "#")


def _keys(model: type[BaseModel], mark: str) -> Iterator[str]:
    """Yield the lines of a table's keys.  `mark` precedes each key: "#" when the table is commented out."""
    whole = model.model_json_schema()
    for name, field in names(model).items():
        if name == "driver" or TABLES in field.metadata:
            continue
        if field.description:
            yield from _comment(f"{field.description}.")
        yield from _comment(f"{_form(whole['properties'][name], whole.get('$defs', {}))}. {_default(field)}")
        yield _line(name, field, mark)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "Required."
    value = field.get_default(call_default_factory=True)
    return "No default: the key may be left out." if value is None else f"Default {_toml(value, field)}."


def _line(name: str, field: FieldInfo, mark: str) -> str:
    """Return a key with its default.  Without one it has an example, and is commented out if that is missing too."""
    value = None if field.is_required() else field.get_default(call_default_factory=True)
    if value is not None:
        return f"{mark}{name} = {_toml(value, field)}"
    if field.examples and not is_duration(field):
        return f"{mark or ('' if field.is_required() else '#')}{name} = {_toml(field.examples[0], field)}"
    return f"#{name} ="


def _toml(value: object, field: FieldInfo) -> str:
    if is_duration(field) and isinstance(value, float | int):
        return json.dumps(show_duration(float(value)))
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, tuple | list | frozenset | set):
        return f"[{', '.join(_toml(item, field) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _form(node: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """Return the format of a value: `Whole number, at least 0, at most 53`."""
    if "$ref" in node:
        return _form({**defs[node["$ref"].rsplit("/", 1)[-1]], **{k: v for k, v in node.items() if k != "$ref"}}, defs)
    if "anyOf" in node:
        arms = [_form(arm, defs) for arm in node["anyOf"] if arm.get("type") != "null"]
        return " or ".join([arms[0], *(f"{arm[0].lower()}{arm[1:]}" for arm in arms[1:])])
    if "enum" in node:
        return f"One of {', '.join(json.dumps(item) for item in node['enum'])}"
    if "const" in node:
        return f"Always {json.dumps(node['const'])}"
    if node.get("examples") == _DURATION_EXAMPLES:
        return _bounded("Duration", node, show_duration)
    if node.get("type") == "array":
        inner = _form(node.get("items", {}), defs)
        return f"List of: {inner[0].lower()}{inner[1:]}"
    words = {"integer": "Whole number", "number": "Number", "boolean": "true or false", "object": "Table"}
    text = "Path" if node.get("format") == "path" else words.get(node.get("type", ""), "Text")
    return _bounded(text, node, lambda number: f"{number:.10g}")


def _bounded(text: str, node: Mapping[str, Any], show: Any) -> str:
    phrases = {
        "more than": ("exclusiveMinimum", "gt"),
        "at least": ("minimum", "ge"),
        "less than": ("exclusiveMaximum", "lt"),
        "at most": ("maximum", "le"),
    }
    for words, keys in phrases.items():
        for key in keys:
            if key in node:
                text += f", {words} {show(float(node[key]))}"
    return text


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
