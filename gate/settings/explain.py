"""Conversion of pydantic's reports into messages for a person who edits the file."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gate.core.form_error import error_text
from gate.ports.driver import parse_duration, show_duration
from gate.settings.locate import KeyPath
from gate.settings.problems import Finding, dotted, meant, shown
from gate.settings.tables import NAME_PATTERN, WORD_PATTERN, WRONG

_MOST = 50  # findings of a table: more than a report shows; "did you mean" takes 0.1 ms each
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_TYPES = {
    "int_type": "a whole number without quotes, such as 17",
    "int_from_float": "a whole number, such as 17",
    "float_type": "a number without quotes",
    "bool_type": "true or false, without quotes",
    "string_type": 'text in quotes, such as "text"',
    "tuple_type": 'a list in brackets, such as ["one", "two"]',
    "list_type": 'a list in brackets, such as ["one", "two"]',
    "dict_type": "a table",
    "model_type": "a table, with its name in brackets: [name]",
}
_PATTERNS = {
    NAME_PATTERN: "letters, digits, '.', '_' and '-', at most 63, the first a letter or digit",
    WORD_PATTERN: "small letters, digits, '_' and '-', at most 64, the first a letter or digit",
}


def explain(
    error: ValidationError, model: type[BaseModel], table: Mapping[str, Any], others: Collection[str] = ()
) -> list[Finding]:
    """Return one finding a key, at most 50.  Paths start at `table`, the data that `model` checked.

    `others`: names that are known beside the model's fields, for "did you mean"."""
    findings: dict[KeyPath, Finding] = {}
    for detail in error.errors(include_url=False):
        if len(findings) == _MOST:
            break
        finding = _finding(detail, _path(detail, table), model, others)
        findings.setdefault(finding.path, finding)  # pydantic reports a value once for each arm of a union
    return list(findings.values())


def describe(field: FieldInfo | None) -> str:
    """Return a description's first clause, the meaning; the reason of the default follows after a semicolon."""
    if field is None or not field.description:
        return "See `gate config schema`"
    return f"Meaning: {field.description.partition(';')[0]}"


def is_duration(field: FieldInfo | None) -> bool:
    """Return whether a field is a `Duration`, or a `Duration | None`."""
    return field is not None and any(
        isinstance(part, BeforeValidator) and part.func is parse_duration
        for part in (*field.metadata, *_parts(field.annotation))
    )


def model_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `Sync | None` or `tuple[Lamp, ...]`."""
    for part in _parts(field.annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def names(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields by their names in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _path(detail: ErrorDetails, table: Mapping[str, Any]) -> KeyPath:
    """Return the keys in pydantic's location, which also contains arms of unions."""
    path: list[str | int] = []
    here: Any = table
    for part in detail["loc"]:
        if isinstance(here, dict) and part in here:
            path.append(part)
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int):
            path.append(part)
            here = here[part] if part < len(here) else None
    if detail["type"] == "missing":
        path.append(detail["loc"][-1])
    elif detail["type"] == WRONG and (key := detail["ctx"]["key"]):
        path.append(key)
    return tuple(path)


def _at(model: type[BaseModel], path: KeyPath) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """Return the model that holds the last key of a path, and that key's field; None where unknown."""
    here: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for place, part in enumerate(path):
        if isinstance(part, int):
            continue
        if here is None:
            return None, None
        field = names(here).get(part)
        if place < len(path) - 1:
            here = model_of(field) if field else None
    return here, field


def _finding(detail: ErrorDetails, path: KeyPath, model: type[BaseModel], others: Collection[str]) -> Finding:
    kind, value = detail["type"], detail["input"]
    ctx: Mapping[str, Any] = detail.get("ctx", {})
    holder, field = _at(model, path)
    if kind == WRONG:
        return Finding(path, ctx["what"], ctx["hint"])
    if kind == "extra_forbidden":
        return _unknown(path, holder, others if len(path) == 1 else ())
    if kind == "missing":
        return _missing(path, field)
    if is_duration(field):
        return Finding(path, *_bad_duration(kind, ctx, value, field))
    if kind in ("literal_error", "enum"):
        return Finding(path, f"{shown(value)} is not {_choices(ctx)}", describe(field))
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return Finding(path, f"{shown(value)} must be {words} {ctx[bound]}", describe(field))
    if kind in ("string_too_short", "too_short", "string_pattern_mismatch") and not value:
        return Finding(path, f"{shown(value)} is empty", describe(field))
    if kind == "string_pattern_mismatch":
        allowed = _PATTERNS.get(ctx["pattern"], f"what fits {ctx['pattern']}")
        return Finding(path, f"{shown(value)} is not made of {allowed}", describe(field))
    if kind in _TYPES:
        return Finding(path, f"{shown(value)} should be {_TYPES[kind]}", describe(field))
    message = error_text(kind, ctx, detail["msg"]).rstrip(".")
    return Finding(path, f"{shown(value)}: {message}" if path else message, describe(field))


def _unknown(path: KeyPath, holder: type[BaseModel] | None, others: Collection[str]) -> Finding:
    known = [*(names(holder) if holder else ()), *others]
    if near := meant(str(path[-1]), known):
        return Finding(path, "unknown key", f'Did you mean "{near}"?')
    return Finding(path, "unknown key", f"Known here: {', '.join(known)}" if known else "Remove it")


def _missing(path: KeyPath, field: FieldInfo | None) -> Finding:
    if field and model_of(field):
        return Finding(path, "this table is missing", f"Add [{dotted(path)}] with its keys; see `gate config init`")
    return Finding(path, "this key is missing", f"Add it. {describe(field)}")


def _choices(ctx: Mapping[str, Any]) -> str:
    return str(ctx["expected"]).replace("'", '"')


def _bad_duration(kind: str, ctx: Mapping[str, Any], value: object, field: FieldInfo | None) -> tuple[str, str]:
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{shown(value)} must be {words} {show_duration(float(ctx[bound]))}", describe(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{shown(value)} has no unit", f'Write "{value}s" if seconds are meant; units are ms, s, m, h and d'
    return f"{shown(value)} is not a duration", 'Write a number with its unit in quotes, such as "500ms", "5s", "10m"'
