"""Whatever a file says, it is read or refused in whole sentences: never a traceback."""

import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.model import Settings
from tests.unit.configurations import LEAST, SAMPLE

LINE = re.compile(r".*?gate\.toml:(\d+)(:\d+)?: .*\S")
SIGNS = st.text(st.sampled_from("[]{}=\"'#\\\n.,0aE-+_ \t\r\0й😀"), min_size=1, max_size=4)


def read(text: str) -> Settings | None:
    """None: refused.  Asserts that every line of the refusal names a line of the file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "gate.toml")
        file.write_bytes(text.encode())
        try:
            return load_settings(file, config_of)
        except ConfigError as error:
            for line in str(error).split("\n"):
                found = LINE.fullmatch(line)
                assert found, line
                assert 1 <= int(found[1]) <= text.count("\n") + 1
            return None


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A good file with a few cuts, insertions, doubled and swapped lines."""
    text = draw(st.sampled_from([SAMPLE, LEAST]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = draw(st.integers(at, min(len(text), at + 30)))
        match draw(st.sampled_from(["cut", "insert", "replace", "double", "move"])):
            case "cut":
                text = text[:at] + text[end:]
            case "insert":
                text = text[:at] + draw(SIGNS) + text[at:]
            case "replace":
                text = text[:at] + draw(SIGNS) + text[end:]
            case "double":
                text = text[:end] + text[at:]
            case "move":
                lines = text.split("\n")
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(draw(st.integers(0, len(lines) - 1))))
                text = "\n".join(lines)
    return text


scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(
        ["5s", "999d", "0s", "camera", "fake", "gpio", "high", "exit", "::1", "[::1]:1", "/", "\0", "1" * 99]
    ),
    st.datetimes(),
    st.dates(),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


@st.composite
def replaced(draw: st.DrawFn) -> str:
    """A good file in which some keys have values of any kind, or other names."""
    data: dict[str, Any] = tomllib.loads(SAMPLE)
    for _ in range(draw(st.integers(1, 3))):
        table = draw(st.sampled_from([data, *_tables(data)]))
        if table:
            key = draw(st.sampled_from(sorted(table)))
            value = table.pop(key)
            other = draw(st.one_of(st.just(key), st.text("abcdeiklmnprstuy_", min_size=1, max_size=8)))
            table[other] = draw(st.one_of(st.just(value), values))
    return tomlkit.dumps(data)


def _tables(data: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [item for value in data.values() for item in (value if isinstance(value, list) else [value])]
    return [item for item in inner if isinstance(item, dict)]


@given(mangled())
@settings(max_examples=250)
def test_a_mangled_file(text: str) -> None:
    read(text)


@given(replaced())
@settings(max_examples=120)
def test_values_of_any_kind(text: str) -> None:
    read(text)


@given(st.binary(max_size=64))
def test_bytes(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "gate.toml")
        file.write_bytes(raw)
        with pytest.raises(ConfigError, match=r"gate\.toml"):  # no 64 bytes are a configuration
            load_settings(file, config_of)


def test_the_files_that_are_mangled_are_good() -> None:
    assert read(SAMPLE) is not None
    assert read(LEAST) is not None
