"""The faults of a configuration file: each with its line, its key, and what to do."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from gate.errors import ConfigError
from gate.settings.locate import KeyPath

_PASSWORD = re.compile(r"(?<=//)([^/@\s:]*):[^/@\s]+@")
_PIN_HASH = re.compile(r"(\$argon2[a-z]*\$)[^\s\"]+")  # six digits behind it are tried in a day
_LONGEST_VALUE = 80
_LONGEST_KEY = 200  # characters
_LONGEST_WHAT = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault at a key; the line is looked up later."""

    path: KeyPath
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """A fault with its line.  `str()` is one line: `gate.toml:12: lane.hold: what is wrong.  What to do`."""

    file: str
    line: int
    key: str  # dotted, array indices in brackets; "" for the file as a whole
    what: str
    hint: str
    column: int | None = None  # for syntax errors

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")
        key = f"{_cut(self.key, _LONGEST_KEY)}: " if self.key else ""
        return " ".join(f"{place}: {key}{_cut(self.what, _LONGEST_WHAT)}. {self.hint}".split())

    def as_dict(self) -> dict[str, str | int | None]:
        return asdict(self)


class SettingsError(ConfigError):
    """Error with every fault of a file; `str()` is one line a problem, in the order of the file."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems), hint="")


def dotted(path: Sequence[str | int]) -> str:
    """Return a path in dots: `("reader", 0, "device")` -> `reader[0].device`"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """Return a value in TOML, shortened, with passwords in addresses masked.  Of tables only the kind: they may hold
    any secret."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "a list of tables"
    return _cut(covered(json.dumps(value, ensure_ascii=False, default=str)), _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def covered(text: str) -> str:
    """Mask a password: `rtsp://user:secret@host` -> `rtsp://user:***@host`, and the hash of a PIN."""
    return _PIN_HASH.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word closest to a misspelt one, if any is close."""
    near = get_close_matches(word.lower(), list(known), 1, 0.6)
    return near[0] if near else None
