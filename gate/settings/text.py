"""The text of a configuration file, and the data in it.

No model and no library beyond the standard one: a command that needs a path only has it at once.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from gate.core.toml_text import MOST_DOTS, dotted_line
from gate.errors import ConfigError
from gate.settings.locate import KeyPath, locate
from gate.settings.problems import SettingsError, SettingsProblem

LARGEST = 64 * 1024  # bytes: the reference with all its comments has 28 KB; /dev/zero is endless
MOST_VALUES = 1000  # keys and array elements: the reference has 190
DEEPEST = 20  # nested tables and arrays: deeper ones exceed the recursion limit of code that walks them
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_text(path: Path) -> str:
    """Read a configuration file.  Raises ConfigError, and SettingsError for one that is not text."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{path}: cannot be read ({why})", hint="Name a configuration file; `gate config init` writes one"
        ) from error
    return decode_text(path, raw)


def decode_text(path: Path, raw: bytes) -> str:
    """Return a configuration file's content as text with "\\n" line ends.  Raises as `read_text` does."""
    if len(raw) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST // 1024} KiB", hint="This is not a configuration file")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")  # Notepad writes a byte order mark and CR LF
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            [SettingsProblem(str(path), line, "", "this is not UTF-8 text", "Save the file as UTF-8")]
        ) from error


def parse_text(path: Path, text: str) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    """Return a text's data, and the line of each key.  `path` appears in messages.  Raises SettingsError for a text
    that is not TOML, or beyond what a configuration holds."""
    data = _parse(path, text)
    try:
        return data, locate(text)
    except (ValueError, RecursionError):  # without line numbers, errors still name the key
        return data, {}


def _parse(path: Path, text: str) -> dict[str, Any]:
    _check_lines(path, text)
    try:
        data = tomllib.loads(text)
        _check_extent(path, data)
        return data
    except RecursionError as error:
        problem = SettingsProblem(
            str(path), 1, "", "brackets or tables are nested too deeply", "Close the brackets that were opened"
        )
        raise SettingsError([problem]) from error
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        found = _POSITION.search(str(error))
        what = _POSITION.sub("", str(error))
        line, column = (int(found[1]), int(found[2])) if found and found[1] else (text.count("\n") + 1, None)
        hint = "Correct the TOML here; text and durations need quotes, a table's name needs brackets"
        if "twice" in what or "overwrite" in what:
            hint = "It is in the file twice: keep one"
        problem = SettingsProblem(str(path), line, "", f"this is not TOML: {what[:1].lower()}{what[1:]}", hint, column)
        raise SettingsError([problem]) from error


def _check_lines(path: Path, text: str) -> None:
    """Raise SettingsError for a line that could hold a key of too many parts."""
    if (line := dotted_line(text)) is not None:
        what = f"this line has more than {MOST_DOTS} dots outside of quotes"
        raise SettingsError(
            [SettingsProblem(str(path), line, "", what, "Divide it: a table for each part of a long key")]
        )


def _check_extent(path: Path, data: object) -> None:
    """Raise RecursionError for data that is nested deeper than DEEPEST, SettingsError for more than MOST_VALUES."""
    depth, values, level = 0, 0, [data]
    while level:
        depth, values = depth + 1, values + len(level)
        if depth > DEEPEST:
            raise RecursionError
        if values > MOST_VALUES:
            what = f"more than {MOST_VALUES} keys and values"
            raise SettingsError([SettingsProblem(str(path), 1, "", what, "This is not a configuration file")])
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        ]
