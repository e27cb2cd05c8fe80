"""The line of each key in a TOML text.

`tomllib` gives values without positions, but an error needs its line.  This scanner walks a text that
`tomllib` has already accepted, so it only finds keys and checks nothing.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""`("reader", 0, "device")`: names of tables and keys, and indices in arrays from 0."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:([A-Za-z0-9_-]+)|("(?:\\.|[^"\\])*"|'[^']*'))[ \t]*""")
_STRING = re.compile(
    r'''"""(?:\\[\s\S]|[^\\])*?"{3,5}'''
    r"""|'{3}[\s\S]*?'{3,5}"""
    r"""|"(?:\\.|[^"\\])*"|'[^']*'"""
)
_PLAIN = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of every table, key and array element of a TOML text with "\\n" line ends.

    Raises ValueError where the text turns out to be invalid."""
    return _Scanner(text).run()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a key, or of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def place_for(text: str, lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line for an error about a key: its own.  For a missing key, the line where it is commented out in
    its table, else the table's."""
    line = line_of(lines, path)
    if path in lines or not path or path[:-1] not in lines:
        return line
    commented = re.compile(rf"\s*#\s*{re.escape(str(path[-1]))}\s*=")
    for number, text_line in enumerate(text.split("\n")[line:], line + 1):
        if text_line.lstrip().startswith("["):
            break
        if commented.match(text_line):
            return number
    return line


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the values and the tables of a text are, as offsets of characters."""

    values: Mapping[KeyPath, tuple[int, int]]  # begin and end of each value as it is written
    headers: Sequence[tuple[int, KeyPath]]  # begin of each `[table]`, in the order of the text


def spans(text: str) -> Spans:
    """Return the spans of a TOML text with "\\n" line ends.  Raises as `locate` does."""
    scanner = _Scanner(text)
    scanner.run()
    return Spans(scanner.values, scanner.headers)


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.headers: list[tuple[int, KeyPath]] = []
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._elements: dict[KeyPath, int] = {}  # number of [[…]] of a path so far

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            begin = self._at
            if self._next("[["):
                table = self._header(array=True)
                self._next("]]")
                self.headers.append((begin, table))
            elif self._next("["):
                table = self._header(array=False)
                self._next("]")
                self.headers.append((begin, table))
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self, *, array: bool) -> KeyPath:
        *parents, last = self._key()
        path: KeyPath = ()
        for part in parents:
            path = self._enter((*path, part))
        path = (*path, last)
        if array:
            self._elements[path] = self._elements.get(path, 0) + 1
        return self._enter(path)

    def _enter(self, path: KeyPath) -> KeyPath:
        """Return the path of a header's table: for an array of tables, its newest element."""
        self._note(path)
        if count := self._elements.get(path):
            path = (*path, count - 1)
            self._note(path)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path)
        self._next("=")
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while found := _KEY.match(self._text, self._at):
            self._at = found.end()
            parts.append(found[1] or tomllib.loads(f"key = {found[2]}")["key"])
            if not self._next("."):
                return parts
        raise ValueError(f"no key at character {self._at}")

    def _value(self, path: KeyPath) -> None:
        self._skip(_BLANK)
        self._note(path)
        begin = self._at
        if self._next("["):
            self._array(path)
        elif self._next("{"):
            self._inline_table(path)
        elif not self._skip(_STRING) and not self._skip(_PLAIN):
            raise ValueError(f"no value at character {self._at}")
        self.values[path] = begin, self._at

    def _array(self, path: KeyPath) -> None:
        place = 0
        self._skip(_BLANK)
        while not self._next("]"):
            self._value((*path, place))
            place += 1
            self._separator()

    def _inline_table(self, path: KeyPath) -> None:
        self._skip(_BLANK)
        while not self._next("}"):
            self._pair(path)
            self._separator()

    def _separator(self) -> None:
        self._skip(_BLANK)
        self._next(",")
        self._skip(_BLANK)

    def _note(self, path: KeyPath) -> None:
        self._lines.setdefault(path, bisect_right(self._starts, self._at))

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None or found.end() == self._at:
            return False
        self._at = found.end()
        return True

    def _next(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True
