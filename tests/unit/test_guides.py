"""What the guides say can be done: commands with their options, scripts, keys, the driver that one of them builds.

That the files, modules and classes they name are there is a rule of the tree: see test_architecture.
"""

import importlib.util
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate import registry
from gate.core.model import Direction
from gate.settings.explain import model_of
from gate.settings.load import load_settings
from gate.settings.model import Tables
from gate.testing.barrier_contract import until
from tests.contract import serial_boards
from tests.unit.guides import FENCE, ROOT, Guide, all_options, guides, wrong

GUIDES = [Guide(path, path.read_text()) for path in guides()]
OWN = {name: set(model.model_fields) for name, field in Tables.model_fields.items() if (model := model_of(field))}
OTHERS_OPTIONS = {"--system-site-packages", "--durations", "--with"}  # of venv, of pytest, of a bundle


@pytest.fixture(params=GUIDES, ids=lambda guide: guide.path.relative_to(ROOT).as_posix())
def guide(request: pytest.FixtureRequest) -> Guide:
    found: Guide = request.param
    return found


def test_commands_exist_with_their_options(guide: Guide) -> None:
    assert list(guide.commands()) == []
    named = {code.split()[0].partition("=")[0] for code in guide.code if re.match(r"--[a-z]", code)}
    assert named - all_options() - OTHERS_OPTIONS == set()


def test_scripts_can_be_called_with_their_options(guide: Guide) -> None:
    for code in guide.code:
        for script, rest in re.findall(r"(?:^|\s)\./((?:scripts|\.ci)/[\w-]+)([^#\n]*)", code):
            assert os.access(ROOT / script, os.X_OK), script
            sources = (
                ROOT / "scripts/benchmarks",
                ROOT / "scripts/bundling",
                ROOT / "tests",
                ROOT / "tests/fuzz",
                ROOT / "tests/mutants",
                ROOT / "gate/cli",
            )
            text = "".join(file.read_text() for folder in sources for file in folder.glob("*.py"))
            assert [option for option in re.findall(r"(?<=\s)--[a-z][\w-]+", rest) if f'"{option}"' not in text] == []


def test_keys_are_those_of_their_tables(guide: Guide) -> None:
    for code in guide.code:
        for table, key in re.findall(r"^\[(\w+)\] (\w+)", code):
            assert key in OWN[table], code
    for found in FENCE.finditer(guide.text):
        if found[2] == "toml":  # keys of drivers are theirs
            for name, table in tomllib.loads(found[3]).items():
                assert name not in OWN or set(table) <= OWN[name], (name, table)


def test_a_whole_configuration_in_a_guide_is_good(guide: Guide, tmp_path: Path) -> None:
    for found in FENCE.finditer(guide.text):
        if found[2] == "toml" and "[device]" in found[3]:
            (tmp_path / "gate.toml").write_text(found[3])
            assert load_settings(tmp_path / "gate.toml", registry.config_of).readers


def test_the_guide_to_the_configuration_has_every_table_with_its_keys() -> None:
    text = (ROOT / "config" / "README.md").read_text()
    rows = re.findall(r"^\| `\[(\w+)\]` \|[^|]*\|(.*)\|$", text, re.MULTILINE)
    assert {table: set(re.findall(r"`(\w+)`", keys)) for table, keys in rows} == OWN


def test_each_decision_has_its_own_number_and_its_line_in_the_index() -> None:
    folder = ROOT / "gate" / "decisions"
    found = {path.name: path.read_text() for path in folder.glob("0*.md")}
    numbers = [int(name[:4]) for name in found]
    assert len(set(numbers)) == len(numbers) > 20
    assert [name for name, text in found.items() if not text.startswith(f"# {int(name[:4])}. ")] == []
    index = (folder / "README.md").read_text()
    lines = re.findall(r"\[(\d+)\]\((\S+?)\)", index)
    assert sorted(lines) == sorted((str(int(name[:4])), name) for name in found)


def test_the_guide_to_the_services_has_every_file_beside_it() -> None:
    folder = ROOT / "systemd"
    rows = re.findall(r"^\| \[`([\w.@-]+)`\]", (folder / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in folder.iterdir() if path.name != "README.md")


def test_the_code_tour_has_the_layers_in_their_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [set(re.findall(r"\w+", layer)) for layer in contracts[0]["layers"]]
    rows = re.findall(r"^\| (`gate/.*?) \|", (ROOT / "gate" / "README.md").read_text(), re.MULTILINE)
    assert [set(re.findall(r"`gate/(\w+)", row)) for row in rows][: len(layers)] == layers


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    """The checks themselves: each kind of untruth."""
    (tmp_path / "there.md").write_text("# One (of two) things\n")
    text = """[a](nowhere.md) [b](there.md#one-of-two-things) [c](there.md#three) [d](https://example.org/x)
`gate/nowhere.py` `gate/core/{reason,nowhere}.py` `gate/core/reason.py` `gate.core.nowhere` `gate.core.reason`
`Nowhere` `Lane.nowhere` `Lane.present` `Refused(...)`
`gate.core.reason.Nowhere` `gate.core.reason.Reason` `gate.toml` `gate lane explode` `sudo gate run --config F --fast`
```sh
gate config init --venue fitness --nowhere x
gate lane status --config gate.toml      # --nothing
```
"""
    guide = Guide(tmp_path / "x.md", text)
    assert list(guide.links()) == ["nowhere.md", "there.md#three"]
    assert list(guide.paths()) == ["gate/nowhere.py", "gate/core/{reason,nowhere}.py"]
    assert list(guide.modules()) == ["gate.core.nowhere", "gate.core.reason.Nowhere"]
    assert list(guide.classes()) == ["Nowhere", "Lane.nowhere"]
    assert len(list(guide.commands())) == 3
    assert wrong("gate list status --config F") == ""


# The driver that drivers/README.md builds, and the board that it builds it against.


def blocks(guide: Guide, language: str) -> Iterator[str]:
    return (found[3] for found in FENCE.finditer(guide.text) if found[2] == language)


@pytest.fixture
def built(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """The driver's module, and an open board."""
    guide = next(guide for guide in GUIDES if guide.path == ROOT / "drivers" / "README.md")
    driver, board = (block for block in blocks(guide, "python") if "\nclass " in f"\n{block}")
    path = tmp_path / "rly02.py"
    path.write_text(driver)
    spec = importlib.util.spec_from_file_location("rly02", path)
    assert spec
    assert spec.loader
    module = sys.modules["rly02"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = dict(vars(serial_boards))
    exec(board, names)  # noqa: S102 - the guide's own code
    made = names["Rly02Board"](tmp_path)
    yield module, made
    made.close()
    del sys.modules["rly02"]


@pytest.mark.anyio
async def test_the_driver_of_the_guide_releases_once_and_locks(built: tuple[Any, Any]) -> None:
    module, board = built
    config = module.DRIVER.config.model_validate({"driver": "rly02", "port": str(board.port), "pulse": "50ms"})
    async with module.DRIVER.open(config) as barrier:
        assert board.locked()
        await barrier.release(Direction.ENTRY)
        await until(board.locked)
        assert board.openings == 1
