"""The scanner finds every key of any valid TOML text, at its line."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from gate.settings.locate import KeyPath, line_of, locate, place_for

TRICKY = '''\
# comment with [brackets] and = signs
top = 1 # = 2
"quoted key" . 'an.other' = "a # b = [c]"
date = 1979-05-27 07:32:00
[a.b]  # header comment
x.y.z = 0x1F
text = """
[not.a.table]
key = "no key" \\"""
"""   # after
raw = \'\'\'
[[nor.this]]
it''s\'\'\'\'
list = [
  1, # one
  [2, "]"],
  { in = 3, "line" = { deep = [4] } },
]
empty = {}
[[r]]
k = 1
[r.sub]
k = 2
[[r.more]]
k = 3
[[r.more]]
[[r]]
k = 4
[[r.more]]
k = 5
["quo\\u0074ed".'x y']
"" = true'''


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, item in items:
        yield from paths(item, (*path, part))


def test_a_text_that_tries_every_form() -> None:
    lines = locate(TRICKY)

    assert set(lines) == set(paths(tomllib.loads(TRICKY)))
    assert {path: lines[path] for path in lines if path[0] in ("top", "quoted key", "date")} == {
        ("top",): 2,
        ("quoted key",): 3,
        ("quoted key", "an.other"): 3,
        ("date",): 4,
    }
    assert lines["a", "b", "x", "y", "z"] == 6
    assert lines["a", "b", "raw"] == 11
    assert lines["a", "b", "list", 1, 1] == 16
    assert lines["a", "b", "list", 2, "line", "deep", 0] == 17
    assert lines["r",] == lines["r", 0] == 20
    assert lines["r", 0, "sub", "k"] == 23
    assert lines["r", 0, "more", 1] == 26
    assert lines["r", 1] == 27
    assert lines["r", 1, "more", 0, "k"] == 30
    assert lines["quoted", "x y", ""] == 32


def test_what_is_not_there_has_the_line_of_its_nearest_table() -> None:
    lines: dict[KeyPath, int] = {("a",): 5, ("a", "b"): 7}

    assert line_of(lines, ("a", "b", "c", 0)) == 7
    assert line_of(lines, ("a", "x")) == 5
    assert line_of(lines, ("x",)) == 1


def test_a_key_that_is_commented_out_is_sought_in_its_own_table_only() -> None:
    text = "[a]\n[b]\n#x = 1\n[c]\n#y = 2\n"
    lines = locate(text)

    assert place_for(text, lines, ("b", "x")) == 3
    assert place_for(text, lines, ("a", "x")) == 1
    assert place_for(text, lines, ("b", "y")) == 2
    assert place_for(text, lines, ("d",)) == 1


keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.dates(min_value=date(1000, 1, 1)),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(st.dictionaries(keys, values, max_size=4))
def test_any_document(data: dict[str, Any]) -> None:
    text = tomlkit.dumps(data)
    parsed = tomllib.loads(text)
    lines = locate(text.replace("\r\n", "\n"))

    assert set(lines) == set(paths(parsed))
    written = text.split("\n")
    for path, line in lines.items():
        if isinstance(path[-1], str):
            bare = path[-1] in written[line - 1]
            assert bare or json.dumps(path[-1])[1:-1] in written[line - 1] or "\\" in written[line - 1]
