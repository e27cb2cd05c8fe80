"""Files of texts, one TOML file a language (`kk.toml`, `ru.toml`, `en.toml`), read and checked.

Each room that shows texts has a folder of them, and a table of TextRule: which keys there are, how long a text may be,
which placeholders it keeps.  Where the keys are many, the table is made of the English file (`rules_of`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from gate.core.toml_text import parse_toml
from gate.errors import ConfigError

LARGEST_FILE = 1 << 16  # bytes: four times the size of a language


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a text must be: at most `longest` characters, with each placeholder of `holds` once."""

    longest: int
    holds: frozenset[str] = frozenset()


Rules = Mapping[str, TextRule]  # by key, as "reasons.expired.headline"


def shipped_texts(folder: Path, language: str, rules: Rules) -> dict[str, str]:
    """Return all texts of a language by key, from a folder that is part of the gate.  Raises ConfigError."""
    try:
        found = read_texts(folder / f"{language}.toml", rules, shown(folder))
    except FileNotFoundError:
        raise ConfigError(f"{folder / language}.toml is missing", hint="Install the gate again") from None
    if missing := rules.keys() - found.keys():
        raise ConfigError(f"{language}.toml: {min(missing)} is missing", hint="Install the gate again")
    return found


def read_texts(file: Path, rules: Rules, reference: str) -> dict[str, str]:
    """Return a file's texts by key.  Raises ConfigError in one line that names file and key, and FileNotFoundError.

    `reference`: the file that has all the keys, named where one is wrong."""
    found = _read_flat(file)
    for key, value in found.items():
        if problem := _fault(rules.get(key), value, reference):
            raise ConfigError(f"{file}: {key}: {problem[0]}", hint=problem[1])
    return found


def rules_of(folder: Path, longest: Mapping[str, int]) -> Rules:
    """Return the rules that the English file gives: its keys, and the placeholders of each text.

    `longest`: characters by the beginning of a key; the longest beginning that fits counts, and "" fits all."""
    rules = {}
    for key, value in _read_flat(folder / "en.toml").items():
        most = longest[max((start for start in longest if key.startswith(start)), key=len)]
        rules[key] = TextRule(most, frozenset(name for name in _placeholders(str(value)) if name))
    return MappingProxyType(rules)


def shown(folder: Path) -> str:
    """Return the name by which a person finds the English file of a shipped folder."""
    return "/".join((*folder.parts[-2:], "en.toml"))


def _read_flat(file: Path) -> dict[str, Any]:
    """Return what a file holds, unchecked.  Raises ConfigError, and FileNotFoundError."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise ConfigError(f"{file}: more than {LARGEST_FILE >> 10} KiB", hint="Keep the texts that differ")
        tables = parse_toml(data.decode())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", hint="See its owner and rights") from error
    except ValueError as error:
        raise ConfigError(f"{file}: is no TOML in UTF-8 ({error})", hint="Compare it with the shipped file") from error
    return dict(_flat("", tables))


def _flat(before: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{before}{key}.", value)
        else:
            yield f"{before}{key}", value


def _fault(rule: TextRule | None, value: object, reference: str) -> tuple[str, str] | None:
    """Return the fault and what to do; None for a text that can be shown."""
    if rule is None:
        return "there is no such text", f"Name one of those in {reference}"
    if not isinstance(value, str) or value.strip() != value or not value or not value.isprintable():
        return "is no text", "Write one line in quotes, with no blanks around it"
    if len(value) > rule.longest:
        return f"has {len(value)} characters", f"Shorten it to {rule.longest}, or it does not fit the screen"
    expected = " and ".join(f"{{{name}}}" for name in sorted(rule.holds)) or "no braces"
    given = _placeholders(value)
    if rule.holds != set(given) or len(given) != len(rule.holds) or "{{" in value or "}}" in value:
        return "its placeholders differ", f"Write it with {expected}"
    return None


def _placeholders(text: str) -> list[str]:
    """Return the names in braces; "" stands for braces that hold anything else than a name."""
    try:
        holds = [name if not (form or turned) else "" for _, name, form, turned in Formatter().parse(text)]
    except ValueError:
        return [""]
    return [name for name in holds if name is not None]
