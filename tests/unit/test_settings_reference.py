"""`config/gate.toml` and the JSON Schema say what the models say: every key, and no other."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from gate import registry
from gate.ports.driver import Duration
from gate.settings.explain import model_of, names
from gate.settings.model import Tables
from gate.settings.reference import DriverOffer, reference, schema
from gate.settings.tables import TABLES

ROOT = Path(__file__).parents[2]
GATE_TOML = ROOT / "config" / "gate.toml"
REMAKE = "config/gate.toml is not what the models say: gate config schema --toml > config/gate.toml"
BLOCK = re.compile(r'^#\[{1,2}(\w+)\]{1,2}\n#driver = "(\w+)"\n', re.MULTILINE)


def shipped() -> list[DriverOffer]:
    """Our own drivers, whatever else is installed on this machine."""
    ours = {
        (kind, point.name)
        for kind in registry.DriverKind
        for point in entry_points(group=f"gate.{kind}s" if kind != "feedback" else "gate.feedback")
        if point.value.startswith("drivers.")
    }
    return [
        DriverOffer(row.kind.value, row.name, row.spec.config, row.spec.summary, row.spec.simulated)
        for row in registry.registered()
        if row.spec and (row.kind, row.name) in ours
    ]


OFFERS = shipped()
OWN = [(name, model) for name, field in Tables.model_fields.items() if (model := model_of(field))]


def driver_blocks() -> dict[tuple[str, str], str]:
    """(kind, driver) -> the lines of its block after the driver key."""
    text = GATE_TOML.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    ends = [*(block.start() for block in found[1:]), len(text)]
    return {(one[1], one[2]): text[one.end() : end] for one, end in zip(found, ends, strict=True)}


def keys_of(block: str) -> dict[str, str]:
    """Key -> what is written for it, "" for one that is left open."""
    return dict(re.findall(r"^#?(\w+) =[ ]?(.*)$", block, re.MULTILINE))


def test_the_file_is_up_to_date() -> None:
    assert GATE_TOML.read_text(encoding="utf-8") == reference(OFFERS), REMAKE


def test_every_shipped_driver_is_there() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    kinds = {"gate.readers": "reader", "gate.barriers": "barrier", "gate.inputs": "input", "gate.feedback": "feedback"}
    expected = {(kind, name) for group, kind in kinds.items() for name in declared[group]}

    assert set(driver_blocks()) == expected == {(offer.kind, offer.name) for offer in OFFERS}


@pytest.mark.parametrize(("name", "model"), OWN, ids=[name for name, _ in OWN])
def test_own_tables_stand_with_their_defaults(name: str, model: type[BaseModel]) -> None:
    written = tomllib.loads(GATE_TOML.read_text(encoding="utf-8"))[name]
    required = {key: written[key] for key, field in model.model_fields.items() if field.is_required()}

    # A value that may be absent, and tables of which there may be none, are commented out.
    left_out = {key for key, field in model.model_fields.items() if field.default is None or TABLES in field.metadata}
    assert set(written) == set(model.model_fields) - left_out
    assert model.model_validate(written) == model.model_validate(required)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: f"{offer.kind}.{offer.name}")
def test_driver_tables_stand_with_their_defaults(offer: DriverOffer) -> None:
    written = keys_of(driver_blocks()[offer.kind, offer.name])
    fields = {name: field for name, field in names(offer.model).items() if name != "driver"}

    assert set(written) == set(fields)
    for name, field in fields.items():
        if field.is_required():
            assert written[name] == "" or field.examples, f"{name} is required: nothing to guess"
            continue
        default = field.get_default(call_default_factory=True)
        if default is None:
            assert written[name] == ""
        else:
            value = tomllib.loads(f"value = {written[name]}")["value"]
            assert one_field(field).validate_json(json.dumps(value), strict=True) == default


def one_field(field: FieldInfo) -> TypeAdapter[Any]:
    """Checks a value as the field alone would, without its model's own checks."""
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[(annotation, *field.metadata)] if field.metadata else annotation)


@pytest.mark.parametrize(("name", "model"), OWN, ids=[name for name, _ in OWN])
def test_every_key_is_explained(name: str, model: type[BaseModel]) -> None:
    assert model.__doc__, name
    assert [key for key, field in model.model_fields.items() if not field.description] == []


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for item in node.values():
            yield from refs(item)
    elif isinstance(node, list):
        for item in node:
            yield from refs(item)


def unbounded(node: Any, place: str) -> Iterator[str]:
    """Numbers and durations without an upper limit: what is added to one may not fit where it goes."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from unbounded(inner, f"{place}.{key}")
    if isinstance(node, dict) and (node.get("type") in ("integer", "number") or node.get("examples") == DURATIONS):
        limits = {"maximum", "exclusiveMaximum", "le", "lt", "const", "enum"}
        if not limits & node.keys():
            yield place


DURATIONS = TypeAdapter(Duration).json_schema()["examples"]


def test_every_number_has_an_upper_limit() -> None:
    assert list(unbounded({"a": {"type": "integer"}}, ""))  # it can find one
    models: list[type[BaseModel]] = [Tables, *(offer.model for offer in OFFERS)]
    for model in models:
        assert list(unbounded(model.model_json_schema(), model.__name__)) == []


def test_the_schema_holds_together() -> None:
    whole = schema(OFFERS)

    assert set(refs(whole)) <= {f"#/$defs/{name}" for name in whole["$defs"]}
    assert whole["required"] == ["device", "venue", "reader"]
    assert set(whole["properties"]) == {*Tables.model_fields, "reader", "barrier", "input", "feedback"}
    for offer in OFFERS:
        one = whole["$defs"][f"{offer.kind}.{offer.name}"]
        assert one["properties"]["driver"]["const"] == offer.name
        assert set(one["properties"]) == set(names(offer.model))
        assert one["additionalProperties"] is False


def test_the_schema_speaks_toml() -> None:
    whole = schema(OFFERS)
    hold = whole["$defs"]["LaneTable"]["properties"]["hold"]

    assert hold["type"] == "string"
    assert hold["default"] == "5s"
    assert re.fullmatch(hold["pattern"], "1.5h")
    assert "gt" not in hold
    assert '"null"' not in str(whole)
    assert "None" not in str(whole)
