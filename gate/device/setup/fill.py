"""Filling in a venue's starting file: line by line, so that its comments stay.

Answers have the form of the configuration itself: `{"device": {"id": "…"}, "reader": [{…}], "barrier": {…}}`.  A key of
the gate's own tables takes the place of its line.  A table of devices is written whole, below the template's comment.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.core.toml_text import quoted

DEVICES = ("reader", "barrier", "input", "feedback")

_HEADER = re.compile(r"^(#?)\[\[?(\w+)\]\]?\s*$")
_KEY = re.compile(r"^(#?)(\w+)(\s*)=")
_COMMENT = re.compile(r"""^(?:[^"'#]|"(?:\\.|[^"\\])*"|'[^']*')*?(\s*#.*)$""")
_FILL_IN = re.compile(r'FILL IN, such as (?:\[[^\]]*\]|"[^"]*"|\S+?): ')
_COLUMN = 27  # where the templates' comments begin

Block = list[str]
"""Lines between two empty ones: a comment, or a table below its comment."""


def fill_in(template: str, title: str, answers: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """Return the template's text with the answers in it.  `title`: a line of comment that takes the place of
    those about FILL IN.  `without`: tables that are left out."""
    blocks = [block.split("\n") for block in template.strip("\n").split("\n\n")]
    filled: list[Block] = []
    written: set[str] = set()
    for block in blocks:
        name = _table(block)
        if name is None:
            filled.append(_about(block, title))
        elif name in without:
            continue
        elif name not in DEVICES:
            filled.append(_own(block, answers.get(name, {})))
            written.add(name)
        elif name not in answers:
            filled.append(block)
        elif name not in written:
            filled += _devices(name, answers[name], [one for one in blocks if _table(one) == name])
            written.add(name)
    more = [name for name in answers if name not in written and name not in without]
    filled += [block for name in more if name not in DEVICES for block in [_new(name, answers[name])]]
    filled += [block for name in more if name in DEVICES for block in _devices(name, answers[name], [])]
    return "\n\n".join("\n".join(block) for block in filled) + "\n"


def in_toml(value: object) -> str:
    """Return a value in TOML, on one line."""
    match value:
        case str():
            return quoted(value)
        case Mapping():
            return "{ " + ", ".join(f"{_name(key)} = {in_toml(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(in_toml(item) for item in value) + "]"
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return in_toml(str(value))


def written_out(answers: Mapping[str, Any]) -> str:
    """Return answers as a TOML file of their own."""
    own = [_new(name, table) for name, table in answers.items() if name not in DEVICES]
    devices = [block for name in DEVICES if name in answers for block in _devices(name, answers[name], [])]
    return "\n\n".join("\n".join(block) for block in (*own, *devices)) + "\n"


def _table(block: Block) -> str | None:
    headers = (_HEADER.match(line) for line in block)
    return next((header[2] for header in headers if header), None)


def _about(block: Block, title: str) -> Block:
    """Return a comment without its lines about FILL IN, which no longer hold."""
    if any("FILL IN" in line for line in block):
        return [block[0], "#", title, "# Every key there is, with unit and default: config/gate.toml."]
    return block


def _own(block: Block, table: Mapping[str, Any]) -> Block:
    left = dict(table)
    filled = []
    for line in block:
        key = _KEY.match(line)
        if key and key[2] in left:
            filled.append(_line(f"{key[2]}{key[3]}= {in_toml(left.pop(key[2]))}", line))
        else:
            filled.append(line)
    return filled + [f"{_name(key)} = {in_toml(value)}" for key, value in left.items()]


def _line(text: str, before: str) -> str:
    comment = _COMMENT.match(before.removeprefix("#"))
    if not comment:
        return text
    words = _FILL_IN.sub("", comment[1].strip())
    return f"{text:<{_COLUMN - 1}} {words}"


def _new(name: str, table: Any) -> Block:
    keys = table.items() if isinstance(table, Mapping) else ()
    return [f"[{_name(name)}]", *(f"{_name(key)} = {in_toml(value)}" for key, value in keys)]


def _devices(name: str, tables: Any, blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of all devices of one kind, each below the comment of the template's nearest."""
    header = f"[{name}]" if name == "barrier" else f"[[{name}]]"
    unused = list(blocks)
    made = []
    for table in [tables] if isinstance(tables, Mapping) else tables:
        near = next((block for block in unused if _is_for(block, table)), None)
        if near is not None:
            unused.remove(near)
        keys = _device_lines(table, near or [])
        made.append([*_words_above(near or []), header, *keys])
    return made


def _is_for(block: Block, table: Mapping[str, Any]) -> bool:
    role = re.search(r'^#?role = "(\w+)"', "\n".join(block), re.MULTILINE)
    return role is None or role[1] == table.get("role")


def _device_lines(table: Mapping[str, Any], block: Block) -> Iterator[str]:
    """Yield the keys of a device, each with the template's comment on it."""
    lines = {key[2]: line for line in block if (key := _KEY.match(line))}
    for name in sorted(table, key=lambda name: name != "driver"):
        yield _line(f"{_name(name)} = {in_toml(table[name])}", lines.get(name, ""))


def _words_above(block: Block) -> Block:
    """Return the comment above a table, without examples of other tables: lines that are set in."""
    above = []
    for line in block:
        if _HEADER.match(line):
            break
        above.append(line)
    return [line.removesuffix("For a relay board on USB instead:").rstrip() for line in above if line[:4] != "#   "]


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else in_toml(key)
